"""How much care a decision wants: pure rules over what is known of a payload (research/textual.md 5.2).

The level never decides whether something may leave, only how the operator has to say so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from b4tui.escalation.types import Risk
from b4tui.gate.types import Finding, FindingClass, Judgement, Severity, Verdict
from b4tui.provenance import Provenance

LARGE = 64 * 1024
"""Bytes from which a payload is more than a person reads with care."""

_REPLACED: Mapping[str, str] = {
    FindingClass.SECRET: "secret",
    FindingClass.PERSONAL: "personal value",
    FindingClass.INFRASTRUCTURE: "network name",
}
_RANK = {Risk.LOW: 0, Risk.MEDIUM: 1, Risk.HIGH: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What besides the gate's answer makes a risk. `redacted` counts placeholders by class; `size` in bytes."""

    size: int
    host: str
    known_host: bool
    redacted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The level, and what makes it in words, the weightiest first."""

    level: Risk
    words: tuple[str, ...]


def assess(judgement: Judgement, facts: Facts) -> Assessment:
    """The risk of a payload. Nothing that speaks for care makes it `low`."""
    found = [*_findings(judgement), *_redactions(facts.redacted), *_circumstances(judgement, facts)]
    found.sort(key=lambda one: -_RANK[one[0]])
    level = found[0][0] if found else Risk.LOW
    return Assessment(level, tuple(words for _, words in found))


def _findings(judgement: Judgement) -> list[tuple[Risk, str]]:
    if judgement.verdict is Verdict.LOCAL_ONLY:
        return [(Risk.HIGH, "the gate says that it stays here")]
    asked = [finding for finding in judgement.findings if finding.severity is not Severity.WARN]
    if not asked:
        return []
    return [(Risk.HIGH, f"{_counted(len(asked), 'finding')} to be judged by you: {_rules(asked)}")]


def _redactions(redacted: Mapping[str, int]) -> list[tuple[Risk, str]]:
    found = []
    for name, count in redacted.items():
        level = Risk.HIGH if name == FindingClass.SECRET else Risk.MEDIUM
        found.append((level, f"{_counted(count, _REPLACED.get(name, name))} replaced by placeholders"))
    return found


def _circumstances(judgement: Judgement, facts: Facts) -> list[tuple[Risk, str]]:
    found = []
    if judgement.provenance is Provenance.PRIVATE:
        found.append((Risk.HIGH, "parts of it come from private sources"))
    if judgement.provenance is Provenance.INTERNAL:
        found.append((Risk.MEDIUM, "parts of it come from internal sources"))
    if not facts.known_host:
        found.append((Risk.MEDIUM, f"nothing was sent to {facts.host} before"))
    if facts.size > LARGE:
        found.append((Risk.MEDIUM, f"{facts.size:,} bytes are much to read"))
    return found


def _rules(findings: list[Finding]) -> str:
    return ", ".join(sorted({finding.rule for finding in findings}))


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
