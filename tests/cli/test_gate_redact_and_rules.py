"""`b4tui gate redact` and `b4tui gate rules`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import pytest

from b4tui.cli.gate.placeholder_words import placeholder_words
from b4tui.gate.policy.public_values import PublicValue, add_public_value
from b4tui.gate.rulebook.examples import expand
from b4tui.gate.rulebook.rule import built_in_rules

TOKEN = expand("ghp_{alnum:36}", 1)
MAIL = "erika.musterfrau@" + "werkstatt-firma.de"
TEXT = f"token {TOKEN}\nmail {MAIL}, {MAIL}\n"
REDACTED = "token [[SECRET_1:github-token]]\nmail [[EMAIL_1]], [[EMAIL_1]]\n"


def test_a_text_is_printed_without_what_must_stay(b4tui_here, tmp_path):
    (tmp_path / "x.txt").write_text(TEXT)
    for name, stdin in (("x.txt", None), ("-", TEXT)):
        answer = b4tui_here("gate", "redact", name, stdin=stdin)
        assert (answer.code, answer.out) == (0, REDACTED)
        assert answer.err == "b4tui: replaced 1 e-mail address, 1 secret\n"


def test_where_a_text_has_placeholders_already_what_was_replaced_has_the_same_name(b4tui_here):
    answer = b4tui_here("gate", "redact", "-", stdin=f"see [[EMAIL_1]], mail {MAIL}\n")
    assert answer.out == "see [[EMAIL_1]], mail [[N1_EMAIL_1]]\n"
    assert answer.err == "b4tui: replaced 1 e-mail address\n"


@pytest.mark.parametrize(
    ("kind", "count", "said"),
    [
        ("SECRET", 2, "2 secrets"),
        ("SSH_TARGET", 1, "1 ssh target"),
        ("MAC_ADDRESS", 2, "2 mac addresses"),
        ("EMAIL", 1_200, "1,200 e-mail addresses"),
        ("PROJECT_NAME", 3, "3 project names"),
    ],
)
def test_what_was_replaced_is_said_in_words(kind: str, count: int, said: str):
    assert placeholder_words(kind, count) == said


def test_a_clean_text_is_printed_as_it_is(b4tui_here):
    answer = b4tui_here("gate", "redact", "-", stdin="größe\n")
    assert (answer.code, answer.out, answer.err) == (0, "größe\n", "b4tui: nothing had to be replaced\n")


def test_json_holds_no_value(b4tui_here):
    answer = b4tui_here("gate", "redact", "-", "--json", stdin=TEXT)
    assert answer.json == {
        "text": REDACTED,
        "placeholders": ["[[SECRET_1:github-token]]", "[[EMAIL_1]]"],
        "counts": {"EMAIL": 1, "SECRET": 1},
    }
    assert TOKEN not in answer.out and MAIL not in answer.out


@pytest.mark.parametrize("data", [b"a\0b", b"\xff\xfe"])
def test_what_is_not_read_stays_here_and_nothing_is_printed(b4tui_here, tmp_path, data):
    (tmp_path / "x").write_bytes(data)
    answer = b4tui_here("gate", "redact", "x")
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("b4tui: x stays here: ")


def test_wrong_usage_is_2(b4tui_here):
    assert b4tui_here("gate", "redact").code == 2
    assert b4tui_here("gate", "redact", "none.txt").code == 2
    assert b4tui_here("gate", "rules", "no-such-rule").code == 2


def test_the_rules_are_listed_with_what_they_find(b4tui_here):
    answer = b4tui_here("gate", "rules")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert lines[0].split() == ["rule", "class", "severity", "finds"]
    assert any(line.split()[:3] == ["github-token", "secret", "block"] for line in lines)
    rules = built_in_rules()
    assert lines[-1] == f"{len(rules.rules)} rules, sha256 {rules.sha256[:16]}"


def test_the_rules_as_json(b4tui_here):
    document = b4tui_here("gate", "rules", "--json").json
    assert document["sha256"] == built_in_rules().sha256
    assert {rule["id"] for rule in document["rules"]} == {rule.id for rule in built_in_rules()}
    (one,) = b4tui_here("gate", "rules", "email", "--json").json["rules"]
    assert (one["class"], one["severity"], one["origin"]) == ("personal", "block", "built_in")


def test_one_rule_with_examples_made_up_on_the_spot(b4tui_here):
    out = b4tui_here("gate", "rules", "github-token").out
    assert out.startswith("github-token 1: a GitHub token\n")
    assert "{alnum" not in out and "ghp_" in out


def test_rules_that_are_off_are_shown(b4tui_here):
    answer = b4tui_here("gate", "rules", B4TUI_GATE__UNSAFE_DISABLE='["email"]')
    assert "▲ switched off by gate.unsafe_disable or a weight: email" in answer.out


def test_what_was_called_public_is_listed_with_the_way_back(b4tui_here, environment):
    path = Path(environment["HOME"]) / ".local" / "state" / "b4tui" / "public-values.json"
    value = PublicValue(rule="email", value_sha256=hashlib.sha256(MAIL.encode()).hexdigest(), note="on our page")
    add_public_value(path, value)
    first, way = b4tui_here("gate", "rules").out.splitlines()[-2:]
    assert first == f"▲ called public, for all hubs: email, sha256 {value.value_sha256[:16]}…: on our page"
    assert str(path) in way
    assert b4tui_here("gate", "rules", "--json").json["public"] == [asdict(value)]
    assert b4tui_here("gate", "check", "-", stdin=MAIL).code == 0
    path.chmod(0o644)
    assert b4tui_here("gate", "rules").code == 1


def test_the_shape_of_an_own_rule_is_one_that_works(b4tui_here, tmp_path):
    (tmp_path / "own.toml").write_text(b4tui_here("gate", "rules", "--toml").out)
    own = {"B4TUI_GATE__RULES_FILE": "own.toml"}
    answer = b4tui_here("gate", "rules", "project-codename", "--check", **own)
    assert (answer.code, answer.out) == (0, "1 rules tried: none failed\n")
    assert "(your own)" in b4tui_here("gate", "rules", **own).out
    found = b4tui_here("gate", "check", "-", "--json", stdin="about project-kilo", **own).json
    assert found["files"][0]["findings"][0]["rule"] == "project-codename"


def test_an_own_rule_that_does_not_do_what_it_says_is_told(b4tui_here, tmp_path):
    text = b4tui_here("gate", "rules", "--toml").out.replace("[a-z]{4}", "[a-z]{5}")
    (tmp_path / "own.toml").write_text(text)
    answer = b4tui_here("gate", "rules", "--check", "project-codename", "--json", B4TUI_GATE__RULES_FILE="own.toml")
    assert answer.code == 1
    assert [one["what"] for one in answer.json["failures"]] == [
        "does not find: ship project-kilo today",
        "does not find: PROJECT-LIMA",
        "does not find: see project-mike.",
    ]


def test_a_rules_file_with_a_fault_fails_with_the_rule(b4tui_here, tmp_path):
    (tmp_path / "own.toml").write_text(json.dumps({}) + "[[rule")
    answer = b4tui_here("gate", "rules", B4TUI_GATE__RULES_FILE="own.toml")
    assert answer.code == 1 and "own.toml" in answer.err
