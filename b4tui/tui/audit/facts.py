"""One entry of the record in full: its columns, its facts, and the payload it speaks of, to the last character."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from b4tui.ledger.fact_words import told, untold
from b4tui.ledger.types import Entry
from b4tui.tui.audit.rows import title_of
from b4tui.tui.outward.payload_text import folded, pieces, shown
from b4tui.tui.paint import Ink, Line, Span, wrapped

_NAMES = 19
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
    for name, text in folded_open(entry.facts, today.tzinfo):
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


def folded_open(facts: Mapping[str, Any], zone: tzinfo | None = None) -> list[tuple[str, str]]:
    """The facts of an entry as names and texts: hashes whole, lists and what is not known folded open one level."""
    opened: list[tuple[str, str]] = []
    for name, value in facts.items():
        if untold(name, value):
            continue
        known = told(name, value, zone, whole=True)
        if isinstance(value, dict) and not known.known:
            inner = [told(str(inside), item, zone, whole=True) for inside, item in value.items()]
            opened += [(f"{known.name}.{one.name}", one.text) for one in inner]
        elif isinstance(value, list):
            places = ((place, told("", item, zone, whole=True)) for place, item in enumerate(value, 1))
            opened += [(f"{known.name}.{place}", one.text) for place, one in places]
        else:
            opened.append((known.name, known.text))
    return opened
