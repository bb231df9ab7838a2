"""Goes through a ledger row by row, and the state rows beside it, and says in words whatever does not hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator
from typing import Any

from b4tui.ledger.chain import genesis, row_hash
from b4tui.ledger.schema import STATE_TABLES, objects_at, objects_of, version_of
from b4tui.ledger.types import Head, Verification
from b4tui.ledger.witness import USED, Sayings
from b4tui.ledger.writing import COLUMNS

MOST_FAULTS = 1_000
"""More than these are not listed: whoever sees that many knows enough."""
PROGRESS_EVERY = 10_000


def verify(
    connection: sqlite3.Connection,
    ledger: str,
    known: Collection[Head],
    progress: Callable[[int, int], None] | None,
) -> Verification:
    """Everything `Ledger.verify` says. `connection` is for this alone: it is in one read transaction meanwhile."""
    connection.text_factory = _text
    connection.execute("BEGIN")
    try:
        walk = _Walk(connection, ledger, known)
        unproven: list[str] = []
        faults: list[str] = []
        for fault in _all_faults(connection, walk, progress, unproven):
            if len(faults) == MOST_FAULTS:
                faults.append("and more: the rest is not listed")
                break
            faults.append(fault)
        return Verification(rows=walk.rows, head=walk.head, faults=tuple(faults), unproven=tuple(unproven))
    finally:
        connection.execute("ROLLBACK")


def _all_faults(
    connection: sqlite3.Connection,
    walk: _Walk,
    progress: Callable[[int, int], None] | None,
    unproven: list[str],
) -> Iterator[str]:
    yield from _schema_faults(connection)
    yield from walk.faults(progress)
    if version_of(connection) >= STATE_TABLES:
        yield from _state_faults(connection, walk.sayings, unproven)
    for (problem,) in connection.execute("PRAGMA integrity_check(20)"):
        if problem != "ok":
            yield f"the file itself: {problem}"


def _schema_faults(connection: sqlite3.Connection) -> Iterator[str]:
    """The triggers keep honest programs from changing rows: without one somebody was at work who is not."""
    have, wanted = objects_of(connection), objects_at(version_of(connection))
    for name in sorted(wanted.keys() | have.keys()):
        if name not in have:
            yield f"{name} is missing from the file"
        elif name not in wanted:
            yield f"{name} is in the file and does not belong there"
        elif have[name] != wanted[name]:
            yield f"{name} is not as b4tui made it"


def _state_faults(connection: sqlite3.Connection, sayings: Sayings, unproven: list[str]) -> Iterator[str]:
    """Rows that change, beside the chain: each must be as the last entry that speaks of it left it."""

    def query(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql).fetchall()

    for doubt in sayings.doubts(query):
        if not doubt.unproven:
            yield str(doubt)
        elif doubt.table in USED:
            unproven.append(doubt.name)


class _Walk:
    """The way through the rows, from the first to the last."""

    def __init__(self, connection: sqlite3.Connection, ledger: str, known: Collection[Head]) -> None:
        self._connection = connection
        self._known = {head.seq: head.hash for head in known}
        self._start = Head(0, genesis(ledger).hex())
        self.head = self._start
        self.rows = 0
        self.sayings = Sayings()

    def faults(self, progress: Callable[[int, int], None] | None) -> Iterator[str]:
        total = self._connection.execute("SELECT count(*) FROM entries").fetchone()[0] if progress else 0
        yield from self._noted()
        for row in self._connection.execute(f"SELECT {COLUMNS} FROM entries ORDER BY seq"):
            self.rows += 1
            yield from self._look(row)
            if progress and self.rows % PROGRESS_EVERY == 0:
                progress(self.rows, total)
        for seq in sorted(seq for seq in self._known if seq > self.head.seq):
            yield f"the ledger ends at row {self.head.seq}, and row {seq} was its head once: rows were cut off its end"
        if progress:
            progress(self.rows, total)

    def _look(self, row: tuple[Any, ...]) -> Iterator[str]:
        seq, *fields, previous, made = row
        if not isinstance(seq, int):
            yield f"a row after row {self.head.seq} has no number: it was written past b4tui"
            return
        if seq != self.head.seq + 1:
            yield _gap(self.head.seq, seq)
        elif previous != bytes.fromhex(self.head.hash):
            yield f"row {seq} does not follow row {seq - 1}: the hash it holds of it is another"
        if not (_is_text(fields) and isinstance(previous, bytes) and isinstance(made, bytes)):
            yield f"row {seq} holds what no row can hold: it was written past b4tui"
            self.head = Head(seq, made.hex() if isinstance(made, bytes) else "")
            return
        if row_hash(previous, max(seq, 0), tuple(fields)) != made:
            yield f"row {seq} was changed: its hash is another"
        self.sayings.take(seq, fields[1], fields[5])
        self.head = Head(seq, made.hex())
        yield from self._noted()

    def _noted(self) -> Iterator[str]:
        noted = self._known.get(self.head.seq)
        if noted is not None and noted != self.head.hash:
            yield f"row {self.head.seq} is not the one that was noted as the head: the ledger was written anew"


def _text(data: bytes) -> str:
    """A stored text. What is no UTF-8 was never written by this package, and its hash will say so."""
    return data.decode("utf-8", "surrogateescape")


def _is_text(fields: list[Any]) -> bool:
    return all(isinstance(field, str) for field in fields)


def _gap(before: int, seq: int) -> str:
    if seq <= before:
        return f"row {seq} stands after row {before}"
    missing = f"row {before + 1} is" if seq == before + 2 else f"rows {before + 1} to {seq - 1} are"
    return f"{missing} missing before row {seq}"
