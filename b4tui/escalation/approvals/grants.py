"""Which standing approval covers a payload: pure matching (research/textual.md 5.2).

A grant saves a question, never a check: each use is gated, budgeted and recorded like any other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from b4tui.escalation.types import Approval, Destination, Grant
from b4tui.gate.types import Verdict
from b4tui.provenance import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A payload that wants to leave by a grant. `findings` and `redactions` are counts; `size` in bytes."""

    category: str
    agent: str
    destination: Destination
    size: int
    verdict: Verdict
    provenance: Provenance
    findings: int
    redactions: int


def use_of(approval: Approval) -> Use:
    """The payload of an approval as a grant looks at it."""
    return Use(
        category=approval.category,
        agent=approval.agent,
        destination=approval.destination,
        size=approval.size,
        verdict=approval.verdict,
        provenance=approval.provenance,
        findings=len(approval.findings),
        redactions=sum(approval.redacted.values()),
    )


def covering(grants: Iterable[Grant], use: Use, now: datetime) -> Grant | None:
    """The grant that covers the payload: the narrowest end first, so that wide ones are left. None: ask."""
    fitting = [grant for grant in grants if not objection(grant, use, now)]
    return min(fitting, key=lambda grant: (grant.until, grant.id), default=None)


def objection(grant: Grant, use: Use, now: datetime) -> str:
    """Why a grant does not cover a payload, in words; "" where it does."""
    return strictness(use) or over(grant, now) or _out_of_scope(grant, use)


def strictness(use: Use) -> str:
    """Why no grant at all may cover such a payload; "" where one may. Then none is offered either."""
    if use.verdict is not Verdict.MAY_ESCALATE:
        return "the gate says that it stays here"
    if use.findings:
        return "something was found in it"
    if use.redactions:
        return "something in it was replaced by placeholders"
    if use.provenance is Provenance.PRIVATE:
        return "parts of it come from private sources"
    return ""


def over(grant: Grant, now: datetime) -> str:
    """Why a grant holds no longer (or not yet: a clock that went backwards); "" while it holds."""
    if grant.revoked_at is not None:
        return "it was revoked"
    if grant.doubt:
        return grant.doubt
    if now >= grant.until:
        return "it has ended"
    if now < grant.made_at:
        return "the clock stands before the time it was made"
    if grant.uses >= grant.max_uses:
        return "it is used up"
    return ""


def _out_of_scope(grant: Grant, use: Use) -> str:
    to = use.destination
    scope = (
        ("category", grant.category, use.category),
        ("agent", grant.agent or use.agent, use.agent),
        ("provider", grant.provider or to.provider, to.provider),
        ("host", (grant.host or to.host).casefold(), to.host.casefold()),
        ("model", grant.model or to.model, to.model),
    )
    for name, granted, used in scope:
        if granted != used:
            return f"it is for another {name}"
    return f"it is for at most {grant.max_bytes:,} bytes" if use.size > grant.max_bytes else ""
