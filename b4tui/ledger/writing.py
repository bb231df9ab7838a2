"""What can be done inside one transaction of the ledger: rows of the record, and rows of state tables with them."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from b4tui.ledger.bodies import Sealer
from b4tui.ledger.chain import facts_text, genesis, moment_text, row_hash, storable
from b4tui.ledger.types import Entry, Head, LedgerError, NewEntry
from b4tui.ledger.witness import KINDS, ROWS, told_of

COLUMNS = "seq, at, kind, actor, bead, run, facts, previous, hash"


class Writing:
    """One transaction: all of it happens, or none. Good only inside its `with` block."""

    def __init__(
        self, connection: sqlite3.Connection, ledger: str, sealer: Sealer, now: Callable[[], datetime]
    ) -> None:
        self._connection = connection
        self._ledger = ledger
        self._sealer = sealer
        self._now = now
        self._head: Head | None = None

    def append(self, entry: NewEntry, *, rows: Sequence[tuple[str, str]] = ()) -> Entry:
        """Record a fact. Raises LedgerError for facts that are no plain JSON.

        `rows` are the state rows that changed with it, by table and id, after they changed: the entry bears them out
        as they are now (witness.py).
        """
        if rows:
            if entry.kind not in KINDS:
                raise LedgerError(f"entries of kind {entry.kind} bear no rows out")
            entry = replace(entry, facts={**entry.facts, ROWS: told_of(self.query, rows)})
        head = self.head()
        seq, previous = head.seq + 1, bytes.fromhex(head.hash)
        texts = (
            moment_text(entry.at),
            storable(entry.kind),
            storable(entry.actor),
            storable(entry.bead),
            storable(entry.run),
            facts_text(entry.facts),
        )
        made = row_hash(previous, seq, texts)
        self._connection.execute(
            f"INSERT INTO entries ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (seq, *texts, previous, made)
        )
        self._head = Head(seq, made.hex())
        return entry_of_row((seq, *texts, previous, made))

    def execute(self, sql: str, arguments: Sequence[Any] = ()) -> int:
        """Change a state table; how many rows changed, by which a compare-and-set sees whether it was first."""
        return self._connection.execute(sql, arguments).rowcount

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read, inside the transaction."""
        return self._connection.execute(sql, arguments).fetchall()

    def keep_body(self, sha256: str, body: bytes) -> None:
        """Keep the body of a payload; kept again, its time begins anew. Raises BodyError where it cannot be sealed."""
        sealed = self._sealer.seal(sha256, body)
        self.execute(
            "INSERT OR REPLACE INTO bodies (sha256, at, size, key, data) VALUES (?, ?, ?, ?, ?)",
            (sha256, moment_text(self._now()), len(body), sealed.key, sealed.data),
        )

    def head(self) -> Head:
        """The newest row, with those of this transaction."""
        if self._head is None:
            self._head = head_of(self._connection, self._ledger)
        return self._head


def head_of(connection: sqlite3.Connection, ledger: str) -> Head:
    """The newest row in the file; number 0 and the genesis hash while there is none.

    One that no row can be has no hash: nothing can follow it, and `verify` can still be asked what is wrong.
    """
    row = connection.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    if row is None:
        return Head(0, genesis(ledger).hex())
    seq, made = row
    return Head(seq if isinstance(seq, int) else 0, made.hex() if isinstance(made, bytes) else "")


def entry_of_row(row: tuple[Any, ...]) -> Entry:
    """A stored row as an entry. Raises LedgerError for one that nobody could have written through this package."""
    seq, at, kind, actor, bead, run, facts, previous, made = row
    try:
        if not (isinstance(seq, int) and all(isinstance(text, str) for text in (kind, actor, bead, run))):
            raise TypeError("a number or a text is none")
        return Entry(
            seq=seq,
            kind=kind,
            at=datetime.fromisoformat(at.removesuffix("Z")).replace(tzinfo=UTC),
            actor=actor,
            bead=bead,
            run=run,
            facts=dict(json.loads(facts)),
            previous=previous.hex(),
            hash=made.hex(),
        )
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        raise LedgerError(
            f"row {seq} cannot be read: it was changed; `b4tui ledger verify` says what else was"
        ) from error
