"""Why a key of the approvals does nothing now, as a clause that help and screens put in their sentences. Pure.

It only says what `check_action` has decided: nothing here arms, disarms or allows anything (research/textual.md 5.3).
"""

from __future__ import annotations

from b4tui.escalation.types import Approval, ApprovalState
from b4tui.tui.outward.arming import Arming
from b4tui.tui.outward.asking import stays_here
from b4tui.tui.outward.deciding import Standing
from b4tui.tui.outward.grant_choices import hindrance

NOTHING_TO_UNDO = "nothing can be taken back; it was too long ago, or it has left"
_FOUND = frozenset({"redact", "call_public"})
_OF_MARKED = frozenset({"deny", "approve_marked"})
"""What is about the marked rows where there are any; everything else is about the row under the cursor."""


def of_one(action: str, standing: Standing) -> str:
    """Why this action does nothing on the screen of one approval."""
    one = standing.approval
    if action == "undo":
        return NOTHING_TO_UNDO
    if action == "other":
        return "no other approval waits"
    if action == "unseen" and standing.whole:
        return "all of it was seen"
    if one is None:
        return "it is being read still"
    if not standing.open:
        return "it was approved; u calls it back" if standing.holding else not_pending(one)
    if action == "acknowledge" and one.seen_by:
        return f"it is marked as seen by {one.seen_by} already"
    if action == "grant" and stays_here(one):
        return hindrance(one).rstrip(".").lower()
    if action == "approve" and stays_here(one):
        return f"the gate keeps it here{'; e redacts' if one.findings else ''}"
    if action in _FOUND and not one.findings:
        return "the gate found nothing in it"
    if standing.busy:
        return "the last key is being carried out"
    if why := inert(standing.arming):
        return why
    if standing.problem:
        return "what cannot be shown cannot be approved"
    return f"{standing.unseen}; space reads on"


def of_many(action: str, chosen: Approval | None, marked: int, arming: Arming) -> str:
    """Why it does nothing in the queue: on the row `chosen`, with so many marked."""
    if action == "undo":
        return NOTHING_TO_UNDO
    if action == "approve_marked" and not marked:
        return "nothing is marked; space marks, enter opens one"
    if chosen is None:
        return "nothing waits"
    if chosen.state is not ApprovalState.PENDING and not (marked and action in _OF_MARKED):
        return not_pending(chosen)
    if action == "acknowledge" and chosen.seen_by:
        return f"it is marked as seen by {chosen.seen_by} already"
    return inert(arming) or not_pending(chosen)


def inert(arming: Arming) -> str:
    """Why nothing is decided yet; "" once it may be."""
    return "" if arming.armed else f"{arming.why}; keep still for a moment"


def not_pending(one: Approval) -> str:
    """Why it waits for no decision."""
    if one.state is ApprovalState.PENDING:
        return "its time is over, so it stays here"
    return f"it is {one.state} already"
