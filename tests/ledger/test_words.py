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
    assert words(seconds=5.449399941426236e-05) == "took 5.449e-05 s"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
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
