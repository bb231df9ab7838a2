"""The operator's word on the rules: own ones on re2, raised severities, rules that are off; faults stop all."""

from __future__ import annotations

from pathlib import Path

import pytest

from b4tui.gate.detectors import built_in_detectors
from b4tui.gate.rulebook.operator_rules import rules_in_force
from b4tui.gate.rulebook.rule import Origin, built_in_rules
from b4tui.gate.scanner import Scanner
from b4tui.gate.types import GateError, Severity
from b4tui.outward_sections import GateConfig

BUILT_IN = built_in_rules()
OWN = """
[[rule]]
id = "project-codename"
version = 1
class = "infrastructure"
severity = "{severity}"
description = "a code name"
anchor = "whole"
pattern = '{pattern}'
yes = []
no = []
"""


def in_force(folder: Path, text: str | None = None, **config: object):
    if text is not None:
        (folder / "own.toml").write_text(text)
        config["rules_file"] = str(folder / "own.toml")
    return rules_in_force(GateConfig.model_validate(config), BUILT_IN)


def own(pattern: str, severity: str = "block") -> str:
    return OWN.format(pattern=pattern, severity=severity)


def test_without_a_word_of_the_operators_the_built_in_rules_hold(tmp_path: Path) -> None:
    assert in_force(tmp_path) == BUILT_IN


def test_an_own_rule_finds_what_it_says(tmp_path: Path) -> None:
    rules = in_force(tmp_path, own(r"(?i)\bproject-[a-z]{4}\b"))
    hits = Scanner(rules, built_in_detectors()).scan("ship Project-Kilo, käse, project-kilo")
    assert [(hit.rule, hit.start, hit.end) for hit in hits] == [
        ("project-codename", 5, 17),
        ("project-codename", 25, 37),
    ]
    assert rules.by_id()["project-codename"].origin is Origin.OPERATOR
    assert rules.sha256 != BUILT_IN.sha256


def test_a_pattern_that_would_take_for_ever_elsewhere_takes_no_time(tmp_path: Path) -> None:
    scanner = Scanner(in_force(tmp_path, own(r"(\w+\s?)+@corp")), built_in_detectors())
    # A matcher that tries every way doubles its time with each letter, and would not come back from this.
    assert scanner.scan("a" * 60 + "!") == ()


@pytest.mark.parametrize("pattern", [r"(?<=x)y", r"(?=x)", r"(x)\1", "(", "[z-a]"])
def test_a_pattern_that_is_not_taken_stops_all_and_names_the_rule(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(GateError, match=r"own\.toml, rule project-codename"):
        in_force(tmp_path, own(pattern))


def test_why_a_pattern_is_not_taken_is_said_in_words_and_nothing_else_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(GateError, match=r"re2 does not take the pattern: invalid perl operator"):
        in_force(tmp_path, own("(?<=x)y"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[rule]", "own.toml"),
        ("[[rule]]\nid = 'x-y'", "own.toml, rule x-y"),
        ("[allow]\nx = 1", "unknown table allow"),
        (own("x").replace("project-codename", "github-token"), "two rules are called github-token"),
        (own("x").replace("infrastructure", "nonsense"), "nonsense"),
        (own("x").replace("version = 1", "version = 1\ncolour = 1"), "colour"),
        (own("x").replace("pattern", "detector"), "project-codename"),
        ("severity = 1", "[severity] is a table"),
        ("[severity]\nno-such-rule = 'block'", "no rule is called no-such-rule"),
        ("[severity]\nemail = 'loud'", "it is block, ask or warn"),
        ("[severity]\nemail = 'warn'", "can only be raised"),
    ],
)
def test_a_fault_in_the_file_stops_all_and_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(GateError) as raised:
        in_force(tmp_path, text)
    assert words in str(raised.value)


def test_a_file_that_is_not_there_stops_all(tmp_path: Path) -> None:
    with pytest.raises(GateError, match=r"gate\.rules_file .* cannot be read"):
        in_force(tmp_path, rules_file=str(tmp_path / "none.toml"))


def test_bytes_that_are_no_text_stop_all(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GateError, match=r"own\.toml"):
        in_force(tmp_path, rules_file=str(tmp_path / "own.toml"))


def test_a_severity_can_be_raised(tmp_path: Path) -> None:
    rules = in_force(tmp_path, own("x-y-z", "ask") + "\n[severity]\nproject-codename = 'block'")
    assert rules.by_id()["project-codename"].severity is Severity.BLOCK


def test_a_built_in_rule_is_off_only_by_name_and_the_hash_tells(tmp_path: Path) -> None:
    rules = in_force(tmp_path, unsafe_disable=["email"])
    assert "email" not in rules.by_id() and rules.disabled == {"email"}
    assert rules.sha256 != BUILT_IN.sha256
    with pytest.raises(GateError, match="no rule is called emial"):
        in_force(tmp_path, unsafe_disable=["emial"])


def test_the_weights_of_addresses(tmp_path: Path) -> None:
    rules = in_force(tmp_path, private_ip="ask", public_ip="ignore")
    by_id = rules.by_id()
    assert by_id["ip-private"].severity is by_id["ip6-private"].severity is Severity.ASK
    assert "ip-public" not in by_id and "ip6-public" not in by_id
    assert len({rules.sha256, BUILT_IN.sha256, in_force(tmp_path, private_ip="ask").sha256}) == 3
