"""Deciding several at once: what may be approved together (research/textual.md 5.2). One decision record per item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from b4tui.escalation.approvals.changes import Objection, ObjectionKind
from b4tui.escalation.types import Approval, Risk


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of each: as it stands now, or why its decision did not apply."""

    done: tuple[Approval, ...]
    refused: tuple[tuple[str, Objection], ...] = ()


def batch_objection(approvals: Sequence[Approval], typed_count: int) -> Objection | None:
    """Why these may not be approved together; None where they may. That each was seen is each one's own rule."""
    if len({approval.id for approval in approvals}) != len(approvals) or not approvals:
        return _no("Mark each request once, and at least one.")
    if typed_count != len(approvals):
        return _no(f"Type how many they are ({len(approvals)}) to approve them together.")
    if high := [approval.id for approval in approvals if approval.risk is Risk.HIGH]:
        return _no(f"High risk is approved one by one: {', '.join(high)}.")
    for name, found in (
        ("agent", {approval.agent for approval in approvals}),
        ("destination", {approval.destination for approval in approvals}),
        ("category", {approval.category for approval in approvals}),
    ):
        if len(found) > 1:
            return _no(f"Only requests of one {name} are approved together: mark those alone.")
    return None


def _no(text: str) -> Objection:
    return Objection(ObjectionKind.BATCH, text)
