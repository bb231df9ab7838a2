"""The tables of the ledger's database, by schema version, and how an older file is brought to the newest.

Forward only: each step is one transaction, its number is SQLite's `user_version`, and a step that is out is never
changed. A file of a newer version is refused, never guessed at.
"""

from __future__ import annotations

import sqlite3

from b4tui.ledger.types import LedgerError

APPLICATION_ID = 0x42345455
"""`B4TU` in SQLite's header: another program's database is not taken for a ledger."""

_RECORD = (
    "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)",
    """CREATE TABLE entries (
        seq INTEGER PRIMARY KEY,
        at TEXT NOT NULL CHECK (typeof(at) = 'text'),
        kind TEXT NOT NULL CHECK (typeof(kind) = 'text'),
        actor TEXT NOT NULL CHECK (typeof(actor) = 'text'),
        bead TEXT NOT NULL CHECK (typeof(bead) = 'text'),
        run TEXT NOT NULL CHECK (typeof(run) = 'text'),
        facts TEXT NOT NULL CHECK (typeof(facts) = 'text'),
        previous BLOB NOT NULL CHECK (typeof(previous) = 'blob' AND length(previous) = 32),
        hash BLOB NOT NULL CHECK (typeof(hash) = 'blob' AND length(hash) = 32)
    )""",
    "CREATE INDEX entries_by_kind ON entries (kind)",
    "CREATE INDEX entries_by_bead ON entries (bead) WHERE bead <> ''",
    # INSERT OR REPLACE deletes without asking the trigger on DELETE; that a row must be the next one stops it here.
    """CREATE TRIGGER entries_only_next BEFORE INSERT ON entries
        WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries)
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: the next row must have the next number'); END""",
    """CREATE TRIGGER entries_only_chained BEFORE INSERT ON entries
        WHEN NEW.seq > 1 AND NEW.previous IS NOT (SELECT hash FROM entries WHERE seq = NEW.seq - 1)
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: the next row must hold the hash before it'); END""",
    """CREATE TRIGGER entries_never_changed BEFORE UPDATE ON entries
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: a row never changes'); END""",
    """CREATE TRIGGER entries_never_gone BEFORE DELETE ON entries
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: a row is never deleted'); END""",
    """CREATE TRIGGER meta_once BEFORE INSERT ON meta
        WHEN EXISTS (SELECT 1 FROM meta WHERE name = NEW.name)
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: what it is called never changes'); END""",
    """CREATE TRIGGER meta_never_changed BEFORE UPDATE ON meta
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: what it is called never changes'); END""",
    """CREATE TRIGGER meta_never_gone BEFORE DELETE ON meta
        BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: what it is called never changes'); END""",
    # Whose ledger it is: each key of this machine's user that it was made or taken over under (ownership.py).
    "CREATE TABLE seals (key TEXT NOT NULL PRIMARY KEY, seal TEXT NOT NULL)",
    # Bodies of payloads: `key` names the key they are sealed under, '' where they lie open.
    """CREATE TABLE bodies (
        sha256 TEXT NOT NULL PRIMARY KEY,
        at TEXT NOT NULL,
        size INTEGER NOT NULL,
        key TEXT NOT NULL,
        data BLOB NOT NULL
    )""",
)

_DECISIONS = (
    """CREATE TABLE approvals (
        id TEXT NOT NULL PRIMARY KEY,
        version INTEGER NOT NULL,
        state TEXT NOT NULL,
        agent TEXT NOT NULL,
        bead TEXT NOT NULL,
        run TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        asked_at TEXT NOT NULL,
        deadline TEXT NOT NULL,
        sent_at TEXT,
        document TEXT NOT NULL
    )""",
    "CREATE INDEX approvals_by_state ON approvals (state, asked_at)",
    "CREATE INDEX approvals_by_run ON approvals (run, asked_at)",
    """CREATE TABLE grants (
        id TEXT NOT NULL PRIMARY KEY,
        version INTEGER NOT NULL,
        state TEXT NOT NULL,
        category TEXT NOT NULL,
        until TEXT NOT NULL,
        document TEXT NOT NULL
    )""",
    # A permit is used once: the second insert of its id changes no row (INSERT OR IGNORE), and nothing is sent.
    """CREATE TABLE spent_permits (
        id TEXT NOT NULL PRIMARY KEY,
        approval TEXT NOT NULL,
        at TEXT NOT NULL
    )""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_RECORD, _DECISIONS)
"""The statements that bring a file from version N to N + 1, at place N."""
NEWEST = len(MIGRATIONS)
STATE_TABLES = 2
"""The version that brought the tables of `witness.TABLES`."""


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of an open file; 0 for a new one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse_newer(version: int, where: str) -> None:
    """Raises LedgerError for a file that this program is too old for."""
    if version > NEWEST:
        raise LedgerError(
            f"{where} is of schema version {version} and this b4tui knows versions up to {NEWEST}: upgrade b4tui; "
            "the file is as it was"
        )


def migrate(connection: sqlite3.Connection, *, to: int = NEWEST) -> None:
    """Bring an open file forward to version `to`, one transaction a step; others may do the same at the same time."""
    while version_of(connection) < to:
        connection.execute("BEGIN IMMEDIATE")
        try:
            version = version_of(connection)  # another process may have been first
            if version < to:
                for statement in MIGRATIONS[version]:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version + 1}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def objects_of(connection: sqlite3.Connection) -> dict[str, str]:
    """The tables, indexes and triggers of an open file with the words they were made by."""
    rows = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")
    return {f"{kind} {name}": sql or "" for kind, name, sql in rows}


def objects_at(version: int) -> dict[str, str]:
    """What a file of a version must hold."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        migrate(connection, to=version)
        return objects_of(connection)
    finally:
        connection.close()
