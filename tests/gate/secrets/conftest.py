"""A scanner that knows assignments and nothing else. A file about another detector makes its own."""

from __future__ import annotations

import pytest

from b4tui.gate.rulebook.rule import RuleSet, built_in_rules
from b4tui.gate.scanner import Scanner
from b4tui.gate.secrets.assignment import RULE, Assignments


@pytest.fixture(scope="package")
def scanner() -> Scanner:
    rules = built_in_rules()
    return Scanner(RuleSet((rules.by_id()[RULE],), rules.sha256), [Assignments()])
