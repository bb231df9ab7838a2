"""The events that rows of the desk are: a fact is recorded before it is published (design section 4.7).

Every console derives its events from the rows, so that it hears of what another process decided in the same way as of
its own, once each and in order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from b4tui.escalation.approvals.entries import ANSWERED, ASKED, CHANGED, GRANT, REFUSED, SENT
from b4tui.events import Event
from b4tui.ledger.types import Entry
from b4tui.outward_events import (
    ApprovalAsked,
    ApprovalChanged,
    EscalationAnswered,
    EscalationRefused,
    GrantChanged,
    PayloadSent,
)


def event_of(entry: Entry) -> Event | None:
    """The event that a row of the desk's is; None for rows of others, and for those that a desk did not write."""
    make = _EVENTS.get(entry.kind)
    try:
        return make(entry, entry.facts) if make else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return None  # nobody hears of it; `ledger verify` tells whether the row was changed


def _asked_event(entry: Entry, facts: Mapping[str, Any]) -> Event | None:
    if facts["grant"]:
        return None  # nobody is asked
    names = (
        "approval",
        "agent",
        "category",
        "provider",
        "host",
        "model",
        "size",
        "sha256",
        "verdict",
        "risk",
        "reason",
    )
    told = {name: facts[name] for name in names}
    deadline = datetime.fromisoformat(facts["deadline"])
    return ApprovalAsked(at=entry.at, run=entry.run, bead=entry.bead, deadline=deadline, **told)


def _changed_event(entry: Entry, facts: Mapping[str, Any]) -> Event:
    told = {name: facts[name] for name in ("approval", "agent", "state", "reason")}
    return ApprovalChanged(at=entry.at, run=entry.run, bead=entry.bead, actor=entry.actor, **told)


def _sent_event(entry: Entry, facts: Mapping[str, Any]) -> Event:
    told = {name: facts[name] for name in ("approval", "agent", "host", "model", "sha256", "bytes_out")}
    return PayloadSent(at=entry.at, run=entry.run, bead=entry.bead, **told)


def _answered_event(entry: Entry, facts: Mapping[str, Any]) -> Event:
    cost = facts["cost"] or {}
    told = {name: facts[name] for name in ("approval", "agent", "seconds", "bytes_in", "failure")}
    return EscalationAnswered(
        at=entry.at,
        run=entry.run,
        bead=entry.bead,
        tokens_in=cost.get("tokens_in"),
        tokens_out=cost.get("tokens_out"),
        money=cost.get("money"),
        currency=cost.get("currency", ""),
        **told,
    )


def _refused_event(entry: Entry, facts: Mapping[str, Any]) -> Event:
    told = {name: facts[name] for name in ("agent", "kind", "reason")}
    return EscalationRefused(at=entry.at, run=entry.run, bead=entry.bead, **told)


def _grant_event(entry: Entry, facts: Mapping[str, Any]) -> Event:
    told = {name: facts[name] for name in ("grant", "sentence", "revoked")}
    return GrantChanged(at=entry.at, actor=entry.actor, **told)


_EVENTS: Mapping[str, Callable[[Entry, Mapping[str, Any]], Event | None]] = {
    ASKED: _asked_event,
    CHANGED: _changed_event,
    SENT: _sent_event,
    ANSWERED: _answered_event,
    REFUSED: _refused_event,
    GRANT: _grant_event,
}
