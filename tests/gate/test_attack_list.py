"""The attack list (research/gate.md 7.1): what must stay stays, what is harmless is not held up."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from attacks import SECRET, WEAK, Attack, attacks, harmless
from gate_asking import RESEARCH, ask, body_of, part

from b4tui.gate.gate import Gate
from b4tui.gate.known.known import Known
from b4tui.gate.known.names import Names
from b4tui.gate.known.vault import KnownValue, Vault
from b4tui.gate.rulebook.rule import built_in_rules
from b4tui.gate.types import Cause, NamedPart, Verdict
from b4tui.provenance import Part, Provenance, Source, SourceKind


@pytest.fixture(scope="module")
def machine() -> Gate:
    """A gate that knows two secrets of its machine."""
    values = [KnownValue(SECRET, "environment APP_KEY"), KnownValue(WEAK, ".netrc example.com")]
    return Gate(built_in_rules(), time.thread_time, known=Known(Vault(values, b"key of a test"), Names((), ())))


@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: f"{attack.id}-{attack.what.replace(' ', '-')}")
def test_it_stays(machine: Gate, attack: Attack) -> None:
    judgement = ask(machine, attack.text)
    assert judgement.verdict is Verdict.LOCAL_ONLY
    assert judgement.findings


@pytest.mark.parametrize("attack", harmless(), ids=lambda attack: f"{attack.id}-{attack.what.replace(' ', '-')}")
def test_it_may_leave(machine: Gate, attack: Attack) -> None:
    judgement = ask(machine, attack.text)
    assert judgement.findings == ()
    assert judgement.verdict is Verdict.MAY_ESCALATE


@pytest.mark.parametrize(
    "text",
    ["We quarrelled again about the flat, and I have not slept since.", "Lena has her first session on Monday."],
    ids=["A56", "A57"],
)
def test_what_no_rule_can_see_stays_by_its_label(machine: Gate, text: str) -> None:
    memory = NamedPart("memory", Part(text, Source(SourceKind.MEMORY, "memory/2026-11-22.md"), Provenance.PRIVATE))
    judgement = machine.judge([part("What helps?"), memory], body_of("What helps?", text), RESEARCH)
    assert [reason.cause for reason in judgement.reasons] == [Cause.PROVENANCE]


def test_the_first_reason_is_the_first_rule(machine: Gate) -> None:
    circumstances = replace(RESEARCH, local_only=True, labels=("local-only",), category="code_review")
    judgement = machine.judge([part(f"{SECRET} me@post-fach.de")], body_of(SECRET), circumstances)
    causes = [reason.cause for reason in judgement.reasons]
    assert causes == [Cause.LOCAL_ONLY, Cause.LABEL, Cause.SECRET, Cause.PERSONAL, Cause.CATEGORY]
