"""State and the rows that tell of it change together or not at all."""

from __future__ import annotations

import threading

import pytest

from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import LedgerError
from tests.ledger.conftest import KEY, fact, fill

SPEND = "INSERT OR IGNORE INTO spent_permits (id, approval, at) VALUES (?, 'ap-1', '2026')"


def spent(ledger):
    return [row[0] for row in ledger.query("SELECT id FROM spent_permits")]


def test_what_a_transaction_does_is_there_when_it_ends(ledger):
    with ledger.transaction() as writing:
        assert writing.execute(SPEND, ("p1",)) == 1
        row = writing.append(fact(1))
        assert writing.head().seq == 1
        assert writing.query("SELECT count(*) FROM entries") == [(1,)]
        assert ledger.head().seq == 0  # nobody else sees a half
    assert spent(ledger) == ["p1"]
    assert ledger.entries() == (row,)


def test_an_error_in_it_undoes_all_of_it(ledger):
    with pytest.raises(OSError, match="the network"), ledger.transaction() as writing:
        writing.execute(SPEND, ("p1",))
        writing.append(fact(1))
        raise OSError("the network")  # the caller's own, and not taken for one of the ledger's
    assert spent(ledger) == []
    assert ledger.head().seq == 0
    assert ledger.append(fact(2)).seq == 1


def test_a_key_press_in_it_undoes_all_of_it(ledger):
    with pytest.raises(KeyboardInterrupt), ledger.transaction() as writing:
        writing.append(fact(1))
        raise KeyboardInterrupt
    assert ledger.head().seq == 0
    ledger.append(fact(2))


def test_a_row_that_cannot_be_written_undoes_all_of_it(ledger):
    with pytest.raises(LedgerError, match="no plain JSON"), ledger.transaction() as writing:
        writing.execute(SPEND, ("p1",))
        writing.append(fact(1, wrong=object()))
    assert spent(ledger) == []


def test_spending_twice_changes_no_row(ledger):
    with ledger.transaction() as writing:
        assert writing.execute(SPEND, ("p1",)) == 1
    with ledger.transaction() as writing:
        assert writing.execute(SPEND, ("p1",)) == 0


def test_a_statement_sqlite_refuses_is_said_in_words_and_undoes_all(ledger, path):
    with pytest.raises(LedgerError, match=str(path)), ledger.transaction() as writing:
        writing.append(fact(1))
        writing.execute("INSERT INTO nowhere VALUES (1)")
    assert ledger.head().seq == 0


def test_one_cannot_hold_another(ledger):
    with ledger.transaction() as writing:
        writing.append(fact(1))
        with pytest.raises(LedgerError, match="cannot hold another"):
            ledger.append(fact(2))
    assert ledger.head().seq == 1


def test_many_threads_write_one_chain(ledger):
    def work(name: int) -> None:
        for number in range(25):
            ledger.append(fact(number, thread=name))
            ledger.entries(limit=3)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = ledger.verify()
    assert (found.rows, found.faults) == (150, ())
    # Each thread's own facts are in the order in which it told them.
    for name in range(6):
        told = [row.facts["number"] for row in ledger.entries(limit=200) if row.facts["thread"] == name]
        assert told == list(range(25))


def test_a_file_that_was_moved_away_is_not_written_into_the_void(ledger, path):
    ledger.append(fact(1))
    path.rename(path.with_name("elsewhere.db"))
    with pytest.raises(LedgerError, match="moved or replaced"):
        ledger.append(fact(2))


def test_rows_taken_away_from_under_it_stop_it(ledger, meddle):
    fill(ledger, 5)
    meddle("DELETE FROM entries WHERE seq > 3")
    with pytest.raises(LedgerError, match="rows were taken away"):
        ledger.append(fact(6))
    assert ledger.head().seq == 3


def test_closing_waits_for_who_is_at_work(ledger, path, clock):
    begun, go_on = threading.Event(), threading.Event()

    def work() -> None:
        with ledger.transaction() as writing:
            begun.set()
            go_on.wait(10)
            writing.append(fact())

    worker, closing = threading.Thread(target=work), threading.Thread(target=ledger.close)
    worker.start()
    assert begun.wait(10)
    closing.start()
    assert closing.is_alive()
    go_on.set()
    worker.join(10)
    closing.join(10)
    with Ledger(path, clock=clock, key=KEY) as again:
        assert again.head().seq == 1


def test_what_is_asked_of_a_closed_ledger_is_refused_in_words(ledger):
    ledger.close()
    for ask in (ledger.head, ledger.entries, lambda: ledger.append(fact())):
        with pytest.raises(LedgerError, match="closed"):
            ask()
