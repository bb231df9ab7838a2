"""How far a standing approval may reach: the operator's own bounds in `[policy.escalation]`. Pure.

A grant is a question that is not asked, so it has to end by itself: what was meant for an afternoon must not be found
again in ten years (research/textual.md 5.2: short scopes, an end, a number of uses).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from b4tui.escalation.types import Grant
from b4tui.outward_sections import EscalationPolicy

_SECTION = "policy.escalation"


def beyond(grant: Grant, policy: EscalationPolicy) -> str:
    """Why a grant reaches too far, with the setting that says so; "" where it does not."""
    if grant.until - grant.made_at > timedelta(days=policy.grant_days):
        days = (grant.until - grant.made_at) / timedelta(days=1)
        return f"a grant may hold for {policy.grant_days:,} days at most, not {days:,.4g}: {_SECTION}.grant_days"
    if grant.max_uses > policy.grant_uses:
        most = f"{policy.grant_uses:,} times at most, not {grant.max_uses:,}"
        return f"a grant may be used {most}: {_SECTION}.grant_uses"
    if grant.max_bytes > policy.grant_bytes:
        most = f"payloads of {policy.grant_bytes:,} bytes at most, not {grant.max_bytes:,}"
        return f"a grant may be for {most}: {_SECTION}.grant_bytes"
    return ""


def bounded(grant: Grant, policy: EscalationPolicy) -> Grant:
    """The grant as it is acted on: one that was made when more was allowed ends where it would end today."""
    longest = timedelta(days=policy.grant_days)
    until = grant.made_at + longest if grant.until - grant.made_at > longest else grant.until
    return replace(
        grant,
        until=until,
        max_uses=min(grant.max_uses, policy.grant_uses),
        max_bytes=min(grant.max_bytes, policy.grant_bytes),
    )
