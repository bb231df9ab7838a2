"""A board file as a list of lines that rows are put in, added to and dropped from; the rest stays as it is."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from b4tui.board.reader import parse_lines


class Lines:
    """Many changes to one file, made in memory. Line numbers count from 0 and stay valid until `to_bytes`."""

    def __init__(self, data: bytes) -> None:
        self._lines: list[bytes | None] = list(data.split(b"\n"))
        self._ended = data.endswith(b"\n") or not data
        self._carriage = b"\r" if self._lines[0] and self._lines[0].endswith(b"\r") else b""
        self._mark = data[:3] if data.startswith(b"\xef\xbb\xbf") else b""
        rows = [(str(row["id"]), line - 1) for line, row in parse_lines(data).rows]
        self._ids = [key for key, _ in rows]
        self._starts = [line for _, line in rows]
        self._sorted = self._ids == sorted(self._ids)
        self.added: dict[str, bytes] = {}
        self._after: list[bytes] = []

    def put(self, at: int, line: bytes) -> None:
        """Another row on this line; its line end and the file's byte order mark stay."""
        old = self._lines[at] or b""
        mark = self._mark if at == 0 and not line.startswith(b"\xef\xbb\xbf") else b""
        self._lines[at] = mark + line.rstrip(b"\r") + (b"\r" if old.endswith(b"\r") else b"")

    def add(self, key: str, line: bytes) -> None:
        """A new row: at its place where the file is sorted by id, else at the end."""
        self.added[key] = line

    def drop(self, at: int) -> None:
        """Take this line out."""
        self._lines[at] = None

    def append(self, lines: Iterable[bytes]) -> None:
        """Lines that hold no row, at the end of the file."""
        self._after.extend(lines)

    def to_bytes(self) -> bytes:
        """The file with everything in its place."""
        before: dict[int, list[bytes]] = {}
        rest: list[bytes] = []
        for key, line in sorted(self.added.items()):
            place = bisect_left(self._ids, key) if self._sorted else len(self._ids)
            if place < len(self._ids):
                before.setdefault(self._starts[place], []).append(line + self._carriage)
            else:
                rest.append(line + self._carriage)
        result: list[bytes] = []
        for at, old in enumerate(self._lines):
            new = before.get(at, [])
            if at == 0 and self._mark and new:
                new, old = [self._mark + new[0], *new[1:]], (old or b"").removeprefix(self._mark) or None
            result.extend(new)
            if old is not None:
                result.append(old)
        more = rest + self._after
        if more:
            if result and result[-1] == b"":
                result.pop()
            result += [*more, b""]
        elif self._ended and result and result[-1] != b"":
            result.append(b"")
        return b"\n".join(result)
