"""Questions for pages of rows, as SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from b4tui.ledger.writing import COLUMNS

WORDS = "seq, kind, actor, bead, run, facts"
"""The columns a search looks at, in the order of `search.Row`."""
LAST = 2**63 - 1
"""The largest number that SQLite takes; no row has it."""


@dataclass(frozen=True, slots=True)
class Question:
    """A statement, its arguments, and whether its answer comes newest first and is to be turned round."""

    sql: str
    arguments: tuple[Any, ...]
    newest_first: bool


def page(
    *,
    before: int | None,
    after: int | None,
    limit: int,
    kind: str | None,
    bead: str | None,
    columns: str = COLUMNS,
    among: tuple[int, ...] | None = None,
) -> Question:
    """The newest rows below `before`; with `after` alone the oldest above it. `among` are the only numbers wanted."""
    wanted: list[tuple[str, Any]] = [
        ("seq < ?", before),
        ("seq > ?", after),
        ("kind = ?", kind),
        ("bead = ? AND bead <> ''", bead),
    ]
    tests = [(test, _bounded(value)) for test, value in wanted if value is not None]
    words = [test for test, _ in tests]
    if among is not None:
        words.append(f"seq IN ({','.join(str(int(seq)) for seq in among)})")
    where = f"WHERE {' AND '.join(words)} " if words else ""
    newest_first = after is None or before is not None
    order = "DESC" if newest_first else "ASC"
    return Question(
        f"SELECT {columns} FROM entries {where}ORDER BY seq {order} LIMIT ?",
        (*(value for _, value in tests), _bounded(limit)),
        newest_first,
    )


def _bounded(value: Any) -> Any:
    return min(value, LAST) if isinstance(value, int) else value
