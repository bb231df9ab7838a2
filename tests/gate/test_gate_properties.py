"""What holds for every text: the same answer each time, spans within it, no value in what is shown of a finding."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable
from itertools import pairwise
from urllib.parse import quote

from attacks import TOKEN
from gate_asking import ask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b4tui.gate.gate import Gate
from b4tui.gate.rulebook.examples import expand
from b4tui.gate.rulebook.rule import built_in_rules
from b4tui.gate.types import GateError
from b4tui.gate.views.normalising import beyond_ascii, normalised

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
RULES = [rule for rule in built_in_rules() if rule.detector not in ("known", "hidden")]

SNIPPETS = st.sampled_from([example for rule in RULES for example in rule.yes[:2]]).map(expand)
TEXTS = st.lists(SNIPPETS | st.text(max_size=30).filter(lambda text: "\0" not in text), min_size=1, max_size=4).map(
    "\n".join
)


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


ENCODINGS: tuple[Callable[[str], str], ...] = (
    _b64,
    lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    lambda text: text.encode().hex(),
    lambda text: "".join(f"%{code:02x}" for code in text.encode()),
    lambda text: quote(text, safe=""),
    lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    lambda text: "".join(f"\\x{ord(char):02x}" for char in text),
    lambda text: "".join(f"&#{ord(char)};" for char in text),
)


def packed_up(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


@FEW
@given(TEXTS)
def test_the_same_text_has_the_same_findings(gate: Gate, text: str) -> None:
    other = Gate(gate.rules, lambda: 0.0)
    try:
        assert gate.scan_text(text) == other.scan_text(text)
    except GateError as error:
        assert text not in str(error)


@FEW
@given(TEXTS)
def test_spans_lie_within_the_text_and_nothing_shown_holds_the_value(gate: Gate, text: str) -> None:
    judgement = ask(gate, text)
    for finding in (*judgement.findings, *judgement.notes):
        assert 0 <= finding.start <= finding.end
        if finding.part == "part 0":
            assert finding.end <= len(text)
            value = text[finding.start : finding.end]
            if finding.view == "raw" and len(value) >= 6:
                assert value not in f"{finding.preview} {finding.why} {finding.value_hash}"
                assert all(value not in reason.text for reason in judgement.reasons)


@FEW
@given(st.text(max_size=60))
def test_the_way_back_of_a_normalised_text_never_turns_round(text: str) -> None:
    read, steps = normalised(text, beyond_ascii(text))

    def back(at: int) -> tuple[int, int]:
        span = at, at + 1
        for step in steps:
            span = step.span(*span)
        return span

    spans = [back(at) for at in range(len(read))]
    assert all(0 <= start <= end <= len(text) for start, end in spans)
    assert all(one[0] <= other[0] and one[1] <= other[1] for one, other in pairwise(spans))
    if read == text and not steps:
        assert spans == [(at, at + 1) for at in range(len(text))]


@FEW
@given(st.lists(st.sampled_from(ENCODINGS), min_size=1, max_size=3), st.booleans())
def test_a_token_is_found_through_any_three_encodings(
    gate: Gate, chain: list[Callable[[str], str]], packed: bool
) -> None:
    hidden = f"token={TOKEN}"
    for encode in [packed_up, *chain[:1]] if packed else chain:
        hidden = encode(hidden)
    text = f"here: {hidden} and so on"
    found = [finding for finding in gate.scan_text(text) if finding.rule == "github-token"]
    assert found
    assert all(finding.start >= 6 and finding.end <= len(text) - len(" and so on") for finding in found)
