"""A row of the ledger in a line for a person."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from b4tui.ledger.types import Entry
from b4tui.ledger.witness import ROWS

_FIRST = ("state", "kind", "verdict", "risk", "outcome", "sentence", "title", "tool", "model", "host", "how", "where")
"""The facts to begin with, where a row has them."""
_LAST = ("reason", "note", "failure")
_IN_COLUMNS = frozenset({"agent"})
_UNTOLD = frozenset({ROWS})  # digests tell a person nothing
_SHORT_HASH = 12


def facts_in_words(entry: Entry, *, but: Collection[str] = _IN_COLUMNS) -> str:
    """The row's facts as `name value`, the telling ones first, reasons last, hashes cut short, without `but`."""
    ranks = {name: rank for rank, name in enumerate(_FIRST)} | {name: 1_000 + at for at, name in enumerate(_LAST)}
    told = {name for name, value in entry.facts.items() if value not in ("", [], {}, None)} - _UNTOLD
    names = sorted(told - set(but), key=lambda name: (ranks.get(name, 500), name))
    return ", ".join(f"{name.replace('_', ' ')} {_value(name, entry.facts[name])}" for name in names)


def _value(name: str, value: Any) -> str:
    match value:
        case str() if name in ("sha256", "digest", "rules_sha256"):
            return value[:_SHORT_HASH]
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.4g}"
        case list():
            return " ".join(_value("", item) for item in value)
        case dict():
            return " ".join(f"{inner.replace('_', ' ')} {_value(inner, item)}" for inner, item in value.items())
        case _:
            return str(value)
