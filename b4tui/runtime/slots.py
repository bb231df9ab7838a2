"""An engine answers so many at a time; the others wait in line, first come, first served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class EngineSlots:
    """The slots of one engine, shared by all agents that use it."""

    def __init__(self, count: int) -> None:
        self._free = asyncio.Semaphore(count)

    @asynccontextmanager
    async def slot(self, waiting: Callable[[bool], None]) -> AsyncIterator[None]:
        """Hold one slot. `waiting(True)` is called when it has to wait, `waiting(False)` when that ends well."""
        if self._free.locked():
            waiting(True)
            await self._free.acquire()
            waiting(False)
        else:
            await self._free.acquire()
        try:
            yield
        finally:
            self._free.release()
