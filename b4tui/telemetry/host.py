"""The machine itself, by psutil."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from b4tui.telemetry.store import nearest
from b4tui.telemetry.types import DiskSample, HostSample

DISK_EVERY_S = 10.0


class HostReader:
    """Reads CPU, memory, and the disk that `store` lies on. `clock` is monotonic, in seconds.

    The first CPU figures need two readings, so they are absent once.
    """

    def __init__(self, store: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._primed = False
        self._disk: DiskSample | None = None
        self._disk_read_at: float | None = None

    def read(self) -> HostSample:
        """The host now; never waits for anything but the disk."""
        busy = psutil.cpu_percent(interval=None, percpu=True)
        primed, self._primed = self._primed, True
        memory, swap = psutil.virtual_memory(), psutil.swap_memory()
        return HostSample(
            cpu=round(sum(busy) / len(busy), 1) if primed and busy else None,
            memory_used=memory.total - memory.available,
            memory_total=memory.total,
            swap_used=swap.used,
            swap_total=swap.total,
            load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
            cores=len(busy) or 1,
            cores_busy=tuple(busy) if primed else (),
            disk=self._disk_now(),
        )

    def _disk_now(self) -> DiskSample | None:
        """The disk as it was at most DISK_EVERY_S ago: asking a network file system may take its time."""
        now = self._clock()
        if self._store is not None and (self._disk_read_at is None or now - self._disk_read_at >= DISK_EVERY_S):
            self._disk_read_at = now
            self._disk = _disk(self._store)
        return self._disk


def _disk(store: Path) -> DiskSample | None:
    try:
        usage = psutil.disk_usage(str(nearest(store)))
    except OSError:
        return None
    return DiskSample(path=str(store), used=usage.used, free=usage.free, total=usage.total)
