"""A row in a line for a person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from b4tui.ledger.types import Entry
from b4tui.ledger.words import facts_in_words


def words(**facts: Any) -> str:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return facts_in_words(Entry(seq=1, kind="x", at=at, actor="", bead="", run="", facts=facts, previous="", hash=""))


def test_the_telling_facts_come_first_and_reasons_last() -> None:
    assert words(reason="because", bytes_out=12_000, state="denied") == "state denied, bytes out 12,000, reason because"


def test_what_says_nothing_is_left_out_and_nothing_counts_as_something() -> None:
    assert words(grant="", redacted={}, findings=[], cost=None, steps=0, ok=False) == "ok no, steps 0"


def test_seconds_are_told_as_exactly_as_anybody_reads_them() -> None:
    assert words(seconds=0.004799221000212128) == "seconds 0.004799"
    assert words(seconds=5.449399941426236e-05) == "seconds 5.449e-05"
