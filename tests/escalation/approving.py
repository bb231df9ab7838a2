"""Approvals, grants and decisions for tests, all of them made here."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from b4tui.escalation.approvals.changes import Objection
from b4tui.escalation.approvals.states import change
from b4tui.escalation.types import (
    Approval,
    ApprovalState,
    Cost,
    Decision,
    Destination,
    Grant,
    Risk,
)
from b4tui.gate.types import Verdict
from b4tui.outward_sections import EscalationPolicy
from b4tui.provenance import Provenance

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
POLICY = EscalationPolicy()
BODY = b'{"model":"frontier-1","messages":[{"role":"user","content":"What is known of tides?"}]}'
DESTINATION = Destination(provider="sim", host="api.example.com", port=443, path="/v1/messages", model="frontier-1")


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def an_approval(**changes: Any) -> Approval:
    body: bytes = changes.pop("body", BODY)
    approval = Approval(
        id="a1",
        version=1,
        state=ApprovalState.PENDING,
        agent="romanov",
        bead="hub-1",
        run="run-1",
        category="deep_research",
        reason="it needs recent papers",
        destination=DESTINATION,
        size=len(body),
        sha256=hashlib.sha256(body).hexdigest(),
        rules_sha256="5" * 64,
        gate_version=1,
        verdict=Verdict.MAY_ESCALATE,
        provenance=Provenance.PUBLIC,
        risk=Risk.LOW,
        estimate=Cost(money=0.02, currency="USD", tokens_in=30, tokens_out=1000),
        asked_at=NOW,
        deadline=after(3600),
    )
    return replace(approval, **changes)


def a_decision(approval: Approval, **changes: Any) -> Decision:
    """What a screen sends that showed the approval to its end."""
    decision = Decision(
        approval=approval.id,
        version=approval.version,
        digest=approval.sha256,
        actor="ops@tty1",
        seen_share=1.0,
        seconds=4.2,
    )
    return replace(decision, **changes)


def a_grant(**changes: Any) -> Grant:
    grant = Grant(
        id="g1",
        category="deep_research",
        agent="romanov",
        max_bytes=4096,
        max_uses=3,
        until=after(1800),
        made_by="ops",
        made_at=NOW,
    )
    return replace(grant, **changes)


def changed(approval: Approval, what: Any, now: datetime = NOW, policy: EscalationPolicy = POLICY) -> Approval:
    """The approval after a change that must apply."""
    result = change(approval, what, now, policy)
    assert isinstance(result, Approval), result
    return result


def refused(approval: Approval, what: Any, now: datetime = NOW, policy: EscalationPolicy = POLICY) -> Objection:
    """Why a change must not apply."""
    result = change(approval, what, now, policy)
    assert isinstance(result, Objection), result
    return result
