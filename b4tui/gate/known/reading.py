"""Read the operator's own files with bounds: regular files only, never a pipe, never a link out of a hub."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

MAX_BYTES = 1 << 19
"""More of one file is not read; real ones have some kilobytes."""
MAX_FILES = 64
"""More files of one folder are not looked at."""

Warn = Callable[[str], None]


class Reader:
    """Reads texts, and says in words what it could not read; a file that is not there is nothing to speak of.

    Files within `hub` come from a repository that others may write to: nothing there is followed through a link.
    """

    def __init__(self, hub: Path | None, warn: Warn) -> None:
        self._hub = hub.resolve() if hub else None
        self._given = hub or Path()
        self.warn = warn

    def text(self, path: Path) -> str:
        """The text of a file; empty where there is none, or none that may be read."""
        try:
            data = self._bytes(path)
        except (FileNotFoundError, NotADirectoryError):
            return ""
        except (OSError, ValueError) as error:
            self.warn(f"{path.name} was not read: {getattr(error, 'strerror', None) or error}")
            return ""
        return data.decode("utf-8", "replace")

    def files(self, folder: Path, pattern: str) -> Iterator[Path]:
        """Files of a folder, in the order of their names; links out of a hub are left out when they are read."""
        with suppress(OSError):
            yield from sorted(folder.glob(pattern))[:MAX_FILES]

    def _bytes(self, path: Path) -> bytes:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        if self._in_hub(path):
            flags |= os.O_NOFOLLOW
            if self._hub and not path.parent.resolve().is_relative_to(self._hub):
                raise ValueError("it is a link out of the hub")
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise ValueError("it is no regular file")
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            self.warn(f"{path.name} is larger than {MAX_BYTES >> 10} KiB: only its beginning was read")
        return data[:MAX_BYTES]

    def _in_hub(self, path: Path) -> bool:
        return self._hub is not None and (path.is_relative_to(self._given) or path.is_relative_to(self._hub))
