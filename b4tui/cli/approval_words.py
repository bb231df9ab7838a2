"""Approvals for a person and for a program: rows, a whole one with what leaves, JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from b4tui.escalation.types import Approval, Cost, PayloadShown
    from b4tui.gate.types import Finding


def document(approval: Approval) -> dict[str, Any]:
    """An approval as one JSON object."""
    place = approval.destination
    return {
        "id": approval.id,
        "version": approval.version,
        "state": str(approval.state),
        "agent": approval.agent,
        "bead": approval.bead,
        "run": approval.run,
        "category": approval.category,
        "reason": approval.reason,
        "provider": place.provider,
        "url": place.url,
        "host": place.host,
        "model": place.model,
        "size": approval.size,
        "sha256": approval.sha256,
        "verdict": str(approval.verdict),
        "reasons": [reason.text for reason in approval.reasons],
        "findings": [_finding(finding) for finding in approval.findings],
        "redacted": dict(approval.redacted),
        "provenance": str(approval.provenance),
        "risk": str(approval.risk),
        "risk_words": list(approval.risk_words),
        "estimate": _cost(approval.estimate),
        "cost": _cost(approval.cost) if approval.cost else None,
        "asked_at": _time(approval.asked_at),
        "deadline": _time(approval.deadline),
        "extended": approval.extended,
        "replaces": approval.replaces,
        "grant": approval.grant,
        "seen_by": approval.seen_by,
        "decided_by": approval.decided_by,
        "decided_at": _time(approval.decided_at),
        "decision_reason": approval.decision_reason,
        "hold_until": _time(approval.hold_until),
        "sent_at": _time(approval.sent_at),
        "outcome": approval.outcome,
    }


def line(approval: Approval, now: datetime) -> str:
    """One approval on one line."""
    left = f"expires in {_span(approval.deadline - now)}" if approval.state == "pending" else _ended(approval)
    stays = "  stays here" if approval.verdict == "local_only" else ""
    return (
        f"{approval.id:<14} {left:<18} {approval.risk:<7} {approval.agent:<12} {approval.bead:<12} "
        f"{approval.size:>9,} B  {approval.destination.host}  {approval.destination.model}{stays}"
    )


def _ended(approval: Approval) -> str:
    """What became of it in a word or two; bytes that left are another matter than bytes that may."""
    if approval.sent_at is None:
        return str(approval.state)
    return "sent" if approval.outcome else "sent, no answer"


def whole(approval: Approval, shown: PayloadShown | None, retention: str | None, now: datetime) -> Iterator[str]:
    """Everything that a decision wants, in the order of the dialog; the body last and as it leaves (None: dropped).

    `retention` is what the provider says it keeps; None for a provider that is not in the settings.
    """
    place = approval.destination
    yield f"Send {approval.size:,} bytes to {place.host}, model {place.model}?"
    yield ""
    for name, text in _facts(approval, retention, now):
        if text:
            yield f"{name:<13}{text}"
    for finding in approval.findings:
        where = f"{finding.rule} ({finding.finding_class}) in {finding.part}"
        yield f"{'found':<13}{where}: {finding.preview}  {finding.why}"
    yield ""
    yield f"POST {place.url}"
    yield from _headers(approval, shown)
    yield ""
    if shown is None:
        yield "The bytes are not kept any more (settings: ledger.keep_bodies_days)."
    else:
        yield shown.body.decode("utf-8", "backslashreplace")
    yield ""
    yield f"{approval.size:,} bytes · sha256 {approval.sha256}"


def _headers(approval: Approval, shown: PayloadShown | None) -> Iterator[str]:
    if shown is None:
        return
    if not shown.headers:
        yield f"headers: {_unknown(approval)}"
    for header, value in shown.headers:
        yield f"{header}: {value}"


def _unknown(approval: Approval) -> str:
    return f"not known here, provider {approval.destination.provider} is not in these settings"


def _keeps(approval: Approval, retention: str | None) -> str:
    if retention is None:
        return _unknown(approval)
    return retention or "it does not say how long it keeps what it gets"


def _facts(approval: Approval, retention: str | None, now: datetime) -> Iterator[tuple[str, str]]:
    place = approval.destination
    yield "approval", f"{approval.id}, {_state(approval, now)}"
    yield "agent", f"{approval.agent} for {approval.bead} ({approval.category})"
    yield "reason", approval.reason
    yield "risk", f"{approval.risk}: {', '.join(approval.risk_words) or 'nothing speaks for special care'}"
    yield "destination", f"{place.url} ({place.provider})"
    yield "it keeps", _keeps(approval, retention)
    yield "cost", _money(approval.estimate)
    if approval.verdict == "local_only":
        yield "gate", f"stays here: {'; '.join(reason.text for reason in approval.reasons)}"
    else:
        yield "gate", "may leave, if you approve"
    yield "redacted", ", ".join(f"{count} {name}" for name, count in approval.redacted.items())
    yield "replaces", approval.replaces
    yield "grant", approval.grant
    if approval.sent_at is not None:
        yield "sent", f"{approval.sent_at.astimezone():%Y-%m-%d %H:%M:%S}"
        yield "outcome", approval.outcome or "not known: nobody recorded an answer"
    else:
        yield "outcome", approval.outcome


def _state(approval: Approval, now: datetime) -> str:
    from b4tui.escalation.approvals.states import said

    if approval.state == "pending":
        seen = f", seen by {approval.seen_by}" if approval.seen_by else ""
        at = approval.deadline.astimezone()
        return f"pending, expires {at:%Y-%m-%d %H:%M:%S} (in {_span(approval.deadline - now)}){seen}"
    return said(approval, now)


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "class": str(finding.finding_class),
        "severity": str(finding.severity),
        "part": finding.part,
        "start": finding.start,
        "end": finding.end,
        "preview": finding.preview,
        "why": finding.why,
    }


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "money": cost.money,
        "currency": cost.currency,
        "tokens_in": cost.tokens_in,
        "tokens_out": cost.tokens_out,
    }


def _money(cost: Cost) -> str:
    money = "no price is known" if cost.money is None else f"at most {cost.money:.4f} {cost.currency}"
    return f"{money} for {cost.tokens_in:,} tokens in and at most {cost.tokens_out:,} out"


def _span(left: timedelta) -> str:
    seconds = max(0, int(left.total_seconds()))
    if seconds < 3600:
        return f"{seconds // 60}:{seconds % 60:02d}"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="milliseconds") if moment else None
