"""How an approval changes: pure rules, (approval, change, now) -> approval or an objection in words.

Only `pending` can be decided, and every doubt ends with nothing sent: a deadline that passed is `expired` and never
`denied`, a clock that went backwards makes an approval too old and not younger. Rules: research/textual.md 5.2.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from b4tui.escalation.approvals.changes import (
    Acknowledge,
    Adopt,
    Approve,
    Cancel,
    Change,
    Conclude,
    Deny,
    Expire,
    Extend,
    Objection,
    ObjectionKind,
    Rejudge,
    Send,
    Tell,
    Undo,
)
from b4tui.escalation.types import Approval, ApprovalState, Decision, Risk
from b4tui.gate.types import Verdict
from b4tui.outward_sections import EscalationPolicy

CLOCK = "clock"
"""The actor of what time alone does."""

DIGEST_LETTERS = 12
"""How much of the sha256 is typed where there is no screen."""

_TICK = timedelta(seconds=1)  # so far may a clock step back without anybody doubting it
_GONE = frozenset({ApprovalState.DENIED, ApprovalState.EXPIRED, ApprovalState.CANCELLED})


def change(approval: Approval, what: Change, now: datetime, policy: EscalationPolicy) -> Approval | Objection:
    """What becomes of the approval; its version counts up by one. An Objection says why nothing does."""
    after = _after(approval, what, now, policy)
    return after if isinstance(after, Objection) else replace(after, version=approval.version + 1)


def _after(approval: Approval, what: Change, now: datetime, policy: EscalationPolicy) -> Approval | Objection:
    match what:
        case Approve(decision):
            return _approve(approval, decision, now, policy)
        case Deny(decision):
            return shown_objection(approval, decision.version, now, decision.digest) or _decided(
                approval, ApprovalState.DENIED, decision.actor, decision.reason, now
            )
        case Undo():
            return _undo(approval, what, now, policy)
        case Extend():
            return _extend(approval, what, now, policy)
        case Acknowledge(version, actor):
            return shown_objection(approval, version, now) or replace(approval, seen_by=actor)
        case Expire():
            return _expire(approval, now)
        case Cancel(reason, actor):
            return _cancel(approval, reason, actor, now)
        case Adopt(run):
            return _open_or_unsent(approval) or replace(approval, run=run)
        case Rejudge():
            return _rejudge(approval, what)
        case Tell(version):
            return _stale(approval, now) if approval.version != version else _tell(approval)
        case Send():
            return _send(approval, what, now, policy)
        case Conclude(outcome):
            return _conclude(approval, outcome)


def is_fresh(approval: Approval, now: datetime, policy: EscalationPolicy) -> bool:
    """Whether an approved payload may still be sent: within the permit's time since its hold-back ended."""
    since = approval.hold_until or approval.decided_at
    if approval.state is not ApprovalState.APPROVED or approval.sent_at or since is None or approval.decided_at is None:
        return False
    # Before the hold-back ends the age is below nothing; before the decision itself, the clock went backwards.
    return approval.decided_at - _TICK <= now <= since + timedelta(seconds=policy.permit_s)


def undo_ends(approval: Approval, policy: EscalationPolicy) -> datetime | None:
    """Until when the decision can be taken back; None when it cannot be, or as long as it was not sent."""
    if approval.state is not ApprovalState.DENIED or approval.decided_at is None or approval.outcome:
        return None
    return approval.decided_at + timedelta(seconds=policy.undo_s)


def needs_host(approval: Approval) -> bool:
    """Whether the destination's host has to be typed."""
    return approval.risk is Risk.HIGH


def _approve(approval: Approval, decision: Decision, now: datetime, policy: EscalationPolicy) -> Approval | Objection:
    if objection := (
        _nothing_leaves(policy)
        or shown_objection(approval, decision.version, now, decision.digest)
        or _unapprovable(approval, decision)
    ):
        return objection
    approved = _decided(approval, ApprovalState.APPROVED, decision.actor, decision.reason, now)
    if approval.risk is Risk.LOW:
        return approved
    return replace(approved, hold_until=now + timedelta(seconds=policy.hold_back_s))


def _nothing_leaves(policy: EscalationPolicy) -> Objection | None:
    """Another b4tui may run without `--local-only`: what is decided with it opens nothing there."""
    if not policy.local_only:
        return None
    return Objection(ObjectionKind.LOCAL_ONLY, "This b4tui runs with --local-only: nothing can be approved or sent.")


