"""The machine itself, by psutil."""

from __future__ import annotations

import os

import psutil

from b4tui.telemetry.types import HostSample


class HostReader:
    """Reads CPU and memory. The first CPU figure needs two readings, so it is None once."""

    def __init__(self) -> None:
        self._primed = False

    def read(self) -> HostSample:
        """The host now; never waits."""
        cpu = psutil.cpu_percent(interval=None)
        primed, self._primed = self._primed, True
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        return HostSample(
            cpu=cpu if primed else None,
            memory_used=memory.total - memory.available,
            memory_total=memory.total,
            swap_used=swap.used,
            swap_total=swap.total,
            load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
            cores=psutil.cpu_count() or 1,
        )
