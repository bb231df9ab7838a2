"""How much of a disk one command may use up: never more than half of what was free, and never the last gigabytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from pathlib import Path

RESERVE_BYTES = 2 << 30
RESERVE_FILES = 20_000
LOOK_EVERY_S = 0.25


class Room:
    """The room below some folders, and what must be left of it: board, journals and everybody else need some too."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._left = {folder: _half(_free(folder)) for folder in folders}

    def used_up(self) -> bool:
        """Whether less is free somewhere than must be left. Raises OSError."""
        return any(
            has < needs for folder, left in self._left.items() for has, needs in zip(_free(folder), left, strict=True)
        )

    async def until_used_up(self) -> None:
        """Return when it is. Looking costs microseconds."""
        while True:
            if self.used_up():
                return
            await asyncio.sleep(LOOK_EVERY_S)


def _free(folder: Path) -> tuple[int, int]:
    """Bytes and files; some file systems do not count files and say 0."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize, found.f_favail if found.f_files else RESERVE_FILES


def _half(free: tuple[int, int]) -> tuple[int, int]:
    return min(RESERVE_BYTES, free[0] // 2), min(RESERVE_FILES, free[1] // 2)
