"""One entry of the record in full: its columns, its facts, and the payload it speaks of, to the last character."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from b4tui.ledger.types import Entry
from b4tui.tui.audit.rows import title_of
from b4tui.tui.outward.payload_text import folded, pieces, shown
from b4tui.tui.paint import Ink, Line, Span, wrapped

_NAMES = 16
"""Cells for the names of facts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The payload of an entry: its bytes, or why they cannot be shown; neither while they are fetched."""

    body: bytes | None = None
    reason: str = ""


def entry_lines(entry: Entry, kept: Kept | None, today: datetime, width: int) -> Iterator[Line]:
    """The whole entry. `kept` is None for one that speaks of no payload; `today` is the operator's own time."""
    yield Line((Span(title_of(entry).upper(), Ink.STRONG),), (Span(f"row {entry.seq:,}", Ink.FAINT),))
    at = entry.at.astimezone(today.tzinfo)
    for name, text in (
        ("time", f"{at:%Y-%m-%d %H:%M:%S.%f %Z}".strip()),
        ("kind", entry.kind),
        ("actor", entry.actor),
        ("bead", entry.bead),
        ("run", entry.run),
    ):
        if text:
            yield from _fact(name, text, width)
    yield Line()
    for name, text in folded_open(entry.facts):
        yield from _fact(name, text, width)
    yield Line()
    yield from _fact("hash", entry.hash, width)
    yield from _fact("before it", entry.previous, width)
    if kept is not None:
        yield Line()
        yield from _payload(kept, width)


def _fact(name: str, text: str, width: int) -> Iterator[Line]:
    label = name.replace("_", " ")
    if len(label) >= _NAMES:
        yield Line((Span(label, Ink.FAINT),))
        label = ""
    for part in wrapped(text, width - _NAMES):
        yield Line((Span(f"{label:<{_NAMES}}", Ink.FAINT), *part.left))
        label = ""


def _payload(kept: Kept, width: int) -> Iterator[Line]:
    if kept.body is None:
        yield Line((Span("PAYLOAD", Ink.STRONG),))
        yield from wrapped(kept.reason or "It is being read.", width, Ink.SOFT)
        return
    yield Line((Span("PAYLOAD", Ink.STRONG), Span(f"  {len(kept.body):,} bytes, as they were kept", Ink.FAINT)))
    text = kept.body.decode("utf-8", "backslashreplace")
    for start, end in pieces(text):
        for first, last in folded(text, start, end, width):
            yield Line((Span(shown(text[first:last])),))


def folded_open(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The facts of an entry as names and texts, folded open one level."""
    told: list[tuple[str, str]] = []
    for name, value in facts.items():
        match value:
            case None | "" | [] | {}:
                continue
            case dict():
                told += [(f"{name}.{inner}", _text(item)) for inner, item in value.items()]
            case list():
                told += [(f"{name}.{place}", _text(item)) for place, item in enumerate(value, start=1)]
            case _:
                told.append((name, _text(value)))
    return told


def _text(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case dict():
            return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
        case list():
            return ", ".join(_text(item) for item in value)
        case None:
            return "n/a"
        case _:
            return str(value)
