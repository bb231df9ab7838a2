"""How long a run may take: its own time, not the time in which others had their turn at the engine."""

from __future__ import annotations

import asyncio


class WallClock:
    """The wall clock of one run. It stands still while the run stands in line for an engine.

    `waited` are the seconds for which it stood still.
    """

    def __init__(self) -> None:
        self._scope: asyncio.Timeout | None = None
        self._stopped_at: float | None = None
        self._end = 0.0
        self.waited = 0.0

    def limit(self, seconds: float) -> asyncio.Timeout:
        """A scope that raises TimeoutError when the run took longer."""
        self._scope = asyncio.timeout(seconds)
        return self._scope

    def in_line(self, waiting: bool) -> None:
        """The run begins to wait for its turn, or has it. For its own task, within the scope."""
        now = asyncio.get_running_loop().time()
        if waiting and self._scope is not None and (end := self._scope.when()) is not None:
            self._stopped_at, self._end = now, end
            self._scope.reschedule(None)
        elif not waiting and self._scope is not None and self._stopped_at is not None:
            stood = now - self._stopped_at
            self._stopped_at = None
            self.waited += stood
            self._scope.reschedule(self._end + stood)
