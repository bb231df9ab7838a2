"""What the desk writes to the ledger. Rows hold no body and no value that was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from b4tui.escalation.approvals.changes import (
    Acknowledge,
    Adopt,
    Approve,
    Cancel,
    Change,
    Deny,
    Expire,
    Extend,
    Rejudge,
    Tell,
    Undo,
)
from b4tui.escalation.approvals.states import CLOCK
from b4tui.escalation.types import Approval, Cost, Decision, EscalationRequest, Grant, Receipt, Refused
from b4tui.ledger.types import NewEntry

ASKED = "approval_asked"
CHANGED = "approval_changed"
SENT = "payload_sent"
ANSWERED = "escalation_answered"
REFUSED = "escalation_refused"
GRANT = "grant_changed"
VALUE_CALLED_PUBLIC = "value_called_public"

KINDS = (ASKED, CHANGED, SENT, ANSWERED, REFUSED, GRANT, VALUE_CALLED_PUBLIC)
"""Every kind of row that the desk writes; nobody else records those events a second time."""

_FINDINGS = 200  # of one payload in its row; all of them are in the approval

POLICY = "policy"
"""The actor of what a rule alone did."""


def asked(approval: Approval) -> NewEntry:
    """The row of a new question."""
    facts = {
        "approval": approval.id,
        "agent": approval.agent,
        "category": approval.category,
        "provider": approval.destination.provider,
        "host": approval.destination.host,
        "url": approval.destination.url,
        "model": approval.destination.model,
        "size": approval.size,
        "sha256": approval.sha256,
        "rules_sha256": approval.rules_sha256,
        "gate_version": approval.gate_version,
        "verdict": str(approval.verdict),
        "reasons": [reason.text for reason in approval.reasons],
        "findings": _findings(approval),
        "findings_in_all": len(approval.findings),
        "risk": str(approval.risk),
        "risk_words": list(approval.risk_words),
        "redacted": dict(approval.redacted),
        "replaces": approval.replaces,
        "grant": approval.grant,
        "state": str(approval.state),
        "estimate": _cost(approval.estimate),
        "deadline": approval.deadline.isoformat(),
        "reason": approval.reason,
    }
    return _row(ASKED, approval, approval.asked_at, approval.agent, facts)


def changed(approval: Approval, what: Change, now: datetime) -> NewEntry:
    """The row of a change, with what the decision rests on."""
    decision = what.decision if isinstance(what, Approve | Deny) else None
    facts = {
        "approval": approval.id,
        "agent": approval.agent,
        "change": type(what).__name__.lower(),
        "version": approval.version,
        "state": str(approval.state),
        "sha256": approval.sha256,
        "reason": _why(approval, what),
        "host": approval.destination.host,
        "evidence": _evidence(decision) if decision else {},
    }
    if isinstance(what, Approve | Deny | Expire):
        facts["waited_s"] = round((now - approval.asked_at).total_seconds(), 1)
    if isinstance(what, Rejudge):
        facts |= {"verdict": str(approval.verdict), "rules_sha256": approval.rules_sha256, "risk": str(approval.risk)}
        facts |= {"findings": _findings(approval)}
    return _row(CHANGED, approval, now, _actor(what, approval), facts)


def sent(approval: Approval, permit: str, now: datetime) -> NewEntry:
    """The row that is written before the first byte leaves."""
    facts = {
        "approval": approval.id,
        "agent": approval.agent,
        "host": approval.destination.host,
        "url": approval.destination.url,
        "model": approval.destination.model,
        "sha256": approval.sha256,
        "bytes_out": approval.size,
        "permit": permit,
        "grant": approval.grant,
        "decided_by": approval.decided_by,
        "estimate": _cost(approval.estimate),
    }
    return _row(SENT, approval, now, approval.agent, facts)


def answered(approval: Approval, receipt: Receipt, now: datetime) -> NewEntry:
    """The row of what came back."""
    facts = {
        "approval": approval.id,
        "agent": approval.agent,
        "host": receipt.destination.host,
        "sha256": receipt.sha256,
        "bytes_out": receipt.bytes_out,
        "bytes_in": receipt.bytes_in,
        "seconds": round(receipt.seconds, 3),
        "status": receipt.status,
        "failure": receipt.failure,
        "cost": _cost(receipt.cost) if receipt.cost else None,
    }
    return _row(ANSWERED, approval, now, approval.agent, facts)


def refused(request: EscalationRequest, refusal: Refused, now: datetime) -> NewEntry:
    """The row of an escalation that did not happen."""
    facts: dict[str, Any] = {
        "approval": refusal.approval,
        "agent": request.agent,
        "category": request.category,
        "kind": str(refusal.kind),
        "reason": refusal.reason,
    }
    if refusal.judgement is not None:
        facts["findings"] = {str(name): count for name, count in refusal.judgement.counts.items()}
    return NewEntry(kind=REFUSED, at=now, actor=POLICY, bead=request.bead, run=request.run, facts=facts)


def granted(grant: Grant, actor: str, now: datetime) -> NewEntry:
    """The row of a grant that was made or revoked."""
    facts = {
        "grant": grant.id,
        "sentence": grant.sentence,
        "revoked": grant.revoked_at is not None,
        "category": grant.category,
        "agent": grant.agent,
        "provider": grant.provider,
        "host": grant.host,
        "model": grant.model,
        "max_bytes": grant.max_bytes,
        "max_uses": grant.max_uses,
        "until": grant.until.isoformat(),
    }
    return NewEntry(kind=GRANT, at=now, actor=actor, facts=facts)


def called_public(approval: Approval, rule: str, value_hash: str, note: str, actor: str, now: datetime) -> NewEntry:
    """The row of the operator's word that a value is public; the value itself is in none."""
    facts = {"approval": approval.id, "rule": rule, "value_sha256": value_hash, "note": note}
    return _row(VALUE_CALLED_PUBLIC, approval, now, actor, facts)


def _row(kind: str, approval: Approval, at: datetime, actor: str, facts: Mapping[str, Any]) -> NewEntry:
    return NewEntry(kind=kind, at=at, actor=actor, bead=approval.bead, run=approval.run, facts=facts)


def _findings(approval: Approval) -> list[dict[str, Any]]:
    return [
        {"rule": one.rule, "class": str(one.finding_class), "severity": str(one.severity), "preview": one.preview}
        for one in approval.findings[:_FINDINGS]
    ]


def _cost(cost: Cost) -> dict[str, Any]:
    return asdict(cost)


def _evidence(decision: Decision) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "seen_share": decision.seen_share,
        "seconds": decision.seconds,
        "typed_host": decision.typed_host,
        "typed_digest": decision.typed_digest,
    }
    return {name: value for name, value in shown.items() if value not in (None, "")}


def _why(approval: Approval, what: Change) -> str:
    match what:
        case Extend():
            return f"more time, until {approval.deadline.astimezone():%Y-%m-%d %H:%M:%S}"
        case Acknowledge():
            return "seen, working on it"
        case Undo():
            return "the decision was taken back"
        case Adopt():
            return "asked for again with the same bytes"
        case Rejudge():
            return "judged anew by the rules as they are now"
        case Tell():
            return approval.outcome
        case _:
            return approval.decision_reason


def _actor(what: Change, approval: Approval) -> str:
    match what:
        case Approve(decision) | Deny(decision):
            return decision.actor
        case Undo() | Extend() | Acknowledge() | Cancel():
            return what.actor
        case Expire():
            return CLOCK
        case Rejudge():
            return POLICY
        case _:
            return approval.agent
