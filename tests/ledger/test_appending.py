"""Facts go in one after the other and are read back page by page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from b4tui.ledger.chain import MAX_FACTS, genesis
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import Head, LedgerError, NewEntry
from tests.ledger.conftest import KEY, fact, fill


def seqs(entries):
    return [entry.seq for entry in entries]


def test_an_empty_ledger_has_a_head_of_its_own(ledger):
    assert ledger.head() == Head(0, genesis(ledger.id).hex())
    assert ledger.entries() == ()
    assert ledger.entry(1) is None


def test_rows_count_from_one_and_each_holds_the_hash_of_the_one_before(ledger):
    first, second = ledger.append(fact(1)), ledger.append(fact(2))
    assert (first.seq, second.seq) == (1, 2)
    assert first.previous == genesis(ledger.id).hex()
    assert second.previous == first.hash
    assert ledger.head() == Head(2, second.hash)


def test_what_is_read_back_is_what_went_in(ledger):
    made = ledger.append(fact(7, words="grüße", lone="\udcff", nested={"list": [1, 2.5, None, True]}))
    (read,) = ledger.entries()
    assert read == made
    assert read.facts == {"number": 7, "words": "grüße", "lone": "\udcff", "nested": {"list": [1, 2.5, None, True]}}
    assert (read.kind, read.actor, read.bead, read.run) == ("run_started", "codemonkey", "hub-1", "run-7")


def test_times_are_kept_to_the_microsecond_whatever_their_zone(ledger):
    local = datetime(2026, 3, 1, 13, 0, 0, 123456, tzinfo=timezone(timedelta(hours=1)))
    ledger.append(NewEntry(kind="x", at=local))
    assert ledger.entries()[0].at == local
    assert ledger.entries()[0].at.tzinfo is UTC


def test_the_next_process_goes_on_where_the_last_one_ended(ledger, path, clock):
    last = ledger.append(fact(1))
    ledger.close()
    with Ledger(path, clock=clock, key=KEY) as again:
        assert again.append(fact(2)).previous == last.hash


@pytest.mark.parametrize("facts", [{"a": object()}, {"a": float("nan")}, {"a": b"bytes"}, {"a": {1, 2}}])
def test_what_is_no_plain_json_is_refused_and_leaves_no_row(ledger, facts):
    with pytest.raises(LedgerError, match="no plain JSON"):
        ledger.append(NewEntry(kind="x", at=fact().at, facts=facts))
    assert ledger.head().seq == 0


def test_facts_that_are_too_long_are_refused(ledger):
    with pytest.raises(LedgerError, match="keep them as a body"):
        ledger.append(fact(1, text="x" * MAX_FACTS))


def test_a_time_without_a_zone_is_refused(ledger):
    with pytest.raises(LedgerError, match="zone"):
        ledger.append(NewEntry(kind="x", at=datetime(2026, 3, 1)))


def test_pages_are_oldest_first(ledger):
    fill(ledger, 10)
    assert seqs(ledger.entries(limit=3)) == [8, 9, 10]
    assert seqs(ledger.entries(before=8, limit=3)) == [5, 6, 7]
    assert seqs(ledger.entries(after=0, limit=3)) == [1, 2, 3]
    assert seqs(ledger.entries(after=8, limit=3)) == [9, 10]
    assert seqs(ledger.entries(after=2, before=9, limit=3)) == [6, 7, 8]


def test_pages_can_be_of_one_kind_or_one_bead(ledger):
    fill(ledger, 7)
    ledger.append(NewEntry(kind="payload_sent", at=fact().at, bead="hub-1"))
    assert seqs(ledger.entries(bead="hub-1", limit=2)) == [7, 8]
    assert seqs(ledger.entries(kind="payload_sent")) == [8]
    assert seqs(ledger.entries(kind="payload_sent", bead="hub-2")) == []


def test_a_row_nobody_could_have_written_is_not_shown_as_one(ledger, meddle):
    ledger.append(fact(1))
    meddle("UPDATE entries SET facts = '{'")
    with pytest.raises(LedgerError, match="b4tui ledger verify"):
        ledger.entries()


def test_only_the_user_can_read_the_file(ledger, path):
    ledger.append(fact(1))
    modes = {part.name: part.stat().st_mode & 0o777 for part in path.parent.glob("ledger.db*")}
    assert set(modes.values()) == {0o600}, modes


def test_a_ledger_open_for_reading_is_never_written(ledger, path, clock):
    ledger.append(fact(1))
    with Ledger(path, clock=clock, key=KEY, readonly=True) as reader:
        assert reader.head() == ledger.head()
        with pytest.raises(LedgerError, match="reading only"):
            reader.append(fact(2))


def test_reading_makes_no_ledger(path, clock):
    with pytest.raises(LedgerError, match="no ledger at"):
        Ledger(path, clock=clock, readonly=True)
    assert list(path.parent.iterdir()) == []
