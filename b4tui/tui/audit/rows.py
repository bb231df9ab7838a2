"""A row of the record as a line: when, who, what, about which bead; payload, destination, bytes, time to decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo

from b4tui.ledger.types import Entry
from b4tui.ledger.words import facts_in_words
from b4tui.tui import words
from b4tui.tui.paint import Ink, Line, Span, plain, width_of

WIDE = 140
"""Cells from which every column has its place."""
MIDDLE = 110
"""Cells from which the figures have theirs."""
NARROW = 90
"""Cells from which the digest has its place; below it what happened wants the room more."""
_DIGEST = 8
_SHOWN = frozenset({"agent", "approval", "bytes_out", "change", "host", "sha256", "size", "state", "waited_s"})
"""Facts that have a column, or are in the title."""
_REASONS = ("reason", "failure", "sentence", "title", "note")
_LOOKS: Mapping[str, tuple[str, Ink]] = {
    "approval_asked": ("●", Ink.ATTENTION),
    "approved": ("✓", Ink.GOOD),
    "denied": ("✗", Ink.SOFT),
    "expired": ("◌", Ink.SOFT),
    "cancelled": ("–", Ink.SOFT),
    "payload_sent": ("↗", Ink.ATTENTION),
    "escalation_answered": ("↙", Ink.INK),
    "escalation_refused": ("–", Ink.SOFT),
    "egress_refused": ("▲", Ink.BAD),
    "grant_changed": ("◆", Ink.ATTENTION),
    "warned": ("▲", Ink.ATTENTION),
}
_PLAIN = (" ", Ink.INK)


@dataclass(frozen=True, slots=True)
class Columns:
    """Widths in cells; 0 leaves a column out. What is left goes to what happened."""

    when: int
    who: int
    bead: int
    digest: int
    place: int
    size: int
    waited: int


_ALL = Columns(when=21, who=13, bead=12, digest=9, place=22, size=9, waited=8)
_MORE = Columns(when=21, who=13, bead=12, digest=9, place=0, size=9, waited=8)
_FEW = Columns(when=13, who=11, bead=9, digest=9, place=0, size=0, waited=0)

_LEAST = Columns(when=13, who=11, bead=9, digest=0, place=0, size=0, waited=0)


def columns_for(width: int) -> Columns:
    """The columns that fit."""
    fitting = ((WIDE, _ALL), (MIDDLE, _MORE), (NARROW, _FEW))
    return next((columns for least, columns in fitting if width >= least), _LEAST)


def head_line(width: int) -> Line:
    """The names of the columns."""
    columns = columns_for(width)
    names = ("digest", "destination", "bytes", "decided")
    left = f"{'time':<{columns.when}}{'actor':<{columns.who}}  what"
    return Line((Span(left, Ink.FAINT),), _right(columns, "bead", names, Ink.FAINT))


def entry_line(entry: Entry, today: datetime, width: int) -> Line:
    """The row. `today` is the operator's own time."""
    columns = columns_for(width)
    glyph, ink = _look(entry)
    room = width - columns.when - columns.who - 2 - sum(_widths(columns)) - 2
    left = (
        Span(_moment(entry.at.astimezone(today.tzinfo), today, columns.when), Ink.SOFT),
        Span(_cell(entry.actor or "–", columns.who), Ink.INK),
        Span(f"{glyph} ", ink),
        *_what(entry, max(8, room), ink, today.tzinfo),
    )
    return Line(left, _right(columns, entry.bead or "–", _figures(entry), Ink.SOFT))


def waiting_line(key: str) -> Line:
    """A row that is not read yet."""
    return Line((Span(f"row {key} …", Ink.FAINT),))


def title_of(entry: Entry) -> str:
    """What happened, in two or three words."""
    facts = entry.facts
    match entry.kind:
        case "approval_changed":
            change = str(facts.get("change") or facts.get("state") or "changed")
            state = str(facts.get("state") or "")
            return f"approval {state}" if change in ("approve", "deny", "expire", "cancel") else f"approval: {change}"
        case "grant_changed":
            return "grant revoked" if facts.get("revoked") else "grant made"
        case "payload_sent" if facts.get("simulated"):
            return "payload sent (SIMULATED)"
        case _:
            return entry.kind.replace("_", " ")


def _look(entry: Entry) -> tuple[str, Ink]:
    state = entry.facts.get("state") if entry.kind == "approval_changed" else entry.kind
    return _LOOKS.get(str(state), _PLAIN)


def _what(entry: Entry, room: int, ink: Ink, zone: tzinfo | None) -> tuple[Span, ...]:
    """Its title, and as much of its facts as there is room for."""
    title = plain(title_of(entry), room)
    left = room - width_of((Span(title),)) - 2
    if left < 12:
        return (Span(title, ink),)
    return Span(title, ink), Span(f"  {_clip(_telling(entry, zone), left)}", Ink.FAINT)


def _telling(entry: Entry, zone: tzinfo | None) -> str:
    """What is not in a column of its own, reasons first."""
    facts = entry.facts
    told = [str(facts[name]) for name in _REASONS if facts.get(name)]
    return plain(". ".join(told) if told else facts_in_words(entry, but=_SHOWN, zone=zone), 400)


def _figures(entry: Entry) -> tuple[str, str, str, str]:
    facts = entry.facts
    size = facts.get("bytes_out", facts.get("size"))
    waited = facts.get("waited_s")
    return (
        str(facts.get("sha256") or "")[:_DIGEST],
        str(facts.get("host") or facts.get("where") or ""),
        f"{size:,}" if isinstance(size, int) else "",
        words.span(waited) if isinstance(waited, int | float) else "",
    )


def _right(columns: Columns, bead: str, figures: tuple[str, str, str, str], ink: Ink) -> tuple[Span, ...]:
    cells = [_cell(bead, columns.bead)]
    if columns.digest:
        cells.append(_cell(figures[0], columns.digest))
    if columns.place:
        cells.append(_cell(figures[1], columns.place))
    if columns.size:
        cells += [f"{figures[2]:>{columns.size}}", f"{figures[3]:>{columns.waited}}"]
    return (Span("".join(cells), ink),)


def _widths(columns: Columns) -> tuple[int, ...]:
    return (columns.bead, columns.digest, columns.place, columns.size, columns.waited)


def _moment(at: datetime, today: datetime, width: int) -> str:
    """Date and time; where there is no room for both in full, today's rows go without the date."""
    told = f"{at:%Y-%m-%d %H:%M:%S}"
    if width <= _FEW.when:
        told = f"{at:%H:%M:%S}" if at.date() == today.date() else f"{at:%m-%d %H:%M}"
    return f"{told:<{width}}"


def _cell(text: str, width: int) -> str:
    """Foreign text in exactly `width` cells, the last of them free."""
    shown = _clip(plain(text, 4 * width + 16), width - 1)
    return shown + " " * (width - width_of((Span(shown),)))


def _clip(text: str, width: int) -> str:
    """The beginning of a safe text that fits, with an ellipsis where it was cut."""
    if width_of((Span(text),)) <= width:
        return text
    kept = ""
    for character in text:
        if width_of((Span(kept + character),)) > width - 1:
            break
        kept += character
    return f"{kept}…"
