"""Keeps a task alive: what crashes is reported in words and started again, later each time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from b4tui.events import Event, Warned, now
from b4tui.runtime.backoff import Backoff

RESTARTS = Backoff(first=0.5, most=60.0)


async def supervised(
    name: str,
    body: Callable[[], Awaitable[None]],
    publish: Callable[[Event], None],
    random: Random,
    backoff: Backoff = RESTARTS,
) -> None:
    """Run `body` until it returns; when it raises, publish why and run it again after a back-off."""
    failures = 0
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await body()
            return
        except Exception as error:  # a defect in one part must not end the others
            if asyncio.get_running_loop().time() - began > backoff.most:
                failures = 0
            failures += 1
            delay = backoff.delay(failures, random)
            said = f"{type(error).__name__}: {error}"
            publish(Warned(at=now(), reason=f"{name} broke down ({said}); it starts again in {delay:.0f} s"))
            await asyncio.sleep(delay)
