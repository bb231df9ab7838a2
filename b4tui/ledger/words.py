"""A row of the ledger in a line for a person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import tzinfo

from b4tui.ledger.fact_words import told, untold
from b4tui.ledger.spoken import spoken
from b4tui.ledger.types import Entry

_FIRST = ("state", "kind", "verdict", "risk", "outcome", "sentence", "title", "tool", "model", "host", "how", "where")
"""The facts to begin with, where a row has them."""
_LAST = ("reason", "note", "failure")
_IN_COLUMNS = frozenset({"agent"})


def facts_in_words(entry: Entry, *, but: Collection[str] = _IN_COLUMNS, zone: tzinfo | None = None) -> str:
    """The row in a line: its own sentence where its kind has one, then facts, the telling ones first, reasons last.

    Without `but`; times in `zone` (None: the system's).
    """
    ranks = {name: rank for rank, name in enumerate(_FIRST)} | {name: 1_000 + at for at, name in enumerate(_LAST)}
    sentence, said = spoken(entry.kind, entry.facts)
    left_out = {*but, *said}
    names = [name for name, value in entry.facts.items() if not untold(name, value) and name not in left_out]
    names.sort(key=lambda name: (ranks.get(name, 500), name))
    rest = [told(name, entry.facts[name], zone).line for name in names]
    return ", ".join([sentence, *rest] if sentence else rest)