def _unapprovable(approval: Approval, decision: Decision) -> Objection | None:
    if approval.verdict is not Verdict.MAY_ESCALATE:
        return Objection(
            ObjectionKind.LOCAL_ONLY,
            "This payload stays here and cannot be approved: redact it, or call the value found public.",
        )
    if decision.seen_share is None and not decision.typed_digest:
        return Objection(ObjectionKind.UNSEEN, "The payload was not shown: look at it to its end before you approve.")
    if decision.seen_share is not None and not decision.seen_share >= 1.0:
        return Objection(
            ObjectionKind.UNSEEN,
            f"Only {max(0.0, decision.seen_share):.0%} of the payload was on the screen: look at it to its end.",
        )
    if decision.typed_digest and not is_prefix(decision.typed_digest, approval.sha256):
        return Objection(
            ObjectionKind.STALE,
            f"The digest typed is not that of this payload: give {DIGEST_LETTERS} or more letters of its sha256.",
        )
    if needs_host(approval) and decision.typed_host.strip().casefold() != approval.destination.host.casefold():
        return Objection(
            ObjectionKind.HOST, f"High risk: type the destination's host, {approval.destination.host}, to approve."
        )
    return None


def is_prefix(typed: str, sha256: str) -> bool:
    """Whether what was typed is the beginning of the digest, and enough of it."""
    wanted = typed.strip().casefold().removeprefix("sha256:")
    return len(wanted) >= DIGEST_LETTERS and sha256.startswith(wanted)


def _undo(approval: Approval, undo: Undo, now: datetime, policy: EscalationPolicy) -> Approval | Objection:
    if approval.version != undo.version:
        return _stale(approval, now)
    if approval.sent_at is not None:
        return Objection(ObjectionKind.SENT, "The bytes have left: that cannot be undone.")
    if approval.state is ApprovalState.DENIED:
        ends = undo_ends(approval, policy)
        if ends is None:
            return Objection(ObjectionKind.TOO_LATE, "The agent was told already and went on locally.")
        if approval.decided_at is None or not approval.decided_at - _TICK <= now <= ends:
            return Objection(ObjectionKind.TOO_LATE, f"A denial can be undone for {policy.undo_s:g} s only.")
        if now >= approval.deadline:
            return Objection(ObjectionKind.EXPIRED, "The question's own time has passed meanwhile: it stays denied.")
    elif approval.state is not ApprovalState.APPROVED:
        return Objection(ObjectionKind.TOO_LATE, f"There is no decision to undo: it is {approval.state}.")
    elif now >= approval.deadline:
        # Calling bytes back is never too late before they left: the question just cannot be asked any longer.
        return replace(_reopened(approval), state=ApprovalState.EXPIRED, decided_by=undo.actor, decided_at=now)
    return _reopened(approval)


def _reopened(approval: Approval) -> Approval:
    return replace(
        approval,
        state=ApprovalState.PENDING,
        decided_by="",
        decided_at=None,
        decision_reason="",
        hold_until=None,
        grant="",
    )


def _extend(approval: Approval, extend: Extend, now: datetime, policy: EscalationPolicy) -> Approval | Objection:
    if objection := shown_objection(approval, extend.version, now):
        return objection
    if approval.extended:
        return Objection(ObjectionKind.ONCE, "It was extended once already: decide, or let it expire.")
    return replace(approval, deadline=approval.deadline + timedelta(seconds=policy.extend_s), extended=True)


def _expire(approval: Approval, now: datetime) -> Approval | Objection:
    if approval.state is not ApprovalState.PENDING:
        return _stale(approval, now)
    if now < approval.deadline:
        return Objection(ObjectionKind.TOO_EARLY, "Its deadline has not passed.")
    return _decided(approval, ApprovalState.EXPIRED, CLOCK, "nobody decided in time", now)


def _cancel(approval: Approval, reason: str, actor: str, now: datetime) -> Approval | Objection:
    return _open_or_unsent(approval) or replace(
        _decided(approval, ApprovalState.CANCELLED, actor, reason, now), hold_until=None
    )


def _rejudge(approval: Approval, anew: Rejudge) -> Approval | Objection:
    """Other rules: whatever was decided by the old ones is void, and what was shown has to be shown again."""
    if objection := _open_or_unsent(approval):
        return objection
    if anew.judgement.body_sha256 != approval.sha256:
        return Objection(ObjectionKind.STALE, "These are other bytes: they need an approval of their own.")
    return replace(
        _reopened(approval),
        rules_sha256=anew.judgement.rules_sha256,
        gate_version=anew.judgement.gate_version,
        verdict=anew.judgement.verdict,
        reasons=anew.judgement.reasons,
        findings=anew.judgement.findings,
        provenance=anew.judgement.provenance,
        risk=anew.risk,
        risk_words=anew.risk_words,
    )


