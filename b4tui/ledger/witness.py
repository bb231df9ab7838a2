"""What the chain says of the state rows beside it, so that whoever edits one past b4tui widens no right.

Approvals, grants and spent permits are rows that change, in tables that nothing chains. So each entry that a state row
changed with holds, among its facts, the digest of the row as it was left:

    "rows": {"grants": {"4f1c…": "SHA-256 of the row"}}

The last entry that speaks of a row has the word. A row that differs from it is in doubt, and so is one that no entry
speaks of. Entries of an older b4tui name a row and hold no digest: such a row is unproven. What is in doubt can be
ended, never used.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from b4tui.ledger.chain import row_hash
from b4tui.ledger.types import LedgerError

ROWS = "rows"
"""The fact that holds digests of state rows, by table and id."""

TABLES: Mapping[str, tuple[str, ...]] = {
    "approvals": (
        "id",
        "version",
        "state",
        "agent",
        "bead",
        "run",
        "sha256",
        "asked_at",
        "deadline",
        "sent_at",
        "document",
    ),
    "grants": ("id", "version", "state", "category", "until", "document"),
    "spent_permits": ("id", "approval", "at"),
}
"""The state tables with all their columns, the id first."""

USED = ("approvals", "grants")
"""Those by whose rows something may leave."""

KINDS = (
    "approval_asked",
    "approval_changed",
    "payload_sent",
    "escalation_answered",
    "grant_changed",
    "ledger_adopted",
)
"""The kinds of entries that state rows change with; the last forgets all of them."""

_FORGETS = "ledger_adopted"
_ONE = {"approvals": "approval", "grants": "grant", "spent_permits": "permit"}
"""What one row of a table is called: for a person, and in the facts of entries that name it."""
_STATE = b"b4tui ledger state 1\0"
_LOOKS = 5
"""How often a row and the chain are read until nobody wrote in between."""

UNPROVEN = "it is from before the record proved such rows: it can be ended, and is not used"

Query = Callable[..., list[tuple[Any, ...]]]
Key = tuple[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A state row that the chain does not bear out, and why; `unproven`: nothing is known against it."""

    table: str
    id: str
    why: str
    unproven: bool = False

    @property
    def name(self) -> str:
        """The row for a person: `grant 4f1c…`."""
        return f"{_ONE[self.table]} {self.id[:64]}"

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


def digest_of(table: str, values: Sequence[Any]) -> str:
    """The digest of a row: over its table and each value behind its kind and length, in the order of `TABLES`."""
    digest = hashlib.sha256(_STATE)
    for value in (table, *values):
        data = value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogateescape")
        digest.update(f"{type(value).__name__} {len(data)} ".encode())
        digest.update(data)
    return digest.hexdigest()


def told_of(query: Query, rows: Sequence[tuple[str, str]]) -> dict[str, dict[str, str]]:
    """The fact `rows` for these tables and ids, as the rows are now. Raises LedgerError for one that is not there."""
    told: dict[str, dict[str, str]] = {}
    for table, row_id in rows:
        found = query(f"SELECT {', '.join(TABLES[table])} FROM {table} WHERE id = ?", (row_id,))
        if not found:
            raise LedgerError(f"the {_ONE[table]} {row_id[:64]} went from the file while it was written: try again")
        told.setdefault(table, {})[row_id] = digest_of(table, found[0])
    return told


