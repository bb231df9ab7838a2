"""A value that the operator calls public is no finding: the whole value, for the rule that was named, or for any."""

from __future__ import annotations

import time

import pytest

from b4tui.gate.gate import Gate
from b4tui.gate.policy.allowing import Allowed, value_sha256
from b4tui.gate.rulebook.rule import built_in_rules
from b4tui.outward_sections import AllowedValue

MAIL = "hello@" + "werkstatt-firma.de"


def found(text: str, *values: AllowedValue) -> list[str]:
    gate = Gate(built_in_rules(), time.thread_time, allowed=Allowed.of(values))
    return [finding.rule for finding in gate.scan_text(text)]


def allowed(value: str, rule: str = "") -> AllowedValue:
    return AllowedValue(rule=rule, value_sha256=value_sha256(value))


def test_a_value_without_an_entry_is_a_finding() -> None:
    assert found(f"write to {MAIL}") == ["email"]


@pytest.mark.parametrize("rule", ["", "email"])
def test_a_value_called_public_is_none(rule: str) -> None:
    assert found(f"write to {MAIL}", allowed(MAIL, rule)) == []


@pytest.mark.parametrize(
    "entry",
    [allowed(MAIL, "phone"), allowed(MAIL[:-1]), allowed(MAIL[1:]), allowed(MAIL.upper()), allowed(f"{MAIL} ")],
)
def test_an_entry_covers_nothing_but_its_whole_value_and_rule(entry: AllowedValue) -> None:
    assert found(f"write to {MAIL}", entry) == ["email"]


def test_a_value_that_begins_with_a_public_one_is_not_public() -> None:
    assert found(f"write to x.{MAIL}", allowed(MAIL)) == ["email"]
