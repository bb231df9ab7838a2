"""The last lines of the child's log, and the reason in them."""

from __future__ import annotations

import asyncio
import re
from collections import deque

LINES = 40
LINE_BYTES = 2_000
_STAMP = re.compile(r"^[\d.]+\s+(?P<level>[A-Z])\s+")


class Tail:
    """What llama.cpp said last; everything older is dropped."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque(maxlen=LINES)
        self._rest = b""

    async def read(self, log: asyncio.StreamReader) -> None:
        """Take in the log until it ends, so that the child never waits for a reader."""
        while data := await log.read(65_536):
            self.add(data)
        if self._rest:
            self.add(b"\n")

    def add(self, data: bytes) -> None:
        """Take in some bytes of the log."""
        *whole, rest = (self._rest + data).split(b"\n")
        self._rest = rest[:LINE_BYTES]
        self._lines.extend(line[:LINE_BYTES].decode("utf-8", "replace") for line in whole if line.strip())

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that are kept, oldest first."""
        return tuple(self._lines)

    @property
    def reason(self) -> str:
        """The first two lines of the last errors; where no line says that it is one, the last two lines."""
        errors = [_STAMP.sub("", line) for line in self._lines if _is_error(line)]
        chosen = errors[:2] or [line for line in self._lines if not _STAMP.match(line)][-2:]
        return "; ".join(" ".join(line.split()) for line in chosen)


def _is_error(line: str) -> bool:
    stamp = _STAMP.match(line)
    return stamp["level"] == "E" if stamp else "GGML_ASSERT" in line or "terminate called" in line
