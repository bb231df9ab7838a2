"""A row of the ledger in a line for a person."""

from __future__ import annotations

from collections.abc import Collection
from datetime import tzinfo

from b4tui.ledger.fact_words import told, untold
from b4tui.ledger.types import Entry

_FIRST = ("state", "kind", "verdict", "risk", "outcome", "sentence", "title", "tool", "model", "host", "how", "where")
"""The facts to begin with, where a row has them."""
_LAST = ("reason", "note", "failure")
_IN_COLUMNS = frozenset({"agent"})


def facts_in_words(entry: Entry, *, but: Collection[str] = _IN_COLUMNS, zone: tzinfo | None = None) -> str:
    """The row's facts, the telling ones first, reasons last, without `but`; times in `zone` (None: the system's)."""
    ranks = {name: rank for rank, name in enumerate(_FIRST)} | {name: 1_000 + at for at, name in enumerate(_LAST)}
    names = [name for name, value in entry.facts.items() if not untold(name, value) and name not in but]
    names.sort(key=lambda name: (ranks.get(name, 500), name))
    return ", ".join(told(name, entry.facts[name], zone).line for name in names)
