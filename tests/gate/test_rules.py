"""Every rule of every file finds what its own examples say, and nothing in those that say no."""

from __future__ import annotations

import pytest

from b4tui.gate.detectors import built_in_detectors
from b4tui.gate.known.sample import sample_known
from b4tui.gate.rulebook.examples import expand
from b4tui.gate.rulebook.rule import Rule, built_in_rules
from b4tui.gate.scanner import Scanner

RULES = built_in_rules()
SEEDS = range(3)


@pytest.fixture(scope="module")
def scanner() -> Scanner:
    return Scanner(RULES, built_in_detectors(sample_known()))


def found(scanner: Scanner, text: str) -> set[str]:
    return {hit.rule for hit in scanner.scan(text)}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_finds_its_examples_and_only_those(scanner: Scanner, rule: Rule) -> None:
    assert len(rule.yes) >= 3 and len(rule.no) >= 3
    for seed in SEEDS:
        assert [one for one in rule.yes if rule.id not in found(scanner, expand(one, seed))] == []
        assert [one for one in rule.no if rule.id in found(scanner, expand(one, seed))] == []
