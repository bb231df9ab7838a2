"""The operator's model file: looked at before anything is started on it."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path

from b4tui.engines.embedded.header import HEAD_BYTES, MAGIC, trained_context

SMALLEST = 24  # bytes: magic, version, two counts


class WeightsError(Exception):
    """The model file cannot be used; the message says why, without saying which setting named it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A model file in one of its states. Size in bytes, time in nanoseconds since 1970.

    `context` is the window its model was trained for, in tokens, 0 where it does not say.
    """

    path: Path
    size: int
    mtime_ns: int
    inode: int
    context: int = 0

    @property
    def stamp(self) -> str:
        """What differs when the file was replaced or written to."""
        return f"{self.size} {self.mtime_ns} {self.inode}"


def look(path: Path) -> Weights:
    """The file as it is now. Reads its beginning. Raises WeightsError for what cannot be a GGUF file."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise WeightsError(f"{path} is not a file")
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise WeightsError(f"{path} is not there") from error
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror})") from error
    if not found.st_size:
        raise WeightsError(f"{path} is empty")
    if not head.startswith(MAGIC) or found.st_size < SMALLEST:
        raise WeightsError(f"{path} is no GGUF file: it does not begin like one")
    return Weights(
        path=path,
        size=found.st_size,
        mtime_ns=found.st_mtime_ns,
        inode=found.st_ino,
        context=trained_context(head),
    )
