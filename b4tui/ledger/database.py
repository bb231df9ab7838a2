"""The ledger's file: made whole or not at all, opened with care, and SQLite's errors in words.

Why WAL and `synchronous`: with WAL a commit is an append to a second file. `NORMAL` hands it to the operating system:
a killed process loses nothing that was committed, a power cut may lose the last commits (never break the file).
`FULL` waits for the disk as well: a power cut loses nothing either.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from b4tui.ledger.chain import moment_text
from b4tui.ledger.ownership import seal_ledger
from b4tui.ledger.schema import APPLICATION_ID, migrate, refuse_newer, version_of
from b4tui.ledger.types import LedgerError

T = TypeVar("T")

PATIENCE_S = 10.0
"""Seconds to wait for another process that writes."""
LARGEST_LOG = 4_194_304
"""Bytes the write-ahead log is cut back to when it was larger."""
_PAUSE_S = 0.002
_ID = re.compile(r"[0-9a-f]{32}")
_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT)
_FORBIDDEN = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH)


class DamagedLedger(LedgerError):
    """The file is no ledger any more, or never was one. It is left as it is."""


def in_words(path: Path, error: sqlite3.Error) -> LedgerError:
    """What went wrong with the file at `path` and what to do, for a person."""
    code = code_of(error)
    if code in _BUSY:
        return LedgerError(f"{path} is being written by another process for more than {PATIENCE_S:g} s; try again")
    if code in _DAMAGED:
        return damaged(path, str(error))
    if code in _FORBIDDEN:
        return LedgerError(f"{path} cannot be written ({error}): make the file and its folder yours, then start again")
    if code == sqlite3.SQLITE_FULL:
        return LedgerError(f"{path}: the disk is full, nothing was recorded; free some space and go on")
    if code == sqlite3.SQLITE_IOERR:
        return LedgerError(f"{path}: the disk failed or is full ({error}), nothing was recorded; mend that and go on")
    if isinstance(error, sqlite3.ProgrammingError):
        return LedgerError(f"{path} is closed: b4tui is ending")
    if code is None:
        # Python's own complaint, about a text that is no UTF-8. It quotes the text, and that may be anything.
        return LedgerError(f"{path} holds a text that is none: it was changed; `b4tui ledger verify` says what else")
    return LedgerError(f"{path}: {error}")


def code_of(error: sqlite3.Error) -> int | None:
    """SQLite's primary code of the error; None for one that is not SQLite's."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def damaged(path: Path, what: str) -> DamagedLedger:
    """The error for a file that cannot be trusted as a ledger."""
    return DamagedLedger(
        f"{path} is damaged or no ledger ({what}). Nothing was changed: put a backup in its place, or move it away "
        "to begin a new one, and keep the old one for `sqlite3 FILE .recover`"
    )


@contextlib.contextmanager
def told(path: Path) -> Iterator[None]:
    """SQLite's errors in the block as LedgerError."""
    try:
        yield
    except sqlite3.Error as error:
        raise in_words(path, error) from (None if code_of(error) is None else error)


@contextlib.contextmanager
def _disk_told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LedgerError(
            f"{path} cannot be made or written ({error.strerror or error}): make its folder yours, and see "
            "that the disk is not full"
        ) from error


def patiently(act: Callable[[], T]) -> T:
    """Do it again while another process is in the way, up to PATIENCE_S. SQLite's own wait does not cover all cases."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            return act()
        except sqlite3.OperationalError as error:
            if code_of(error) not in _BUSY or time.monotonic() >= until:
                raise
            time.sleep(_PAUSE_S)


def connect(path: Path, *, readonly: bool = False) -> sqlite3.Connection:
    """A connection that makes no file, begins transactions only when told, and may be used by any one thread at a time.

    Raises sqlite3.Error.
    """
    options = "mode=ro" if readonly else "mode=rw"
    if readonly and _lies_still(path):
        options = "immutable=1"
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}",
        uri=True,
        timeout=PATIENCE_S,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        if readonly:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute(f"PRAGMA journal_size_limit = {LARGEST_LOG}")
        return connection
    except BaseException:
        connection.close()
        raise


def _lies_still(path: Path) -> bool:
    """Whether nobody writes the file: WAL wants a second one beside it, and here is none and none can be made."""
    return not os.access(path.parent, os.W_OK, effective_ids=True) and not path.with_name(f"{path.name}-wal").exists()


def open_file(
    path: Path, *, clock: Callable[[], datetime], random: Callable[[int], bytes], key: bytes | None
) -> sqlite3.Connection:
    """The writer's connection; a file that is not there is made, an old one brought forward. Raises LedgerError."""
    with told(path), _disk_told(path):
        if path.is_symlink():
            raise LedgerError(f"{path} is a link; the ledger is a file of its own: remove the link")
        with _locked(path):
            if not path.exists():
                _make(path, clock, random, key)
        refuse_damaged(path)
        connection = patiently(lambda: connect(path))
        try:
            patiently(lambda: _check(connection, path))
            patiently(lambda: migrate(connection))
            # From here `patiently` waits: SQLite's own wait grows to 0.1 s, and who waits that long is never first.
            connection.execute("PRAGMA busy_timeout = 0")
        except BaseException:
            connection.close()
            raise
        return connection


def refuse_damaged(path: Path) -> None:
    """Raises DamagedLedger for an empty file: SQLite would take it for a new database and forget the past."""
    if path.stat().st_size == 0:
        raise damaged(path, "it is empty")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
        raise damaged(path, "it was not made by b4tui")
    refuse_newer(version_of(connection), str(path))


def check_readable(connection: sqlite3.Connection, path: Path) -> None:
    """Raises LedgerError for a file that is no ledger or is too new."""
    patiently(lambda: _check(connection, path))


def id_in(connection: sqlite3.Connection, path: Path) -> str:
    """What the ledger is called, as it was made. Raises DamagedLedger."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'id'").fetchone()
    if row is None or not isinstance(row[0], str) or not _ID.fullmatch(row[0]):
        raise damaged(path, "it does not say which ledger it is")
    return row[0]


def _make(path: Path, clock: Callable[[], datetime], random: Callable[[int], bytes], key: bytes | None) -> None:
    """Make an empty ledger beside its place and move it there: whoever finds the file finds it whole."""
    for left in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-journal")):
        if left.exists():
            raise damaged(path, f"it is gone, but {left.name}, which belongs to it, is there")
    draft = path.with_name(f"{path.name}.new")
    for left in (draft, draft.with_name(f"{draft.name}-wal"), draft.with_name(f"{draft.name}-shm")):
        left.unlink(missing_ok=True)  # of one who was killed here; we hold the lock
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(draft, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        migrate(connection)
        ledger = random(16).hex()
        connection.execute("INSERT INTO meta VALUES ('id', ?)", (ledger,))
        connection.execute("INSERT INTO meta VALUES ('made_at', ?)", (moment_text(clock()),))
        if key is not None:
            seal_ledger(connection, ledger, key)
    finally:
        connection.close()
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time makes the file."""
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
