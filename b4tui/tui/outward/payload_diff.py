"""What changed against the payload that was approved last for the same run, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from b4tui.tui.outward.payload_text import folded, pieces, shown
from b4tui.tui.paint import Ink, Line, Span, line

CONTEXT = 2
MOST_PIECES = 6000
"""Pieces between the common beginning and end; beyond that comparing takes too long to be of use."""


def diff_lines(old: str, new: str, width: int) -> tuple[Line, ...]:
    """Lines of `width` cells with a sign each: `+` new in this payload, `−` no longer in it. For worker threads."""
    before, after = ([text[start:end] for start, end in pieces(text)] for text in (old, new))
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    was, is_ = before[head : len(before) - tail], after[head : len(after) - tail]
    if not was and not is_:
        return (line(Span("The same bytes as those that were approved last for this run.", Ink.SOFT)),)
    if len(was) + len(is_) > MOST_PIECES:
        told = f"Too much changed to compare: {len(was):,} pieces became {len(is_):,}. Read the payload itself."
        return (line(Span(told, Ink.SOFT)),)
    rows: list[Line] = [*_same(before[:head], width, first=True)]
    matcher = SequenceMatcher(None, was, is_, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            rows += _same(was[a:b], width)
            continue
        rows += (row for piece in was[a:b] for row in _piece("−", piece, width, Ink.REMOVED))
        rows += (row for piece in is_[c:d] for row in _piece("+", piece, width, Ink.ADDED))
    rows += _same(after[len(after) - tail :], width, last=True)
    return tuple(rows)


def _common(one: list[str], other: list[str]) -> int:
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))


def _same(kept: list[str], width: int, *, first: bool = False, last: bool = False) -> Iterator[Line]:
    """A few pieces around what changed, and how many there are between."""
    before = [] if first else kept[:CONTEXT]
    after = [] if last else kept[len(before) :][-CONTEXT:]
    hidden = len(kept) - len(before) - len(after)
    for piece in before:
        yield from _piece(" ", piece, width, Ink.SOFT)
    if hidden:
        yield line(Span(f"  … {hidden:,} as before", Ink.FAINT))
    for piece in after:
        yield from _piece(" ", piece, width, Ink.SOFT)


def _piece(sign: str, piece: str, width: int, ink: Ink) -> Iterator[Line]:
    for start, end in folded(piece, 0, len(piece), max(10, width - 2)):
        yield line(Span(f"{sign} ", ink), Span(shown(piece[start:end]), ink))
