"""The three ways to look at a payload, as rows that are drawn when they come into view: text, bytes, what changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from b4tui.tui.outward.marking import Kind, Marks
from b4tui.tui.outward.payload_text import fit, folded, pieces
from b4tui.tui.paint import Ink, Line, Span, line

Chars = tuple[int, int]
NOTHING: Chars = (0, 0)


class Page(Protocol):
    """Rows for one width. `x` is how many columns are scrolled away on the left."""

    @property
    def count(self) -> int:
        """How many rows."""
        ...

    @property
    def columns(self) -> int:
        """Columns of the longest row; 0 where no row is wider than the page."""
        ...

    def line(self, row: int, x: int, width: int) -> Line:
        """One row."""
        ...

    def chars(self, row: int, x: int, width: int) -> Chars:
        """Which characters of the payload a row shows; nothing where it shows none."""
        ...

    def row_of(self, place: int) -> int:
        """The row that shows a character."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """A span of the text, or a note that belongs to none."""

    start: int
    end: int
    note: Line | None = None


@dataclass(frozen=True, slots=True)
class TextPage:
    """The payload's text; notes stand above it (headers, findings without a place) and under what they are about."""

    text: str = field(repr=False)
    marks: Marks
    rows: Sequence[Row] = field(repr=False)
    columns: int = 0

    @property
    def count(self) -> int:
        """How many rows."""
        return len(self.rows)

    def line(self, row: int, x: int, width: int) -> Line:
        """One row, with what is marked in it."""
        told = self.rows[row]
        if told.note is not None:
            return told.note
        return Line(self.marks.spans(self.text, *self.chars(row, x, width)))

    def chars(self, row: int, x: int, width: int) -> Chars:
        """The characters that the row shows."""
        told = self.rows[row]
        if told.note is not None:
            return NOTHING
        start = min(told.end, told.start + x)
        return start, fit(self.text, start, told.end, width) if start < told.end else start

    def row_of(self, place: int) -> int:
        """The row that shows a character."""
        row = max(0, bisect_right(self.rows, place, key=lambda one: one.start) - 1)
        while row > 0 and self.rows[row].note is not None:
            row -= 1
        return row


def text_page(
    text: str,
    marks: Marks,
    width: int,
    *,
    wrapped: bool = True,
    above: Sequence[Line] = (),
    notes: Mapping[int, Line] | None = None,
) -> TextPage:
    """The page for `width` cells; `notes` are the lines under findings, by number."""
    rows = [Row(0, 0, told) for told in above]
    longest = 0
    for start, end in pieces(text):
        spans = folded(text, start, end, width) if wrapped else ((start, end),)
        for span in spans:
            rows.append(Row(*span))
            longest = max(longest, span[1] - span[0])
            rows += _notes(marks, notes or {}, *span)
    return TextPage(text, marks, rows, 0 if wrapped else longest)


def _notes(marks: Marks, notes: Mapping[int, Line], start: int, end: int) -> list[Row]:
    """Notes of the findings that end in this row."""
    here = [mark for mark in marks.within(start, end) if mark.kind is Kind.FINDING and start < mark.end <= end]
    return [Row(end, end, notes[mark.finding]) for mark in here if mark.finding in notes]


@dataclass(frozen=True, slots=True)
class HexPage:
    """The bytes themselves, sixteen a row where there is room."""

    body: bytes = field(repr=False)
    width: int
    columns: int = 0

    @property
    def per_row(self) -> int:
        """Bytes of one row."""
        return 16 if self.width >= 76 else 8

    @property
    def count(self) -> int:
        """How many rows."""
        return max(1, -(-len(self.body) // self.per_row))

    def line(self, row: int, x: int, width: int) -> Line:
        """Offset, bytes, and the letters among them."""
        at = row * self.per_row
        part = self.body[at : at + self.per_row]
        letters = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
        digits = f"{part.hex(' '):<{self.per_row * 3}}"
        return line(Span(f"{at:08x}  ", Ink.FAINT), Span(digits), Span(f" {letters}", Ink.SOFT))

    def chars(self, row: int, x: int, width: int) -> Chars:
        """Bytes are no way of reading: nothing counts as seen."""
        return NOTHING

    def row_of(self, place: int) -> int:
        """Rows count bytes, marks characters: near enough to find one's way."""
        return min(self.count - 1, place // self.per_row)


@dataclass(frozen=True, slots=True)
class NotesPage:
    """Lines to read that are not the payload: what changed, or why there is nothing to show."""

    rows: Sequence[Line] = field(repr=False)
    columns: int = 0

    @property
    def count(self) -> int:
        """How many rows."""
        return len(self.rows)

    def line(self, row: int, x: int, width: int) -> Line:
        """One row."""
        return self.rows[row]

    def chars(self, row: int, x: int, width: int) -> Chars:
        """None of the payload."""
        return NOTHING

    def row_of(self, place: int) -> int:
        """The first."""
        return 0


PageMaker = Callable[[int], Page]
"""Makes the page for a width."""
