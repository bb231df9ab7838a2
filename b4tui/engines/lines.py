"""Bytes of a stream to lines, with a bound on what one line may hold in memory."""

from __future__ import annotations

LINE_LIMIT = 16 * 1024 * 1024


class LineTooLong(Exception):
    """A line passed the limit; nothing sensible can follow."""


class LineDecoder:
    """Cuts a stream of bytes at newlines.

    Blank lines are dropped: they carry nothing and prove nothing. `keep_blank` is for a protocol that needs them.
    """

    def __init__(self, limit: int = LINE_LIMIT, *, keep_blank: bool = False) -> None:
        self._limit = limit
        self._keep_blank = keep_blank
        self._parts: list[bytes] = []
        self._held = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes, without newlines. Raises LineTooLong."""
        *ends, rest = data.split(b"\n")
        lines: list[bytes] = []
        for end in ends:
            if self._parts or len(end) > self._limit:
                self._hold(end)
                end = b"".join(self._parts)
                self._drop()
            if (line := end.strip()) or self._keep_blank:
                lines.append(line)
        if rest:
            self._hold(rest)
        return lines

    def flush(self) -> list[bytes]:
        """What is held as one line: at the end of a stream, the last line that has no newline."""
        line = b"".join(self._parts).strip()
        self._drop()
        return [line] if line else []

    def _drop(self) -> None:
        self._parts.clear()
        self._held = 0

    def _hold(self, part: bytes) -> None:
        self._held += len(part)
        if self._held > self._limit:
            raise LineTooLong(f"a line of more than {self._limit} bytes")
        self._parts.append(part)
