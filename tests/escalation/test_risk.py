"""What makes a payload one to look at with care."""

import pytest

from b4tui.escalation.approvals.risk import LARGE, Facts, assess
from b4tui.escalation.types import Risk
from b4tui.gate.types import Finding, FindingClass, Judgement, Severity, Verdict
from b4tui.provenance import Provenance


def judged(*severities: Severity, **changes: object) -> Judgement:
    findings = tuple(
        Finding(
            rule="public-ip",
            version=1,
            finding_class=FindingClass.INFRASTRUCTURE,
            severity=severity,
            part="user 1",
            start=0,
            end=4,
            preview="••••",
        )
        for severity in severities
    )
    fields = {"verdict": Verdict.MAY_ESCALATE, "provenance": Provenance.PUBLIC, **changes}
    return Judgement(reasons=(), findings=findings, notes=(), body_sha256="0", rules_sha256="5", **fields)


def facts(**changes: object) -> Facts:
    return Facts(**{"size": 200, "host": "api.example.com", "known_host": True, **changes})


def test_a_small_public_text_to_a_known_host_is_of_low_risk() -> None:
    assert assess(judged(), facts()) == assess(judged(), facts())
    assert (assess(judged(), facts()).level, assess(judged(), facts()).words) == (Risk.LOW, ())


@pytest.mark.parametrize(
    ("judgement", "known", "level", "says"),
    [
        (judged(), facts(known_host=False), Risk.MEDIUM, "api.example.com"),
        (judged(), facts(size=LARGE + 1), Risk.MEDIUM, "bytes"),
        (judged(), facts(redacted={"personal": 2}), Risk.MEDIUM, "2 personal values replaced"),
        (judged(), facts(redacted={"secret": 1}), Risk.HIGH, "1 secret replaced"),
        (judged(provenance=Provenance.INTERNAL), facts(), Risk.MEDIUM, "internal"),
        (judged(provenance=Provenance.PRIVATE), facts(), Risk.HIGH, "private"),
        (judged(Severity.ASK), facts(), Risk.HIGH, "1 finding to be judged by you: public-ip"),
        (judged(verdict=Verdict.LOCAL_ONLY), facts(), Risk.HIGH, "stays here"),
    ],
)
def test_what_speaks_for_care(judgement: Judgement, known: Facts, level: Risk, says: str) -> None:
    found = assess(judgement, known)
    assert found.level is level and says in " ".join(found.words)


def test_the_weightiest_comes_first() -> None:
    found = assess(judged(Severity.ASK, Severity.ASK), facts(known_host=False))
    assert found.words[0].startswith("2 findings") and "before" in found.words[1]
