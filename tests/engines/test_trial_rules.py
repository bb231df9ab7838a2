"""The rules of the trials: what keeps each of them, what breaks it, and why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines.trials.rules import Answer, Called, Declines, Exact, Function, JsonObject, Summary
from b4tui.engines.trials.trials import read_trials
from b4tui.engines.types import ToolCall

EXACT = Exact(kind="exact", text="NORTH STREAM")
OBJECT = JsonObject(
    kind="json", fields={"host": "string", "down": "boolean", "waiting": "integer"}, equals={"host": "atlas-2"}
)
CALL = Called(kind="call", tool="read", arguments={"path": "a.md"})
SUMMARY = Summary(kind="summary", most_words=4, mentions=("Vestby", "ice"))
FUNCTION = Function(kind="function", name="mean", arguments=1)
DECLINES = Declines(kind="declines", word="UNKNOWN")


@pytest.mark.parametrize("text", ["NORTH STREAM", "  NORTH STREAM\n"])
def test_the_exact_words(text: str) -> None:
    assert EXACT.broken(Answer(text)) == ""


@pytest.mark.parametrize("text", ["", "north stream", "NORTH STREAM.", "Sure! NORTH STREAM"])
def test_other_words(text: str) -> None:
    assert "nothing else" in EXACT.broken(Answer(text))


@pytest.mark.parametrize("fence", ["{}", "```json\n{}\n```", "\n```\n{}```\n"])
def test_json_with_or_without_a_fence(fence: str) -> None:
    text = fence.replace("{}", '{"host": "atlas-2", "down": true, "waiting": 14}')
    assert OBJECT.broken(Answer(text)) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("The host is atlas-2.", "no JSON"),
        ('Here: {"host": "atlas-2"}', "no JSON"),
        ("[1]", "no object"),
        ('{"host": "atlas-2", "down": true}', "waiting is missing"),
        ('{"host": "atlas-2", "down": 1, "waiting": 14}', "down is no boolean"),
        ('{"host": "atlas-2", "down": true, "waiting": true}', "waiting is no integer"),
        ('{"host": "atlas-2", "down": true, "waiting": "14"}', "waiting is no integer"),
        ('{"host": "atlas-3", "down": true, "waiting": 14}', "host has a wrong value"),
        ('{"a":' * 20_000, "no JSON"),
    ],
)
def test_other_json(text: str, why: str) -> None:
    assert why in OBJECT.broken(Answer(text))


def test_the_call_that_was_asked_for() -> None:
    assert CALL.broken(Answer("I look.", (ToolCall("1", "read", {"path": "a.md"}),))) == ""


@pytest.mark.parametrize(
    ("calls", "why"),
    [
        ((), "no tool was called"),
        ((ToolCall("1", "search", {"text": "a.md"}),), "read was to be called"),
        ((ToolCall("1", "read", {"path": "b.md"}),), "arguments are wrong"),
        ((ToolCall("1", "read", {"path": "a.md", "deep": True}),), "arguments are wrong"),
        ((ToolCall("1", "read", {"path": "a.md"}), ToolCall("2", "read", {"path": "a.md"})), "2 calls"),
    ],
)
def test_other_calls(calls: tuple[ToolCall, ...], why: str) -> None:
    assert why in CALL.broken(Answer("", calls))


def test_a_short_summary_that_says_what_matters() -> None:
    assert SUMMARY.broken(Answer("Ice closes Vestby's harbour.")) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [("Ice closes the harbour of Vestby.", "6 words"), ("Snow closes Vestby.", "ice"), ("", "Vestby")],
)
def test_other_summaries(text: str, why: str) -> None:
    assert why in SUMMARY.broken(Answer(text))


@pytest.mark.parametrize("text", ["def mean(numbers):\n    return 0.0", "```python\ndef mean(xs): return 1\n```"])
def test_a_function(text: str) -> None:
    assert FUNCTION.broken(Answer(text)) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def mean(numbers)\n    return 0.0", "no Python"),
        ("Here it is:\n```python\ndef mean(xs): return 1\n```", "no Python"),
        ("def average(xs): return 1", "no function mean"),
        ("def mean(xs, n): return 1", "does not take 1"),
        ("\0", "no Python"),
        ("(" * 10_000, "no Python"),
    ],
)
def test_other_code(text: str, why: str) -> None:
    assert why in FUNCTION.broken(Answer(text))


def test_code_is_read_and_not_run() -> None:
    assert "mean" in FUNCTION.broken(Answer("raise SystemExit('this ran')"))


@pytest.mark.parametrize(("text", "why"), [("UNKNOWN", ""), ("It is unknown.", ""), ("120 metres", "figure")])
def test_declining(text: str, why: str) -> None:
    broken = DECLINES.broken(Answer(text))
    assert why in broken if why else not broken
    assert "does not say UNKNOWN" in DECLINES.broken(Answer("Quite long."))


@given(text=st.text())
def test_any_text_is_judged(text: str) -> None:
    for trial in read_trials().trial:
        assert isinstance(trial.rule.broken(Answer(text)), str)
