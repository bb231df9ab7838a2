"""A row that is in the ledger stays as it is, by the database's own rules."""

from __future__ import annotations

import sqlite3

import pytest

from b4tui.ledger.types import LedgerError
from b4tui.ledger.writing import COLUMNS
from tests.ledger.conftest import fact, fill

ROW = "'2026', 'k', 'a', 'b', 'r', '{{}}', {previous}, zeroblob(32)"
LAST = "(SELECT hash FROM entries ORDER BY seq DESC LIMIT 1)"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE entries SET actor = 'nobody' WHERE seq = 1",
        "UPDATE entries SET seq = 9 WHERE seq = 3",
        "DELETE FROM entries WHERE seq = 3",
        "DELETE FROM entries",
        f"INSERT INTO entries ({COLUMNS}) VALUES (5, {ROW.format(previous=LAST)})",
        f"INSERT INTO entries ({COLUMNS}) VALUES (4, {ROW.format(previous='zeroblob(32)')})",
        f"INSERT OR REPLACE INTO entries ({COLUMNS}) VALUES (3, {ROW.format(previous=LAST)})",
        f"REPLACE INTO entries ({COLUMNS}) VALUES (1, {ROW.format(previous=LAST)})",
        "INSERT OR IGNORE INTO entries SELECT * FROM entries WHERE seq = 1",
        "UPDATE OR REPLACE entries SET seq = 1 WHERE seq = 2",
        "UPDATE meta SET value = 'another' WHERE name = 'id'",
        "DELETE FROM meta",
        "INSERT OR REPLACE INTO meta VALUES ('id', 'another')",
    ],
)
def test_no_statement_changes_what_is_recorded(ledger, path, statement):
    fill(ledger, 3)
    stranger = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        stranger.execute(statement)
    stranger.close()
    with pytest.raises(LedgerError, match="append-only"), ledger.transaction() as writing:
        writing.execute(statement)
    assert ledger.verify().faults == ()
    assert ledger.append(fact(4)).seq == 4