def _tell(approval: Approval) -> Approval | Objection:
    if approval.state not in _GONE or approval.outcome:
        return Objection(ObjectionKind.TOO_EARLY, f"There is no refusal to tell: it is {approval.state}.")
    return replace(approval, outcome="the agent went on locally")


def _send(approval: Approval, send: Send, now: datetime, policy: EscalationPolicy) -> Approval | Objection:
    if objection := _nothing_leaves(policy):
        return objection
    if approval.sent_at is not None:
        return Objection(ObjectionKind.SENT, "These bytes have left already: one approval is good for one sending.")
    if approval.state is not ApprovalState.APPROVED or approval.verdict is not Verdict.MAY_ESCALATE:
        return Objection(ObjectionKind.DECIDED, f"It is {approval.state}, not approved: nothing was sent.")
    if send.sha256 != approval.sha256:
        return Objection(ObjectionKind.STALE, "These are not the bytes that were approved: nothing was sent.")
    if (send.rules_sha256, send.gate_version) != (approval.rules_sha256, approval.gate_version):
        return Objection(ObjectionKind.STALE, "The gate's rules have changed since: it needs a new approval.")
    if send.run != approval.run:
        return Objection(ObjectionKind.STALE, "Another run waits for this approval: nothing was sent.")
    if approval.hold_until is not None and now < approval.hold_until:
        return Objection(ObjectionKind.TOO_EARLY, "It is still held back so that it can be undone.")
    if not is_fresh(approval, now, policy):
        return Objection(ObjectionKind.TOO_LATE, f"It was approved more than {policy.permit_s:g} s ago: ask again.")
    return replace(approval, sent_at=now)


def _conclude(approval: Approval, outcome: str) -> Approval | Objection:
    if approval.sent_at is None or approval.outcome:
        return Objection(ObjectionKind.TOO_EARLY, "Nothing left by this approval, or what came of it is known.")
    return replace(approval, outcome=outcome)


def shown_objection(approval: Approval, version: int, now: datetime, digest: str | None = None) -> Objection | None:
    """Compare-and-set: what was shown must be what is stored, undecided and in time."""
    if approval.state is not ApprovalState.PENDING or approval.version != version:
        return _stale(approval, now)
    if digest is not None and digest != approval.sha256:
        return Objection(ObjectionKind.STALE, "What was shown are other bytes than those that ask: look at it again.")
    if now >= approval.deadline:
        return Objection(
            ObjectionKind.EXPIRED, f"It expired at {approval.deadline.astimezone():%H:%M:%S}: nothing was sent."
        )
    return None


def _stale(approval: Approval, now: datetime) -> Objection:
    """The loser of a race is told who decided what and when."""
    if approval.state is ApprovalState.PENDING:
        return Objection(ObjectionKind.STALE, "It has changed since it was shown: look at it again.")
    kind = ObjectionKind.EXPIRED if approval.state is ApprovalState.EXPIRED else ObjectionKind.DECIDED
    return Objection(kind, f"It was already {said(approval, now)}.")


def said(approval: Approval, now: datetime) -> str:
    """Who decided what and when, for a person: `denied by ops@tty2 3 s ago`."""
    by = f" by {approval.decided_by}" if approval.decided_by else ""
    if approval.decided_at is None:
        return f"{approval.state}{by}"
    return f"{approval.state}{by} {_ago(now - approval.decided_at)}"


def _ago(passed: timedelta) -> str:
    seconds = max(0, int(passed.total_seconds()))
    if seconds < 120:
        return f"{seconds} s ago"
    return f"{seconds // 60} min ago" if seconds < 7200 else f"{seconds // 3600} h ago"


def _open_or_unsent(approval: Approval) -> Objection | None:
    """What can still be called back: a question, or an approval whose bytes have not left."""
    if approval.sent_at is not None:
        return Objection(ObjectionKind.SENT, "The bytes have left: they cannot be called back.")
    if approval.state in _GONE:
        return Objection(ObjectionKind.DECIDED, f"It is {approval.state} already.")
    return None


def _decided(approval: Approval, state: ApprovalState, actor: str, reason: str, now: datetime) -> Approval:
    return replace(approval, state=state, decided_by=actor, decided_at=now, decision_reason=reason)
