"""A file that is no ledger any more is said to be one's, left as it is, and never silently made anew."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress

import pytest

from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import LedgerError
from tests.ledger.conftest import KEY, fact, fill


@pytest.fixture
def closed(ledger, path):
    fill(ledger, 300)
    ledger.close()
    return path


def opened(path, clock):
    with pytest.raises(LedgerError) as raised:
        Ledger(path, clock=clock, key=KEY)
    with pytest.raises(LedgerError):
        Ledger(path, clock=clock, key=KEY, readonly=True)
    return str(raised.value)


@pytest.mark.parametrize(
    "data",
    [b"", b"not a database", os.urandom(8_192), b"SQLite format 3\0" + b"\0" * 4_000],
    ids=["empty", "text", "noise", "a header alone"],
)
def test_what_is_no_ledger_is_refused_and_left_as_it_is(closed, clock, data):
    closed.write_bytes(data)
    said = opened(closed, clock)
    assert str(closed) in said and "put a backup in its place" in said
    assert closed.read_bytes() == data


def test_another_programs_database_is_not_taken_for_a_ledger(path, clock):
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE entries (seq INTEGER)")
        connection.commit()
    assert "not made by b4tui" in opened(path, clock)


def test_a_ledger_cut_in_half_is_never_whole_again(closed, clock):
    data = closed.read_bytes()
    closed.write_bytes(data[: len(data) // 2])
    try:
        with Ledger(closed, clock=clock, key=KEY) as ledger:
            assert ledger.verify().faults
    except LedgerError as error:
        assert "put a backup in its place" in str(error)


def test_pages_full_of_noise_are_said_in_words_wherever_they_are_met(closed, clock):
    data = bytearray(closed.read_bytes())
    for at in range(4_096 * 4, len(data) - 4_096, 4_096 * 3):
        data[at : at + 4_096] = os.urandom(4_096)
    closed.write_bytes(data)
    with pytest.raises(LedgerError, match="put a backup in its place"), Ledger(closed, clock=clock) as ledger:
        ledger.verify()
        ledger.entries(limit=1_000)


def test_a_ledger_that_is_gone_while_its_log_is_there_is_not_made_anew(path, clock):
    path.with_name("ledger.db-wal").write_bytes(b"what is left")
    assert "ledger.db-wal" in opened(path, clock)
    assert not path.exists()


def test_a_link_is_not_followed(path, tmp_path, clock):
    target = tmp_path / "target.db"
    path.symlink_to(target)
    with pytest.raises(LedgerError, match="remove the link"):
        Ledger(path, clock=clock)
    assert not target.exists()


def test_a_folder_in_its_place_is_said(path, clock):
    path.mkdir()
    with pytest.raises(LedgerError, match=str(path)):
        Ledger(path, clock=clock)


def test_a_ledger_that_breaks_while_it_is_open_says_so(ledger, path):
    fill(ledger, 300)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as file:
        file.truncate(4_096)
    with pytest.raises(LedgerError, match=str(path)):
        ledger.append(fact(1))


NO_ROWS = "CREATE TABLE entries (seq, at, kind, actor, bead, run, facts, previous, hash)"


@pytest.mark.parametrize(
    "statements",
    [
        "DROP TRIGGER entries_never_changed; UPDATE entries SET hash = 'none' WHERE seq = 300",
        f"DROP TABLE entries; {NO_ROWS}; INSERT INTO entries VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9)",
        f"DROP TABLE entries; {NO_ROWS}; INSERT INTO entries VALUES ('x', 'x', x'00', 1, 1, 1, '{{}}', x'00', x'00')",
        f"DROP TABLE entries; {NO_ROWS}; INSERT INTO entries (hash) VALUES (NULL)",
    ],
    ids=["a text for a hash", "numbers", "a text for a number", "nothing"],
)
def test_rows_that_nobody_can_have_written_are_found(closed, clock, statements):
    with closing(sqlite3.connect(closed, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.executescript(statements)
    with Ledger(closed, clock=clock, key=KEY, readonly=True) as ledger:
        assert any("written past b4tui" in fault for fault in ledger.verify().faults)
        with pytest.raises(LedgerError, match="cannot be read: it was changed"):
            ledger.entries(limit=1)
        with suppress(LedgerError):
            ledger.search("x")


def test_nothing_follows_a_row_whose_hash_is_none(closed, clock):
    with closing(sqlite3.connect(closed, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.executescript("DROP TRIGGER entries_never_changed; UPDATE entries SET hash = 'none' WHERE seq = 300")
    with Ledger(closed, clock=clock, key=KEY) as ledger:
        with pytest.raises(LedgerError):
            ledger.append(fact())
        assert ledger.head().seq == 300


@pytest.mark.parametrize("name", ["NULL", "x'00'", "'another name'"])
def test_a_ledger_without_its_name_is_damaged(closed, clock, name):
    with closing(sqlite3.connect(closed, isolation_level=None)) as connection:
        connection.executescript(
            "DROP TABLE meta; CREATE TABLE meta (name, value);"
            f"INSERT INTO meta SELECT 'id', {name} WHERE {name} IS NOT NULL"
        )
    assert "does not say which ledger it is" in opened(closed, clock)
