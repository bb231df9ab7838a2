"""A board file as bytes: find one row, change it or put a new one in, and leave every other line as it is.

Nothing is split or parsed beyond the lines that can matter, so one change on a board of 100,000 rows costs a search
and a copy. Lines that are no JSON, CR LF, a byte order mark and a missing last newline all stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from b4tui.board.model import Bead
from b4tui.board.reader import parse_lines
from b4tui.board.rowtext import NotARow, RowText, Style, new_row_text
from b4tui.board.store import NoSuchBead, Refused
from b4tui.board.times import instant

_FOREIGN_ESCAPE = re.compile(rb"\\u(?!2028|2029)(?:00[89a-f]|0[1-9a-f]|[1-9a-f])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Located:
    """A row and the bytes it takes, its line end not included. `row` must not be changed: copy it."""

    start: int
    end: int
    line: int
    text: RowText
    row: Mapping[str, Any]


class Document:
    """One board file's bytes. A change makes a new document."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def find(self, bead_id: str) -> Located:
        """The row that counts for this id: of duplicates the one updated last, then the later line.

        Raises NoSuchBead, or Refused where the row can be read but is no plain JSON.
        """
        found, doubtful = self._search(bead_id)
        if doubtful or found is None:
            return self._look_closely(bead_id)
        return found

    def lines_with(self, bead_id: str) -> Iterator[bytes]:
        """Every line that has this id as a whole string anywhere: the bead itself and those that point to it."""
        for start, end in self._lines_with(bead_id):
            yield self.data[start:end]

    def replaced(self, located: Located, row: Mapping[str, Any]) -> Document:
        """The document with this row in the place of the one located."""
        old = self.data[located.start : located.end]
        text = located.text.with_row(row, self._style(old))
        new = text.encode("utf-8", "surrogateescape")
        return Document(b"".join((self.data[: located.start], new, self.data[located.end :])))

    def inserted(self, row: Mapping[str, Any]) -> Document:
        """The document with a new row: at its place where the file is sorted by id, else as the last line."""
        new = new_row_text(row, self._style(b"")).encode("utf-8", "surrogateescape")
        if not self.data.strip():
            return Document(self.data + new + b"\n")
        line_end = b"\r\n" if self.data[: self.data.find(b"\n") + 1].endswith(b"\r\n") else b"\n"
        at = self._place(str(row["id"]))
        if at == len(self.data):
            joint = b"" if self.data.endswith(b"\n") else line_end
            return Document(self.data + joint + new + line_end)
        return Document(b"".join((self.data[:at], new, line_end, self.data[at:])))

    def _place(self, bead_id: str) -> int:
        """Where a row of this id begins; the end of the file where its rows are not sorted by id."""
        ids = [(str(row["id"]), line) for line, row in parse_lines(self.data).rows]
        keys = [key for key, _ in ids]
        if keys != sorted(keys):
            return len(self.data)
        after = next((line for key, line in ids if key > bead_id), 0)
        if after == 0:
            return len(self.data)
        start = self._start_of(after)
        return start + 3 if start == 0 and self.data.startswith(b"\xef\xbb\xbf") else start

    def _lines_with(self, bead_id: str) -> Iterator[tuple[int, int]]:
        """The spans of the lines that hold the id in quotes, without their newline."""
        needle = f'"{bead_id}"'.encode("utf-8", "surrogatepass")
        at = self.data.find(needle)
        while at >= 0:
            start = self.data.rfind(b"\n", 0, at) + 1
            end = self._end_of(start)
            yield start, end
            at = self.data.find(needle, end)

    def _search(self, bead_id: str) -> tuple[Located | None, bool]:
        """The row found by its bytes alone, and whether a line there could not be understood."""
        best: Located | None = None
        for start, end in self._lines_with(bead_id):
            try:
                located = self._at(start, end)
            except NotARow:
                return None, True
            if _is_bead(located.row, bead_id) and (best is None or not _newer(best.row, located.row)):
                best = located
        if best is not None:
            best = Located(best.start, best.end, self.data.count(b"\n", 0, best.start) + 1, best.text, best.row)
        return best, False

    def _look_closely(self, bead_id: str) -> Located:
        """The same with every line parsed as the reader does it: ids written with escapes, lines half broken."""
        best: tuple[int, Mapping[str, Any]] | None = None
        for line, row in parse_lines(self.data).rows:
            if str(row["id"]) == bead_id and (best is None or not _newer(best[1], row)):
                best = line, row
        if best is None:
            raise NoSuchBead(f"there is no bead {bead_id} on this board")
        start = self._start_of(best[0])
        try:
            located = self._at(start, self._end_of(start))
        except NotARow as error:
            raise Refused(
                f"line {best[0]}, which holds {bead_id}, is no plain JSON ({error}): mend it first"
            ) from error
        return Located(located.start, located.end, best[0], located.text, located.row)

    def _at(self, start: int, end: int) -> Located:
        if start == 0 and self.data.startswith(b"\xef\xbb\xbf"):
            start = 3
        text = RowText.parse(self.data[start:end].decode("utf-8", "surrogateescape"))
        return Located(start, end, 0, text, text.row)

    def _start_of(self, line: int) -> int:
        at = 0
        for _ in range(line - 1):
            at = self.data.index(b"\n", at) + 1
        return at

    def _end_of(self, start: int) -> int:
        end = self.data.find(b"\n", start)
        return len(self.data) if end < 0 else end

    def _style(self, row: bytes) -> Style:
        """How this row escapes; where it does not show, how the file does; where that does not show, as Go does."""
        html = next((shown for shown in map(_escapes_html, (row, self.data)) if shown is not None), True)
        sample = row if not row.isascii() or _FOREIGN_ESCAPE.search(row) else self.data
        return Style(html=html, ascii=sample.isascii() and _FOREIGN_ESCAPE.search(sample) is not None)


def _escapes_html(sample: bytes) -> bool | None:
    if b"\\u003" in sample or b"\\u0026" in sample:
        return True
    return False if b"<" in sample or b">" in sample or b"&" in sample else None


def _is_bead(row: Mapping[str, Any], bead_id: str) -> bool:
    return row.get("id") == bead_id and row.get("_type") != "memory" and "_schema" not in row


def _newer(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether the first of two rows with one id counts, as the reader decides it."""
    return (instant(Bead(first).updated_at) or 0.0) > (instant(Bead(second).updated_at) or 0.0)
