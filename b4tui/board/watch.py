"""Notice that somebody else changed the board: an editor, bd, `git pull`, another b4tui."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from b4tui.board.store import BoardStore

INTERVAL_S = 0.5  # a change is noticed within a second; one look costs a stat


class Watcher:
    """Tells when a store's board differs from when it was last looked at; reads no row to find out."""

    def __init__(self, store: BoardStore, *, interval_s: float = INTERVAL_S) -> None:
        self._store = store
        self._interval_s = interval_s
        self._seen = store.fingerprint()

    def changed(self) -> bool:
        """Whether the board changed since the last call, or since the watcher was made."""
        before, self._seen = self._seen, self._store.fingerprint()
        return before != self._seen

    async def changes(self) -> AsyncIterator[None]:
        """One item for each look that found a change, until cancelled. The event loop never waits for a disk."""
        while True:
            await asyncio.sleep(self._interval_s)
            if await asyncio.to_thread(self.changed):
                yield None
