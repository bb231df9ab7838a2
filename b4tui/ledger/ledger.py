"""The ledger: one file of a hub that everything which happened is appended to, and nothing is ever taken from.

Several threads and several processes may use one file at once. Calls are short and block: a transaction waits for
another process's up to `database.PATIENCE_S`.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from b4tui.ledger import database
from b4tui.ledger.bodies import Sealed, Sealer, key_name
from b4tui.ledger.chain import moment_text
from b4tui.ledger.exporting import line_of
from b4tui.ledger.finding import Search
from b4tui.ledger.ownership import DECIDED, NOT_OURS, is_ours, seal_ledger
from b4tui.ledger.paging import LAST, page
from b4tui.ledger.search import SearchIndex
from b4tui.ledger.types import Entry, Found, Head, LedgerError, NewEntry, Verification
from b4tui.ledger.verifying import verify
from b4tui.ledger.witness import Witness
from b4tui.ledger.writing import COLUMNS, Writing, entry_of_row, head_of

_PAGE = 1_000


class Writable(Protocol):
    """What an export is written to: an open text file, or a codec's writer."""

    def write(self, text: str, /) -> object:
        """Take the text."""


class Ledger:
    """An open ledger. Raises LedgerError from every call that cannot be done; nothing is half done then.

    `key` seals the bodies (`keys.load_key`; `key_problem` says why there is none); `plain_bodies` leaves them open.
    A kill loses nothing that was appended. A power cut may lose the last appends, but none of a transaction and none
    before one that was `durable`. With `readonly` nothing is made, changed or migrated
    but the index for searching, which lies beside it.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], datetime],
        key: bytes | None = None,
        key_problem: str = "",
        plain_bodies: bool = False,
        readonly: bool = False,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.path = path
        self.readonly = readonly
        self._clock = clock
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        self._writer: int | None = None  # the thread that is inside a transaction
        self._write = None if readonly else database.open_file(path, clock=clock, random=random, key=key)
        try:
            self._read = self._reader()
            with database.told(path):
                self.id = database.id_in(self._read, path)
                self._inode = path.stat().st_ino
            self._sealer = Sealer(self.id, key, plain=plain_bodies, problem=key_problem, random=random)
            self._key, self._key_problem = key, key_problem
            self._newest = self.head()
            self.witness = Witness(self.query)
            self._index = SearchIndex(path.with_name(f"{path.stem}-search.db"), self.id)
        except BaseException:
            self.close()
            raise

    def append(self, entry: NewEntry, *, durable: bool = False) -> Entry:
        """Record one fact; it is in the file when this returns. `durable`: on the disk too, after a power cut."""
        with self.transaction(durable=durable) as writing:
            return writing.append(entry)

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Writing]:
        """Do several things at once or not at all: rows of state tables change together with the rows that say so.

        What the block raises undoes all of it. One at a time, over all threads and processes; never one in another.
        """
        if self._writer == threading.get_ident():
            raise LedgerError("a transaction of the ledger cannot hold another: use the one that is open")
        with self._writing, database.told(self.path):
            connection = self._to_write()
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            database.patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
            self._writer = threading.get_ident()
            try:
                writing = Writing(connection, self.id, self._sealer, self._clock)
                self._nothing_went(writing.head())
                yield writing
                connection.execute("COMMIT")
                self._newest = writing.head()
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                self._writer = None

    def entries(
        self,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 200,
        kind: str | None = None,
        bead: str | None = None,
    ) -> tuple[Entry, ...]:
        """A page of rows, oldest first: the newest below `before`; with `after` alone the oldest above it."""
        asked = page(before=before, after=after, limit=limit, kind=kind, bead=bead)
        rows = self.query(asked.sql, asked.arguments)
        return tuple(entry_of_row(row) for row in (reversed(rows) if asked.newest_first else rows))

    def search(
        self,
        text: str,
        *,
        before: int | None = None,
        limit: int = 200,
        kind: str | None = None,
        bead: str | None = None,
    ) -> Found:
        """The newest rows below `before` that hold every word of `text`, whole or begun, oldest first.

        `Found.note` says why every row had to be read, "" where the index was used.
        """
        search = Search(self._index, self.query, self.head().seq)
        entries = search.entries(text, before=before, limit=limit, kind=kind, bead=bead)
        return Found(entries=entries, note=search.note)

    def entry(self, seq: int) -> Entry | None:
        """One row by its number."""
        rows = self.query(f"SELECT {COLUMNS} FROM entries WHERE seq = ?", (min(seq, LAST),))
        return entry_of_row(rows[0]) if rows else None

    def query(self, sql: str, arguments: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read what is committed, from any table."""
        with self._reading, database.told(self.path):
            return database.patiently(lambda: self._read.execute(sql, arguments).fetchall())

    def kinds(self) -> frozenset[str]:
        """The kinds of the rows there are."""
        return frozenset(str(kind) for (kind,) in self.query("SELECT DISTINCT kind FROM entries"))

    def head(self) -> Head:
        """The newest row; number 0 while there is none."""
        with self._reading, database.told(self.path):
            return database.patiently(lambda: head_of(self._read, self.id))

    def keep_body(self, sha256: str, body: bytes) -> None:
        """Keep a payload's body; on the disk when this returns. Raises BodyError where it cannot be sealed."""
        with self.transaction() as writing:
            writing.keep_body(sha256, body)

    def body(self, sha256: str) -> bytes | None:
        """A body that was kept; None where none is, or it was dropped. Raises BodyError for one that cannot be read."""
        rows = self.query("SELECT key, CAST(data AS BLOB) FROM bodies WHERE sha256 = ?", (sha256,))
        return self._sealer.open(sha256, Sealed(*rows[0])) if rows else None

    def drop_bodies(self, older_than: datetime, *, but: Collection[str] = ()) -> int:
        """Forget the bodies kept before a time, overwritten in the file; how many. `but` are those still wanted."""
        with self.transaction() as writing:
            old = writing.query("SELECT sha256 FROM bodies WHERE at < ?", (moment_text(older_than),))
            gone = [sha256 for (sha256,) in old if sha256 not in but]
            for sha256 in gone:
                writing.execute("DELETE FROM bodies WHERE sha256 = ?", (sha256,))
        if gone:
            self._empty_log()
        return len(gone)

    def verify(
        self, *, known: Collection[Head] = (), progress: Callable[[int, int], None] | None = None
    ) -> Verification:
        """Go through the whole chain and compare the state rows; `known` are heads noted elsewhere, to be in it.

        `progress` is told how many rows of how many were looked at. Reads only, and keeps nobody from writing.
        """
        connection = self._reader()
        try:
            with database.told(self.path):
                return verify(connection, self.id, known, progress)
        finally:
            connection.close()

    def export(self, file: Writable, *, after: int = 0) -> int:
        """Write every row after a number as a line of JSON; how many. Bodies are not among them."""
        rows, last = 0, after
        while entries := self.entries(after=last, limit=_PAGE):
            for entry in entries:
                file.write(line_of(entry) + "\n")
            rows, last = rows + len(entries), entries[-1].seq
        return rows

    @property
    def stranger(self) -> str:
        """Why decisions in this file are not this user's and must not be acted on; "" where they are (ownership.py)."""
        if self._key is None:
            return f"it cannot be told whose ledger this is: {self._key_problem or 'there is no key'}"
        with self._reading, database.told(self.path):
            ours = is_ours(self._read, self.id, self._key)
        return "" if ours else NOT_OURS

    def adopt(self, actor: str) -> Entry:
        """Make this the user's own ledger, by the operator's word. What was decided in it does not hold any more."""
        if self._key is None:
            raise LedgerError(f"a ledger is taken over with the user's key: {self._key_problem or 'there is no key'}")
        with self.transaction() as writing:
            facts = {table: writing.execute(f"DELETE FROM {table}") for table in DECIDED}
            self._to_write().execute("DELETE FROM seals WHERE key = ?", (key_name(self._key),))
            seal_ledger(self._to_write(), self.id, self._key)
            return writing.append(NewEntry(kind="ledger_adopted", at=self._clock(), actor=actor, facts=facts))

    @property
    def size(self) -> int:
        """Bytes on the disk, with what is not yet folded into the main file."""
        beside = [self.path, self.path.with_name(f"{self.path.name}-wal")]
        return sum(part.stat().st_size for part in beside if part.exists())

    def close(self) -> None:
        """Let go of the file once nobody is at work on it. Safe to call twice; never within a transaction."""
        # SQLite's connections do not bear being closed under a thread that uses them: the program crashes.
        with self._writing, self._reading:
            for connection in (getattr(self, "_read", None), getattr(self, "_write", None)):
                if connection is not None:
                    connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reader(self) -> sqlite3.Connection:
        with database.told(self.path):
            if not self.path.exists():
                raise LedgerError(
                    f"there is no ledger at {self.path} yet: it is made when b4tui first works on this hub"
                )
            database.refuse_damaged(self.path)
            connection = database.patiently(lambda: database.connect(self.path, readonly=self.readonly))
            try:
                database.check_readable(connection, self.path)
                connection.execute("PRAGMA query_only = ON")
            except BaseException:
                connection.close()
                raise
            return connection

    def _to_write(self) -> sqlite3.Connection:
        """The writer's connection, if the file still is the one that was opened: else what is written is lost."""
        if self._write is None:
            raise LedgerError(f"{self.path} is open for reading only")
        try:
            same = self.path.stat().st_ino == self._inode
        except FileNotFoundError:
            same = False
        if not same:
            raise LedgerError(f"{self.path} was moved or replaced while it was open: put it back, or start b4tui again")
        return self._write

    def _nothing_went(self, head: Head) -> None:
        """Nobody may take rows away from under us, whoever they are."""
        if head.seq < self._newest.seq:
            raise LedgerError(
                f"{self.path} ends at row {head.seq}, and row {self._newest.seq} was there before: rows were taken "
                "away. Nothing is recorded until b4tui is started again; look with `b4tui ledger verify`"
            )

    def _empty_log(self) -> None:
        """What was dropped must not live on in the write-ahead log. While others read it must, until the next time."""
        with self._writing, database.told(self.path):
            self._to_write().execute("PRAGMA wal_checkpoint(TRUNCATE)")
