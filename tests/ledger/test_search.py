"""Words find rows; and nothing that befalls the index of words touches the ledger."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

import pytest

from b4tui.ledger import search
from b4tui.ledger.finding import Search
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.search import SearchIndex
from b4tui.ledger.types import NewEntry
from tests.ledger.conftest import KEY, START, fact, fill


def numbers(found):
    return [entry.seq for entry in found.entries]


def row(kind="approval_asked", actor="romanov", bead="hub-7", **facts):
    return NewEntry(kind=kind, at=START, actor=actor, bead=bead, run="run-9", facts=facts)


@pytest.fixture
def filled(ledger):
    fill(ledger, 6)
    ledger.append(row(host="api.example.com", reason="Needs a longer Überblick", sha256="9f2c" + "0" * 60))
    ledger.append(row(kind="payload_sent", host="api.example.com", bytes_out=3214))
    return ledger


@pytest.fixture
def index(path):
    return path.with_name("ledger-search.db")


def without_index(monkeypatch):
    def unusable(*_, **__):
        raise search.IndexUnusable("no such module: fts5")

    monkeypatch.setattr(search.SearchIndex, "find", unusable)


QUESTIONS = [
    ("example", [7, 8]),
    ("api.example.com", [7, 8]),
    ("approval", [7]),
    ("approval_asked romanov", [7]),
    ("überblick", [7]),
    ("9f2c", [7]),
    ("3214", [8]),
    ("longer example", [7]),
    ("longer nothing", []),
    ("hub-7", [7, 8]),
    ("run-9", [7, 8]),
    ("host", []),
    ("", []),
    ("   ", []),
    ('"', []),
    ('" OR "', []),
    ("example AND nothing", []),
    ("NOT example", []),
    ("exam* )", [7, 8]),
    ("text:example", []),
    ("\0", []),
]


@pytest.mark.parametrize(("text", "found"), QUESTIONS)
def test_every_word_must_be_in_the_row(filled, text, found):
    answer = filled.search(text)
    assert (numbers(answer), answer.note) == (found, "")


@pytest.mark.parametrize(("text", "found"), [question for question in QUESTIONS if question[0] not in ("exam* )", '"')])
def test_without_an_index_the_same_is_found_and_it_is_said(filled, monkeypatch, text, found):
    without_index(monkeypatch)
    answer = filled.search(text)
    assert numbers(answer) == found
    assert "every row was read" in answer.note and "no such module: fts5" in answer.note


@pytest.mark.parametrize("indexed", [True, False])
def test_pages_can_be_turned_and_narrowed(ledger, monkeypatch, indexed):
    if not indexed:
        without_index(monkeypatch)
    fill(ledger, 30)
    assert numbers(ledger.search("codemonkey", limit=4)) == [27, 28, 29, 30]
    assert numbers(ledger.search("codemonkey", limit=4, before=27)) == [23, 24, 25, 26]
    assert numbers(ledger.search("codemonkey", limit=4, bead="hub-1")) == [19, 22, 25, 28]
    assert numbers(ledger.search("codemonkey", limit=4, kind="payload_sent")) == []


def test_rows_recorded_later_are_found_too(filled):
    assert numbers(filled.search("example")) == [7, 8]
    filled.append(row(host="another.example.com"))
    assert numbers(filled.search("example")) == [7, 8, 9]


@pytest.mark.parametrize("harm", ["noise", "text", "gone", "folder"])
def test_a_damaged_index_is_made_anew_and_the_ledger_does_not_notice(filled, path, clock, index, harm):
    filled.search("example")
    if harm == "gone":
        index.unlink()
    elif harm == "folder":
        index.unlink()
        index.mkdir()
    else:
        index.write_bytes(os.urandom(20_000) if harm == "noise" else b"not a database")
    filled.append(row(host="later.example.com"))
    answer = filled.search("example")
    assert numbers(answer) == [7, 8, 9]
    assert bool(answer.note) == (harm == "folder")
    assert filled.verify().faults == ()


def test_the_index_of_another_ledger_is_not_believed(filled, path, clock, index, tmp_path):
    filled.search("example")
    (tmp_path / "two").mkdir()
    index.rename(tmp_path / "two" / index.name)
    with Ledger(tmp_path / "two" / "ledger.db", clock=clock, key=KEY) as other:
        other.append(fact(1, word="orchid"))
        assert numbers(other.search("example")) == []
        assert numbers(other.search("orchid")) == [1]


def test_an_index_that_is_ahead_of_its_ledger_is_not_believed(filled, path, clock, meddle):
    filled.search("example")
    filled.close()
    meddle("DELETE FROM entries WHERE seq > 7")
    with Ledger(path, clock=clock, key=KEY) as shorter:
        assert numbers(shorter.search("example")) == [7]


def test_an_index_that_another_process_brought_further_is_kept(ledger, index):
    fill(ledger, 5)
    before = ledger.head()
    fill(ledger, 5)
    ledger.search("run_started")
    with closing(sqlite3.connect(index, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE mark (x)")
    late = Search(SearchIndex(index, ledger.id), ledger.query, before.seq)
    assert [entry.seq for entry in late.entries("run_started", before=None, limit=99, kind=None, bead=None)] == [
        1,
        2,
        3,
        4,
        5,
    ]
    with closing(sqlite3.connect(index)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'mark'").fetchone() == (1,)
