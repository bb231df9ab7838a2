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
