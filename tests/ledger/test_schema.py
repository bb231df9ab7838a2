"""Old files are brought forward, a step at a time; newer ones are refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from b4tui.ledger import schema
from b4tui.ledger.chain import facts_text, genesis, moment_text, row_hash
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import LedgerError
from tests.ledger.conftest import KEY, START, fact


@pytest.fixture
def old(path):
    """A ledger of version 1 with three rows, as a b4tui of that version left it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        schema.migrate(connection, to=1)
        connection.execute("INSERT INTO meta VALUES ('id', ?)", ("ab" * 16,))
        previous = genesis("ab" * 16)
        for seq in range(1, 4):
            fields = (moment_text(START), "told", "amy", "hub-1", "", facts_text({"number": seq}))
            made = row_hash(previous, seq, fields)
            connection.execute("INSERT INTO entries VALUES (?,?,?,?,?,?,?,?,?)", (seq, *fields, previous, made))
            previous = made
    return path


def tables(path) -> set[str]:
    with closing(sqlite3.connect(path)) as connection:
        return {name.removeprefix("table ") for name in schema.objects_of(connection) if name.startswith("table ")}


def test_an_old_file_is_brought_to_the_newest_and_keeps_its_rows(old, clock):
    assert "approvals" not in tables(old)
    with Ledger(old, clock=clock, key=KEY) as ledger:
        assert {"approvals", "grants", "spent_permits"} <= tables(old)
        assert ledger.query("PRAGMA user_version") == [(schema.NEWEST,)]
        assert [row.facts["number"] for row in ledger.entries()] == [1, 2, 3]
        assert ledger.append(fact(4)).seq == 4
        assert ledger.verify().faults == ()


def test_an_old_file_can_be_read_as_it_is(old, clock):
    before = old.read_bytes()
    with Ledger(old, clock=clock, key=KEY, readonly=True) as ledger:
        assert len(ledger.entries()) == 3
        assert ledger.verify().faults == ()
    assert old.read_bytes() == before


def test_a_step_that_fails_leaves_the_file_as_it_was(old, clock, monkeypatch):
    broken = (*schema.MIGRATIONS[:1], ("CREATE TABLE half (x)", "CREATE TABLE half (x)"))
    monkeypatch.setattr(schema, "MIGRATIONS", broken)
    with pytest.raises(LedgerError, match="half already exists"):
        Ledger(old, clock=clock, key=KEY)
    assert tables(old) == {"bodies", "entries", "meta", "seals"}
    with Ledger(old, clock=clock, key=KEY, readonly=True) as ledger:
        assert ledger.verify().faults == ()


def test_a_newer_file_is_refused_with_words_and_left_as_it_is(ledger, path, clock, meddle):
    ledger.close()
    meddle(f"PRAGMA user_version = {schema.NEWEST + 1}")
    before = path.read_bytes()
    for readonly in (False, True):
        with pytest.raises(LedgerError, match="upgrade b4tui"):
            Ledger(path, clock=clock, key=KEY, readonly=readonly)
    assert path.read_bytes() == before


def test_every_version_can_be_reached_from_every_earlier_one():
    for start in range(schema.NEWEST):
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            schema.migrate(connection, to=start)
            schema.migrate(connection)
            assert schema.objects_of(connection) == schema.objects_at(schema.NEWEST)
