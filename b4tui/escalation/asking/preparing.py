"""From what an agent asks to a payload that was judged: built once, judged as it is, priced, its risk assessed.

Long texts take the gate a second: call from a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from b4tui.engines.types import ChatRequest
from b4tui.escalation.approvals.risk import Assessment, Facts, assess
from b4tui.escalation.door.parts import parts_of
from b4tui.escalation.door.payloads import PayloadError, build
from b4tui.escalation.door.prices import estimate
from b4tui.escalation.door.providers import Provider
from b4tui.escalation.types import Approval, ApprovalState, Cost, EscalationRequest, Payload
from b4tui.gate.types import (
    BODY,
    GATE_VERSION,
    Cause,
    Circumstances,
    Finding,
    GateError,
    Judgement,
    NamedPart,
    Severity,
    Verdict,
)
from b4tui.outward_sections import EscalationPolicy, GateConfig, PricesConfig

_PRIVATE_REASON = "(the agent's reason holds something that stays out of the record)"
_MENDABLE = frozenset({Cause.SECRET, Cause.PERSONAL, Cause.INFRASTRUCTURE, Cause.HIDDEN})
"""What a payload may stay here for and still be redacted: things found in it, and nothing else."""


class Judge(Protocol):
    """What is needed of the gate; one that cannot be opened keeps everything here."""

    @property
    def rules_sha256(self) -> str:
        """The hash of the rules it judges by."""
        ...

    def judge(
        self, parts: Sequence[NamedPart], body: bytes, circumstances: Circumstances, before: Sequence[str] = ()
    ) -> Judgement:
        """The verdict on a payload, after those that left before it in the same run; never raises."""
        ...

    def scan_text(self, text: str) -> tuple[Finding, ...]:
        """What is found in one text. Raises GateError where it cannot be read to its end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The settings that an escalation is prepared by."""

    escalation: EscalationPolicy
    gate: GateConfig
    prices: PricesConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A payload and all that is said about it. `originals` are what placeholders stand for: in memory only.

    `reason` is the agent's, or that it holds something the gate keeps: it is shown and recorded, so it is read as well.
    """

    request: EscalationRequest
    provider: Provider
    chat: ChatRequest = field(repr=False)
    parts: tuple[NamedPart, ...] = field(repr=False)
    payload: Payload
    judgement: Judgement
    assessment: Assessment
    estimate: Cost
    reason: str
    redacted: Mapping[str, int] = field(default_factory=dict)
    originals: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def mendable(self) -> bool:
        """Whether it stays here only for what was found in it, so that the operator may have that replaced."""
        causes = {reason.cause for reason in self.judgement.reasons}
        blocking = [one for one in self.judgement.findings if one.severity is Severity.BLOCK]
        return (
            self.judgement.verdict is Verdict.LOCAL_ONLY
            and bool(blocking)
            and causes <= _MENDABLE
            and any(one.part != BODY for one in blocking)
        )


def prepare(
    request: EscalationRequest,
    provider: Provider,
    chat: ChatRequest,
    judge: Judge,
    policy: Policy,
    *,
    known_host: bool,
    before: Sequence[str],
    redacted: Mapping[str, int] | None = None,
    originals: Mapping[str, str] | None = None,
) -> Prepared:
    """Build the payload of a chat and have it judged. Raises PayloadError, and PartError, in words."""
    parts = parts_of(chat)
    payload = build(provider, chat, rules_sha256=judge.rules_sha256, gate_version=GATE_VERSION)
    judgement = judge.judge(parts, payload.body, circumstances(request, policy), before)
    if (judgement.body_sha256, judgement.rules_sha256) != (payload.sha256, payload.rules_sha256):
        raise PayloadError("nothing was sent: what the gate judged is not what would be sent")
    return Prepared(
        request=request,
        provider=provider,
        chat=chat,
        parts=parts,
        payload=payload,
        judgement=judgement,
        assessment=_assessed(judgement, payload, known_host, redacted or {}),
        estimate=estimate(payload, provider.max_tokens, policy.prices),
        reason=_reason(request.reason, judge),
        redacted=redacted or {},
        originals=originals or {},
    )


def circumstances(request: EscalationRequest, policy: Policy) -> Circumstances:
    """What besides the bytes decides. What the operator released is kept home no longer, and shown as private still."""
    return Circumstances(
        category=request.category,
        labels=request.labels,
        local_only=policy.escalation.local_only,
        may_escalate=frozenset(policy.escalation.categories),
        kept_home=frozenset() if request.released else frozenset(policy.gate.kept_home),
    )


def approval_of(prepared: Prepared, approval_id: str, now: datetime, wait_s: float, replaces: str = "") -> Approval:
    """The question to the operator about a payload."""
    request, payload, judgement = prepared.request, prepared.payload, prepared.judgement
    return Approval(
        id=approval_id,
        version=1,
        state=ApprovalState.PENDING,
        agent=request.agent,
        bead=request.bead,
        run=request.run,
        category=request.category,
        reason=prepared.reason,
        destination=payload.destination,
        size=payload.size,
        sha256=payload.sha256,
        rules_sha256=payload.rules_sha256,
        gate_version=payload.gate_version,
        verdict=judgement.verdict,
        reasons=judgement.reasons,
        findings=judgement.findings,
        provenance=judgement.provenance,
        risk=prepared.assessment.level,
        risk_words=prepared.assessment.words,
        estimate=prepared.estimate,
        asked_at=now,
        deadline=now + timedelta(seconds=wait_s),
        redacted=prepared.redacted,
        replaces=replaces,
    )


def _reason(given: str, judge: Judge) -> str:
    try:
        return _PRIVATE_REASON if judge.scan_text(given) else given
    except GateError:
        return _PRIVATE_REASON


def _assessed(judgement: Judgement, payload: Payload, known_host: bool, redacted: Mapping[str, int]) -> Assessment:
    facts = Facts(size=payload.size, host=payload.destination.host, known_host=known_host, redacted=redacted)
    return assess(judgement, facts)
