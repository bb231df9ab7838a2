"""A row in a line for a person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from b4tui.ledger.fact_words import told
from b4tui.ledger.types import Entry
from b4tui.ledger.words import facts_in_words

MONEY = {"money": 0.0612, "currency": "USD", "tokens_in": 1200, "tokens_out": 80}


def words(**facts: Any) -> str:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return facts_in_words(Entry(seq=1, kind="x", at=at, actor="", bead="", run="", facts=facts, previous="", hash=""))


def test_the_telling_facts_come_first_and_reasons_last() -> None:
    assert (
        words(reason="because", bytes_out=12_000, state="denied") == "state denied, sent 12,000 bytes, reason because"
    )


def test_what_says_nothing_is_left_out_and_nothing_counts_as_something() -> None:
    assert words(grant="", redacted={}, findings=[], cost=None, steps=0, ok=False) == "ok no, steps 0"


def test_seconds_are_told_as_exactly_as_anybody_reads_them() -> None:
    assert words(seconds=0.004799221000212128) == "took 0.004799 s"
    assert words(seconds=5.449399941426236e-05) == "took 0.054 ms"
    assert words(seconds=0) == "took 0 s"
    assert words(seconds=1e-7) == "took 0.00 ms"
    assert words(waited_s=41.5) == "waited 41.5 s"
    assert words(waited_s=12_345.6) == "waited 12,346 s"


@pytest.mark.parametrize(
    ("kind", "facts", "said"),
    [
        ("tool_called", {"tool": "bash", "call": "c1", "summary": "pytest -q"}, "bash pytest -q"),
        (
            "tool_finished",
            {"tool": "bash", "call": "c1", "ok": False, "seconds": 2.5, "summary": "exit status 1"},
            "bash failed: exit status 1, took 2.5 s",
        ),
        ("tool_finished", {"tool": "write", "call": "c2", "ok": True}, "write done"),
        ("file_changed", {"path": "a.py", "added": 3, "removed": 1}, "a.py +3 -1"),
        ("private_read", {"source": "file:.env", "provenance": "private"}, "file:.env (private)"),
        ("tokens_counted", {"prompt_tokens": 1200, "generated_tokens": 80}, "1,200 read, 80 written"),
        ("step_started", {"step": 2}, "step 2"),
        (
            "egress_refused",
            {"how": "socket.connect", "where": "203.0.113.7:443"},
            "the guard stopped socket.connect to 203.0.113.7:443",
        ),
        ("tool_called", {"tool": "bash", "call": "c1"}, "tool bash, call c1"),
        ("file_changed", {"path": ["a"], "added": 3, "removed": 1}, "added 3, path a, removed 1"),
    ],
)
def test_common_rows_begin_with_what_a_person_looks_for(kind: str, facts: dict[str, Any], said: str) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    row = Entry(seq=1, kind=kind, at=at, actor="", bead="", run="", facts=facts, previous="", hash="")
    assert facts_in_words(row) == said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("output_characters", 1200, "output 1,200 characters"),
        ("cost", MONEY, "cost 0.06 USD for 1,200 tokens in, 80 out"),
        ("estimate", {**MONEY, "money": 0.004}, "estimate under 0.01 USD for 1,200 tokens in, 80 out"),
        ("cost", {**MONEY, "money": None}, "cost no price is known for 1,200 tokens in, 80 out"),
        ("deadline", "2026-03-01T10:00:00+00:00", "deadline 2026-03-01 12:00:00"),
        ("sha256", "ab" * 32, "sha256 abababababab…"),
        ("evidence", {"seen_share": 1.0, "seconds": 41.5}, "evidence: seen 100%, took 41.5 s"),
        ("findings", [{"rule": "email", "class": "personal"}], "findings rule email, class personal"),
    ],
)
def test_known_facts_are_told_in_words(name: str, value: Any, said: str) -> None:
    assert told(name, value, timezone(timedelta(hours=2))).line == said


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("new_thing", 12_000, "new thing: 12,000"),
        ("cost", "free", "cost: free"),
        ("cost", {"money": True}, "cost: money: yes"),
        ("bytes_out", "many", "bytes out: many"),
        ("deadline", "soon", "deadline: soon"),
        ("deadline", 7, "deadline: 7"),
    ],
)
def test_what_is_not_known_is_told_by_its_name(name: str, value: Any, said: str) -> None:
    assert told(name, value).line == said
