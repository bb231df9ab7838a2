"""How a line of the console is described, and the one way from there to the terminal.

Pure view models speak in `Span`s and `Ink`s; `strip` turns a line into exactly `width` cells. Every span passes
through `visible` here, so no widget that draws by line can show foreign text unsanitised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip

from b4tui.safe_text import visible

GAP = 2
"""Cells kept free between the left and the right part of a line."""

_BLANKS = str.maketrans({"\n": " ", "\t": " "})
# Terminals disagree about the width of a character with a variation selector; without one they agree.
_SELECTORS = dict.fromkeys((*range(65024, 65040), *range(917760, 918000)))


class Ink(StrEnum):
    """What a piece of text is, for the eye. Each has a component class `ink--NAME` in `styles/tokens.tcss`."""

    INK = "ink"
    STRONG = "strong"
    SOFT = "soft"
    FAINT = "faint"
    ACCENT = "accent"
    INFO = "info"
    GOOD = "good"  # something just closed
    ATTENTION = "attention"  # the operator is wanted
    BAD = "bad"  # broken
    INVERSE = "inverse"  # simulated
    ADDED = "added"
    REMOVED = "removed"
    MARK = "mark"  # the gate found this
    FOUND = "found"  # the operator looked for this

    @property
    def component(self) -> str:
        """Its component class."""
        return f"ink--{self}"


CURSOR_CLASS = "ink--cursor"
"""The component class of the line under the cursor: a ground, no ink."""


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text in one ink. The text may be foreign and of any length."""

    text: str
    ink: Ink = Ink.INK


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `left` gives way to `right` where both do not fit."""

    left: tuple[Span, ...] = ()
    right: tuple[Span, ...] = ()


def line(*left: Span, right: Iterable[Span] = ()) -> Line:
    """A line of spans."""
    return Line(left, tuple(right))


def plain(text: str, limit: int = 2000) -> str:
    """Foreign text as one line that is safe to show, of at most `limit` characters of the original."""
    return visible(text[:limit].translate(_SELECTORS)).translate(_BLANKS)


def width_of(spans: Iterable[Span]) -> int:
    """How many cells the spans take."""
    return sum(cell_len(plain(span.text)) for span in spans)


def strip(content: Line, width: int, style_of: Callable[[Ink], Style], fill: Style) -> Strip:
    """The line as exactly `width` cells: the left part cut with an ellipsis, the right part against the edge."""
    right = _part(content.right, width, style_of)
    room = width - right.cell_length - (GAP if right.cell_length and content.left else 0)
    if room < width // 3 and content.left:
        right = _cut(right, width - width // 3 - GAP, fill)
        room = width - right.cell_length - GAP
    left = _cut(_part(content.left, room, style_of), room, fill)
    between = max(0, width - left.cell_length - right.cell_length)
    return Strip([*left, Segment(" " * between, fill), *right], width).adjust_cell_length(width, fill).simplify()


def blank(width: int, style: Style) -> Segment:
    """So many empty cells."""
    return Segment(" " * width, style)


def _part(spans: tuple[Span, ...], width: int, style_of: Callable[[Ink], Style]) -> Strip:
    # A character takes at most two cells and as little as none, so a few times the width is enough to see the cut.
    limit = max(0, width) * 4 + 16
    return Strip([Segment(plain(span.text, limit), style_of(span.ink)) for span in spans if span.text])


def _cut(part: Strip, width: int, fill: Style) -> Strip:
    if part.cell_length <= width:
        return part
    if width < 1:
        return Strip([])
    kept = part.crop(0, width - 1)
    style = next((segment.style for segment in reversed(list(kept)) if segment.style), fill)
    return Strip([*kept, Segment("…", style)])


def wrapped(text: str, width: int, ink: Ink = Ink.INK, limit: int = 200_000) -> Iterator[Line]:
    """Foreign text of several lines, wrapped between words to `width` cells; cut at `limit` characters, and says so."""
    for paragraph in legible(text[:limit]).split("\n"):
        for piece in fold(paragraph, max(1, width)):
            yield Line((Span(piece, ink),))
    if len(text) > limit:
        yield Line((Span(f"… {len(text) - limit:,} more characters are not shown", Ink.FAINT),))


def flowing(
    pieces: Iterable[tuple[Span, ...]], width: int, indent: tuple[Span, ...] = (), gap: int = 2
) -> Iterator[Line]:
    """Short pieces one after the other, `gap` cells apart, on as many lines of `width` cells as they need.

    The first line begins with `indent`, the others with as many blanks; a piece is never broken.
    """
    margin = width_of(indent)
    row: list[Span] = []
    taken = margin
    for piece in pieces:
        size = width_of(piece)
        if row and taken + gap + size > width:
            yield Line((*indent, *row))
            indent, row, taken = (Span(" " * margin),), [], margin
        if row:
            row.append(Span(" " * gap))
            taken += gap
        row += piece
        taken += size
    if row:
        yield Line((*indent, *row))


def legible(text: str) -> str:
    """Foreign text of several lines as characters that may be shown, tabs as blanks."""
    return visible(text.translate(_SELECTORS)).expandtabs(4)


def chopped(text: str, width: int) -> list[str]:
    """Safe text in pieces of at most `width` cells, broken anywhere; one empty piece for an empty text."""
    return (chop_cells(text, width) if cell_len(text) > width else [text]) or [""]


def fold(paragraph: str, width: int) -> list[str]:
    """One safe line as pieces of at most `width` cells, broken between words where that is possible."""
    if cell_len(paragraph) <= width:
        return [paragraph]
    pieces: list[str] = []
    current, room = "", width
    for word in re.findall(r"\s+|\S+", paragraph):
        size = cell_len(word)
        if size <= room:
            current, room = current + word, room - size
            continue
        if current.strip():
            pieces.append(current.rstrip())
        current, room = "", width
        if word.isspace():
            continue
        *full, word = chop_cells(word, width) if size > width else [word]
        pieces.extend(full)
        current, room = word, width - cell_len(word)
    if current.strip() or not pieces:
        pieces.append(current.rstrip())
    return pieces


def bar(share: float, width: int) -> tuple[str, str]:
    """A gauge of `width` cells for a share of 0 to 1: the filled part in eighths, and the rest."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, part = divmod(eighths, 8)
    filled = "█" * full + (" ▏▎▍▌▋▊▉"[part] if part else "")
    return filled, "░" * (width - len(filled))


def sparkline(values: Iterable[float], width: int) -> str:
    """The last `width` values as a row of bars, the largest as a full one; spaces on the left where there are fewer."""
    shown = list(values)[-width:] if width > 0 else []
    top = max(shown, default=0.0)
    bars = "".join("▁▂▃▄▅▆▇█"[min(7, int(value / top * 7.999))] if top > 0 else "▁" for value in shown)
    return bars.rjust(max(0, width))


def title(text: str) -> Content:
    """Foreign text as a border's title: no markup in it, nothing a terminal acts on."""
    return Content(plain(text, 200))
