"""Keys for tests of what a key does: into the application's queue, and on as soon as they were handled.

`pilot.press` waits until the process looks idle, 60 ms a key and more on a busy machine; here nothing is guessed.
"""

from __future__ import annotations

from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

HOPS = 3
"""Application to focused widget, from there to the screen, from there to a screen it opens."""


async def settle(pilot: Pilot[None], hops: int = HOPS) -> None:
    """Let every widget handle what is in its queue, and what that sends on."""
    for _ in range(hops):
        await pilot.pause(0)


async def strike(pilot: Pilot[None], *keys: str) -> None:
    """Strike these keys, each after the one before it was handled."""
    for key in keys:
        name, character = (_character_to_key(key), key) if len(key) == 1 else (key, None)
        pilot.app.post_message(events.Key(name, character))
        await settle(pilot)


def stale(key: str, seconds: float) -> events.Key:
    """A key that was struck so long ago and is only handled now: type-ahead."""
    event = events.Key(_character_to_key(key) if len(key) == 1 else key, key if len(key) == 1 else None)
    event.time -= seconds
    return event


async def click(pilot: Pilot[None], selector: str, *, until_up: str = "", age: float = 0.0) -> None:
    """Press the mouse on a widget and let go on it, or on another one; as the terminal would, through the application.

    `pilot.click` hands clicks to the screen, past what the application notes about them.
    """
    for kind, name in ((events.MouseDown, selector), (events.MouseUp, until_up or selector)):
        region = pilot.app.screen.query_one(name).region
        event = kind(None, region.x + 3, region.y, 0, 0, 1, False, False, False)
        event.time -= age
        pilot.app.post_message(event)
        await settle(pilot)
