"""Which of the runtime's events are recorded, and what of them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from b4tui.events import AgentChanged, AgentState, Event, TextStreamed, as_json, event_name
from b4tui.ledger.types import NewEntry

LONGEST_TEXT = 300
"""Characters of one text in a row; what is longer is in the run's journal."""

_IN_COLUMNS = frozenset({"event", "at", "bead", "run", "actor"})
_NEVER = frozenset({"output"})
"""What a tool gave back: it may be a whole file."""
_SPOKEN = frozenset({"text", "summary"})
"""Texts by models and lines of commands they wrote: recorded only when somebody looked through them for values."""
_SPOKEN_OF: Mapping[str, frozenset[str]] = {
    "bead_closed": frozenset({"reason"}),
    "bead_reopened": frozenset({"reason"}),
    "run_finished": frozenset({"reason"}),
    "bead_created": frozenset({"title"}),
    "file_changed": frozenset({"path"}),
    "private_read": frozenset({"source"}),
}
"""The same for events whose other texts of that name are the house's own."""
_HASHES = frozenset({"sha256", "digest"})
_HASH = re.compile(r"[0-9a-f]{64}")
_PASSING = frozenset({AgentState.IDLE, AgentState.WORKING, AgentState.WAITING})
"""States that agents go through many times an hour; what they did meanwhile is recorded by other events."""


def entry_of(event: Event, *, masked: Callable[[str], str] | None = None) -> NewEntry | None:
    """The row for an event; None for streamed text and for states that agents only pass through.

    `masked` hides in a text what the gate finds there. Texts go through it whole, before they are cut. Without it the
    texts that models wrote are left out, and of a tool's output only its length is ever recorded.
    """
    if isinstance(event, TextStreamed) or (isinstance(event, AgentChanged) and event.state in _PASSING):
        return None
    clean = masked or _as_it_is
    row = as_json(event)
    left_out = _IN_COLUMNS | _NEVER
    if masked is None:
        left_out |= _SPOKEN | _SPOKEN_OF.get(event_name(event), frozenset())
    facts = {
        name: value if _is_hash(name, value) else _fact(value, clean)
        for name, value in row.items()
        if name not in left_out
    }
    if isinstance(output := row.get("output"), str):
        facts["output_characters"] = len(output)
    return NewEntry(
        kind=event_name(event),
        at=event.at,
        actor=_name(row.get("actor") or row.get("agent"), clean),
        bead=_name(row.get("bead"), clean),
        run=_name(row.get("run"), clean),
        facts=facts,
    )


def _is_hash(name: str, value: object) -> bool:
    """Our own hash of something: it looks as random as a key does, and gives nothing away."""
    return name in _HASHES and isinstance(value, str) and _HASH.fullmatch(value) is not None


def _as_it_is(text: str) -> str:
    return text


def _name(value: object, clean: Callable[[str], str]) -> str:
    return _short(clean(value)) if isinstance(value, str) else ""


def _fact(value: Any, clean: Callable[[str], str]) -> Any:
    """A value as plain JSON. What is none is named by its type: its own words might hold anything."""
    match value:
        case str():
            return _short(clean(str(value)))
        case bool() | int() | None:
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {_short(clean(str(key))): _fact(item, clean) for key, item in value.items()}
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            return [_fact(item, clean) for item in value]
        case _:
            return f"({type(value).__name__})"


def _short(text: str) -> str:
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}… ({len(text):,} characters)"
