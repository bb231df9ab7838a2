"""How rule files are read: whatever is not understood closes the gate."""

from __future__ import annotations

import re
from pathlib import Path
from re import _parser

import pytest

from b4tui.gate.rulebook.rule import Origin, Rule, built_in_rules, load_rules
from b4tui.gate.types import GateError, Severity

GOOD = b"""
[defaults]
class = "secret"
version = 1

[[rule]]
id = "a1"
description = "d"
keywords = ["k"]
pattern = "k[0-9]{1,3}"
"""


def test_defaults_are_for_all_rules_of_a_file() -> None:
    (rule,) = load_rules({"a.toml": GOOD})
    assert (rule.id, rule.version, rule.severity) == ("a1", 1, Severity.BLOCK)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ((b"class =", b"klass ="), "'class' is missing"),
        ((b'"secret"', b'"secrets"'), "secrets"),
        ((b"version = 1", b"version = 0"), "version"),
        ((b'"a1"', b'"A 1"'), "id"),
        ((b'["k"]', b'["K"]'), "lower-case"),
        ((b'["k"]', b'"k"'), "list"),
        ((b'pattern = "k[0-9]{1,3}"', b""), "pattern"),
        ((b'description = "d"', b""), "description"),
        ((b"[[rule]]", b"[rules]"), "rules"),
        ((b"[defaults]", b"[defaults"), "a.toml"),
        ((b"a1", b"\xff"), "a.toml"),
    ],
)
def test_what_is_not_understood_is_refused_with_its_place(change: tuple[bytes, bytes], told: str) -> None:
    with pytest.raises(GateError, match=re.escape(told)):
        load_rules({"a.toml": GOOD.replace(*change)})


def test_a_pattern_that_re2_does_not_take_is_refused_when_it_is_read() -> None:
    with pytest.raises(GateError, match="rule a1: re2"):
        load_rules({"mine.toml": GOOD.replace(b"k[0-9]{1,3}", b"(?<=k)[0-9]")}, Origin.OPERATOR)


def test_two_rules_of_one_id_are_refused() -> None:
    with pytest.raises(GateError, match="a1"):
        load_rules({"a.toml": GOOD, "b.toml": GOOD})
    with pytest.raises(GateError, match="a1"):
        load_rules({"a.toml": GOOD}).joined(load_rules({"b.toml": GOOD}))


def test_the_hash_stands_for_all_that_decides() -> None:
    rules = load_rules({"a.toml": GOOD})
    same = load_rules({"a.toml": GOOD})
    other = load_rules({"a.toml": GOOD.replace(b"{1,3}", b"{1,4}")})
    (rule,) = rules
    hashes = [rules.sha256, other.sha256, rules.without({"a1"}).sha256]
    assert rules.sha256 == same.sha256 and len(set(hashes)) == 3
    with pytest.raises(GateError, match="no rule is called a2"):
        rules.without({"a2"})
    assert rule in rules.rules


def test_without_rule_files_there_is_no_gate(tmp_path: Path) -> None:
    with pytest.raises(GateError, match="install b4tui again"):
        built_in_rules(tmp_path)


def endless(parsed: object) -> bool:
    """Whether a parsed pattern has a repetition without a most in it."""
    if isinstance(parsed, tuple) and len(parsed) == 3 and parsed[1] is _parser.MAXREPEAT:
        return True
    return isinstance(parsed, list | tuple | _parser.SubPattern) and any(endless(part) for part in parsed)


@pytest.mark.parametrize("rule", [rule for rule in built_in_rules() if rule.pattern], ids=lambda rule: rule.id)
def test_no_pattern_of_a_built_in_rule_repeats_without_end(rule: Rule) -> None:
    """What is bounded cannot run away: `+` and `*` are written with their most."""
    assert not endless(_parser.parse(rule.pattern))
