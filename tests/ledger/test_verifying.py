"""Whatever is done to the file past the ledger is found, and said with the number of the row."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from b4tui.ledger import verifying
from b4tui.ledger.chain import row_hash
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import Head, LedgerError
from tests.ledger.conftest import KEY, fact, fill


@pytest.fixture(autouse=True)
def _nine_rows(ledger):
    fill(ledger, 9)


def test_a_ledger_nobody_touched_is_whole(ledger):
    found = ledger.verify(known=[ledger.head()])
    assert (found.rows, found.head, found.faults) == (9, ledger.head(), ())


@pytest.mark.parametrize(
    "change",
    [
        "at = '2026-03-01T12:00:05.000001Z'",
        "kind = 'run_finished'",
        "actor = ''",
        "bead = 'hub-9'",
        "run = run || ' '",
        "facts = '{\"number\":6}'",
        "facts = facts || ' '",
        "hash = zeroblob(32)",
        "actor = bead, bead = actor",
        # The same letters, shifted over the border between two fields.
        "actor = actor || substr(bead, 1, 1), bead = substr(bead, 2)",
    ],
)
def test_an_edit_is_found_in_its_row(ledger, meddle, change):
    meddle(f"UPDATE entries SET {change} WHERE seq = 5")
    assert any(fault.startswith("row 5 was changed") for fault in ledger.verify().faults)


def test_an_edit_with_a_hash_to_match_is_found_in_the_next_row(ledger, path, meddle):
    with closing(sqlite3.connect(path)) as connection:
        previous, *fields = connection.execute(
            "SELECT previous, at, kind, actor, bead, run, facts FROM entries WHERE seq = 5"
        ).fetchone()
    fields[2] = "nobody"
    meddle(f"UPDATE entries SET actor = 'nobody', hash = x'{row_hash(previous, 5, tuple(fields)).hex()}' WHERE seq = 5")
    assert ledger.verify().faults == ("row 6 does not follow row 5: the hash it holds of it is another",)


@pytest.mark.parametrize(
    ("gone", "fault"),
    [
        ("seq = 5", "row 5 is missing before row 6"),
        ("seq IN (5, 6, 7)", "rows 5 to 7 are missing before row 8"),
        ("seq = 1", "row 1 is missing before row 2"),
    ],
)
def test_a_gap_is_found(ledger, meddle, gone, fault):
    meddle(f"DELETE FROM entries WHERE {gone}")
    assert fault in ledger.verify().faults


def test_a_gap_that_is_closed_up_is_found(ledger, meddle):
    meddle("DELETE FROM entries WHERE seq = 5", "UPDATE entries SET seq = seq - 1 WHERE seq > 5")
    assert "row 5 does not follow row 4: the hash it holds of it is another" in ledger.verify().faults


def test_two_rows_that_changed_places_are_found(ledger, meddle):
    meddle(
        "UPDATE entries SET seq = 100 WHERE seq = 4",
        "UPDATE entries SET seq = 4 WHERE seq = 5",
        "UPDATE entries SET seq = 5 WHERE seq = 100",
    )
    faults = ledger.verify().faults
    assert "row 4 was changed: its hash is another" in faults
    assert "row 5 was changed: its hash is another" in faults


def test_a_row_put_in_before_the_first_is_found(ledger, meddle):
    meddle("INSERT INTO entries SELECT 0, at, kind, actor, bead, run, facts, previous, hash FROM entries WHERE seq = 1")
    assert any("row 0" in fault for fault in ledger.verify().faults)


def test_a_tail_that_was_cut_off_is_found_by_a_head_noted_before(ledger, meddle):
    noted = ledger.head()
    meddle("DELETE FROM entries WHERE seq > 6")
    assert ledger.verify().faults == ()  # nothing in the file itself can tell
    assert ledger.verify(known=[noted]).faults == (
        "the ledger ends at row 6, and row 9 was its head once: rows were cut off its end",
    )


def test_a_ledger_written_anew_is_found_by_a_head_noted_before(ledger, path, clock, tmp_path):
    forged = Ledger(tmp_path / "forged.db", clock=clock, key=KEY)
    fill(forged, 12)
    assert forged.verify().faults == ()
    assert forged.verify(known=[ledger.head(), Head(0, ledger.entry(1).previous)]).faults == (
        "row 0 is not the one that was noted as the head: the ledger was written anew",
        "row 9 is not the one that was noted as the head: the ledger was written anew",
    )
    forged.close()


def test_rows_of_another_ledger_are_none_of_this_one(ledger, path, clock, tmp_path, meddle):
    with Ledger(tmp_path / "other.db", clock=clock, key=KEY) as other:
        fill(other, 9)
    meddle(
        f"ATTACH '{tmp_path / 'other.db'}' AS other",
        "DELETE FROM entries",
        "INSERT INTO entries SELECT * FROM other.entries",
    )
    assert ledger.verify().faults == ("row 1 does not follow row 0: the hash it holds of it is another",)


def test_a_missing_trigger_is_found(ledger, meddle):
    meddle(keep_triggers=False)
    assert "trigger entries_never_gone is missing from the file" in ledger.verify().faults


def test_a_trigger_that_lets_things_pass_is_found(ledger, path):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TRIGGER entries_never_changed")
        connection.execute("CREATE TRIGGER entries_never_changed BEFORE UPDATE ON entries BEGIN SELECT 1; END")
        connection.execute("CREATE TRIGGER swallow AFTER INSERT ON entries BEGIN DELETE FROM bodies; END")
    assert ledger.verify().faults == (
        "trigger entries_never_changed is not as b4tui made it",
        "trigger swallow is in the file and does not belong there",
    )


def test_a_text_that_is_none_is_a_fault_and_is_never_quoted(ledger, meddle):
    meddle("UPDATE entries SET actor = CAST(x'c328' || 'telling' AS TEXT) WHERE seq = 5")
    assert ledger.verify().faults == ("row 5 was changed: its hash is another",)
    with pytest.raises(LedgerError) as raised:
        ledger.entries()
    assert "b4tui ledger verify" in str(raised.value) and "telling" not in str(raised.value)


@pytest.mark.parametrize("change", ["facts = x'00'", "actor = 5", "hash = 'text'", "previous = NULL || 'x'"])
def test_a_row_of_the_wrong_kind_is_a_fault_and_no_crash(ledger, path, change):
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(replace(replace(sql, 'NOT NULL', ''), ' TEXT', ''), ' BLOB', '') "
            "WHERE name = 'entries'"
        )
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("DROP TRIGGER entries_never_changed")
        connection.execute(f"UPDATE entries SET {change} WHERE seq = 5")
    faults = ledger.verify().faults
    assert any("row 5" in fault for fault in faults)
    assert "table entries is not as b4tui made it" in faults


def test_a_damaged_page_is_a_fault_or_an_error_in_words(ledger, path, clock):
    fill(ledger, 500)
    ledger.close()
    data = bytearray(path.read_bytes())
    at = data.rindex(b"run-400")
    data[at : at + 7] = b"run-XXX"
    path.write_bytes(data)
    with Ledger(path, clock=clock, key=KEY) as again:
        assert any("row 409 was changed" in fault for fault in again.verify().faults)


def test_only_so_many_faults_are_listed(ledger, meddle, monkeypatch):
    monkeypatch.setattr(verifying, "MOST_FAULTS", 4)
    meddle("UPDATE entries SET actor = 'x'")
    faults = ledger.verify().faults
    assert len(faults) == 5
    assert faults[-1] == "and more: the rest is not listed"


def test_progress_is_told_and_others_write_on(ledger, monkeypatch):
    monkeypatch.setattr(verifying, "PROGRESS_EVERY", 4)
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        ledger.append(fact(99))

    assert ledger.verify(progress=progress).rows == 9
    assert told == [(4, 9), (8, 9), (9, 9)]
    assert ledger.head().seq == 12