class Sayings:
    """What entries said of state rows so far. Feed it every entry of `KINDS`, oldest first."""

    def __init__(self) -> None:
        self._last: dict[Key, tuple[int, str]] = {}
        self._named: set[Key] = set()

    def take(self, seq: int, kind: str, facts: str, *, sound: bool = True) -> None:
        """One entry. What an entry that is not `sound` said holds for nothing, and what was said before it neither."""
        if kind == _FORGETS:
            self._last, self._named = {}, set()
        elif kind in KINDS:
            self._read(seq, _parsed(facts), sound)

    def _read(self, seq: int, facts: Mapping[str, Any], sound: bool) -> None:
        told = facts.get(ROWS)
        for table, rows in told.items() if isinstance(told, dict) else ():
            for row_id, digest in rows.items() if isinstance(rows, dict) else ():
                self._last[table, row_id] = (seq, digest if sound and isinstance(digest, str) else "")
        for table, name in _ONE.items():
            if isinstance(row_id := facts.get(name), str):
                self._named.add((table, row_id))

    def doubt(self, table: str, values: Sequence[Any]) -> Doubt | None:
        """Why a row, with its values as `TABLES` has them, is not borne out; None where it is."""
        key = (table, values[0])
        said = self._last.get(key)
        if said is None:
            if key in self._named:
                return Doubt(table, str(values[0]), UNPROVEN, unproven=True)
            return Doubt(table, str(values[0]), "the record knows nothing of it: it was put in past b4tui")
        seq, digest = said
        if digest_of(table, values) == digest:
            return None
        return Doubt(table, str(values[0]), f"it is not what entry {seq} says of it: it was changed past b4tui")

    def doubts(self, query: Query, tables: Sequence[str] = tuple(TABLES)) -> Iterator[Doubt]:
        """Every row that is in doubt, and every one that has to be there and is not."""
        for table in tables:
            missing = {row_id: seq for (of, row_id), (seq, _) in self._last.items() if of == table}
            for values in query(f"SELECT {', '.join(TABLES[table])} FROM {table} ORDER BY rowid"):
                missing.pop(values[0], None)
                if (doubt := self.doubt(table, values)) is not None:
                    yield doubt
            for row_id, seq in missing.items():
                yield Doubt(table, row_id, f"entry {seq} speaks of it, and it is gone: it was taken out past b4tui")


class Witness:
    """The chain of an open ledger, asked about its state rows. `query` reads what is committed.

    Entries are read once and kept in mind; each is taken only if its hash is right and its neighbours hold it. Safe to
    use from several threads. Raises LedgerError where the file cannot be read.
    """

    def __init__(self, query: Query) -> None:
        self._query = query
        self._sayings = Sayings()
        self._seq = 0
        self._lock = threading.Lock()

    def doubt(self, query: Query, table: str, row_id: str) -> str:
        """Why a row cannot be used, in words; "" where it can, or is not there. `query` reads the row.

        Inside a transaction ask before the row is changed: what is not committed bears nothing out.
        """
        sql = f"SELECT {', '.join(TABLES[table])} FROM {table} WHERE id = ?"

        def look() -> list[Doubt | None]:
            return [self._sayings.doubt(table, values) for values in query(sql, (row_id,))]

        found = self._steadily(look)
        return found[0].why if found and found[0] is not None else ""

    def doubts(self, tables: Sequence[str] = tuple(TABLES)) -> tuple[Doubt, ...]:
        """Every row of these tables that is in doubt, and every one that is gone."""
        return self._steadily(lambda: tuple(self._sayings.doubts(self._query, tables)))

    def _steadily(self, look: Callable[[], T]) -> T:
        """Look at rows and chain as they stood at one moment: rows change only together with a new entry."""
        with self._lock:
            for _ in range(_LOOKS):
                head = self._head()
                self._catch_up()
                found = look()
                if self._head() == head:
                    break
            return found

    def _head(self) -> Any:
        return self._query("SELECT max(seq) FROM entries")[0][0]

    def _catch_up(self) -> None:
        rows = self._query(
            "SELECT e.seq, e.at, e.kind, e.actor, e.bead, e.run, e.facts, e.previous, e.hash, before.hash, "
            "after.previous FROM entries e LEFT JOIN entries before ON before.seq = e.seq - 1 "
            "LEFT JOIN entries after ON after.seq = e.seq + 1 "
            f"WHERE e.kind IN ({', '.join('?' * len(KINDS))}) AND e.seq > ? ORDER BY e.seq",
            (*KINDS, self._seq),
        )
        for seq, *fields, previous, made, before, after in rows:
            self._sayings.take(seq, fields[1], fields[5], sound=_is_sound(seq, fields, previous, made, before, after))
            self._seq = seq


def _is_sound(seq: int, fields: list[Any], previous: Any, made: Any, before: Any, after: Any) -> bool:
    if not (isinstance(previous, bytes) and all(isinstance(field, str) for field in fields)):
        return False
    if (seq > 1 and before != previous) or after not in (None, made):
        return False
    return bool(row_hash(previous, seq, tuple(fields)) == made)


def _parsed(facts: str) -> Mapping[str, Any]:
    try:
        parsed = json.loads(facts)
    except (ValueError, RecursionError):
        return {}  # nobody could have written that through this package; its hash says so
    return parsed if isinstance(parsed, dict) else {}
