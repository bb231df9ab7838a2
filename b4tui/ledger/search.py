"""Full-text search over the ledger, by an index in a file of its own.

The index is made from the ledger and can be thrown away at any time: it is brought up to date when somebody searches,
and never while a row is written. So nothing that befalls it can keep a row from being written, or break the chain.
Where SQLite has no FTS5, or the file cannot be used, every row is read instead: slower, with the same answers but for
words inside longer words, which only that finds.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from b4tui.ledger.database import code_of
from b4tui.ledger.witness import ROWS

VERSION = 1
"""Counts changes of how rows are indexed; an index of another version is made anew."""
_BATCH = 5_000
_PATIENCE_S = 2.0
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

Row = tuple[Any, ...]
"""seq, kind, actor, bead, run, facts as JSON."""
Rows = Callable[[int, int], list[Row]]
"""At most so many rows after a number, oldest first."""


class IndexUnusable(Exception):
    """The index cannot be used here; the reason in words."""


class SearchIndex:
    """The index of one ledger in the file `path`, which is made, mended and remade without asking."""

    def __init__(self, path: Path, ledger: str) -> None:
        self._path = path
        self._ledger = ledger

    def find(self, text: str, rows: Rows, head: int, *, before: int | None, limit: int) -> list[int]:
        """Numbers of the newest rows below `before` that hold every word of `text`. Raises IndexUnusable."""
        wanted = _question(text)
        if not wanted:
            return []
        try:
            return self._ask(wanted, rows, head, before, limit)
        except sqlite3.DatabaseError as error:
            if code_of(error) in _BUSY:
                raise IndexUnusable("another process is at it") from error
            self._remove()  # whatever it is: what it held can be made again
        except OSError as error:
            raise IndexUnusable(str(error.strerror or error)) from error
        try:
            return self._ask(wanted, rows, head, before, limit)
        except (sqlite3.Error, OSError) as error:
            raise IndexUnusable(str(error)) from error

    def _ask(self, wanted: str, rows: Rows, head: int, before: int | None, limit: int) -> list[int]:
        with contextlib.closing(self._open()) as connection:
            self._catch_up(connection, rows)
            found = connection.execute(
                "SELECT rowid FROM words WHERE words MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?",
                (wanted, before if before is not None else head + 1, limit),
            )
            return [seq for (seq,) in found]

    def _open(self) -> sqlite3.Connection:
        if not self._path.exists():
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        connection = sqlite3.connect(self._path, timeout=_PATIENCE_S, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("CREATE TABLE IF NOT EXISTS made_for (ledger TEXT, version INTEGER, upto INTEGER)")
            connection.execute("CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5(text, content='', detail=full)")
            return connection
        except BaseException:
            connection.close()
            raise

    def _catch_up(self, connection: sqlite3.Connection, rows: Rows) -> None:
        while True:
            connection.execute("BEGIN IMMEDIATE")
            try:
                done = self._done(connection, rows)
                batch = rows(done, _BATCH)
                connection.executemany(
                    "INSERT INTO words (rowid, text) VALUES (?, ?)",
                    ((row[0], "\n".join(words_of(row))) for row in batch),
                )
                if batch:
                    connection.execute("UPDATE made_for SET upto = ?", (batch[-1][0],))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            if len(batch) < _BATCH:
                return

    def _done(self, connection: sqlite3.Connection, rows: Rows) -> int:
        """The last row that is indexed. Raises sqlite3.DatabaseError for the index of another ledger."""
        made_for = connection.execute("SELECT ledger, version, upto FROM made_for").fetchone()
        if made_for is None:
            connection.execute("INSERT INTO made_for VALUES (?, ?, 0)", (self._ledger, VERSION))
            return 0
        ledger, version, upto = made_for
        # Another process may have indexed rows that are newer than this search: they are there now.
        if (ledger, version) != (self._ledger, VERSION) or (upto and not rows(upto - 1, 1)):
            raise sqlite3.DatabaseError("the index of another ledger")
        return int(upto)

    def _remove(self) -> None:
        for ending in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                self._path.with_name(f"{self._path.name}{ending}").unlink(missing_ok=True)


def read_through(text: str, newest_first: Iterable[Row], limit: int) -> list[int]:
    """The same search without an index: read every row until enough are found."""
    words = text.casefold().split()
    found: list[int] = []
    if not words:
        return found
    for row in newest_first:
        held = "\n".join(words_of(row)).casefold()
        if all(word in held for word in words):
            found.append(row[0])
            if len(found) == limit:
                break
    return found


def words_of(row: Row) -> Iterator[str]:
    """What of a row can be found: its columns, and the values of its facts (not their names: they are in every row)."""
    yield from (column for column in row[1:5] if isinstance(column, str))
    with contextlib.suppress(TypeError, ValueError, AttributeError, RecursionError):
        facts = json.loads(row[5])
        facts.pop(ROWS, None)  # nobody looks for digests of state rows
        yield from _values(facts)


def _values(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for item in value.values():
                yield from _values(item)
        case list():
            for item in value:
                yield from _values(item)
        case bool() | None:
            return
        case _:
            yield str(value)


def _question(text: str) -> str:
    """The words as FTS5 asks for them: each whole or begun, all of them in the row. Nothing in them is a command."""
    # A zero byte would end the question where SQLite reads it.
    words = [word.replace("\0", "").replace('"', '""') for word in text.split()]
    return " AND ".join(f'"{word}" *' for word in words if any(character.isalnum() for character in word))
