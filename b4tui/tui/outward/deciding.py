"""What the operator may do about an approval at this instant, and what that waits for, in words. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from b4tui.escalation.types import Approval, ApprovalState
from b4tui.tui.outward.arming import Arming
from b4tui.tui.outward.asking import stays_here
from b4tui.tui.outward.queue import holding
from b4tui.tui.paint import Ink, Span, width_of

DIGEST = 8
"""Hexadecimal digits of a digest on a button."""


def changed(old: Approval, new: Approval) -> str:
    """What of an approval is not as it was when the operator looked, in words; "" where nothing that matters is."""
    if new.state is not old.state:
        return "it was taken back and waits again" if new.state is ApprovalState.PENDING else f"it is {new.state} now"
    if (new.sha256, new.size, new.destination) != (old.sha256, old.size, old.destination):
        return "the payload is another one"
    if new.risk is not old.risk or new.risk_words != old.risk_words:
        return "the risk is another one"
    if (new.verdict, new.findings, new.reasons) != (old.verdict, old.findings, old.reasons):
        return "the gate judged it anew"
    return "its end was moved" if new.deadline != old.deadline else ""


def in_room(told: Span, room: int) -> Span:
    """As many clauses of a sentence as `room` cells take, whole; the first one is always there."""
    text = told.text
    while width_of((Span(text),)) > room and (end := max(text.rfind(", "), text.rfind("; "))) > 0:
        text = f"{text[:end]}."
    return Span(text, told.ink)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An approval as the screen has it. `share` and `whole`: how much of its payload was on the screen.

    `problem` says why it cannot be shown, and so not be approved; `busy` while a decision is on its way; `others`:
    there are more that wait.
    """

    approval: Approval | None
    now: datetime
    arming: Arming
    share: float
    whole: bool
    problem: str
    busy: bool
    others: bool

    @property
    def open(self) -> bool:
        """Whether it waits for a decision still: pending, and its end has not come."""
        one = self.approval
        return one is not None and one.state is ApprovalState.PENDING and self.now < one.deadline

    @property
    def holding(self) -> bool:
        """Whether it was approved and can be called back."""
        return self.approval is not None and holding(self.approval, self.now)

    @property
    def may_deny(self) -> bool:
        """Whether a decision may be taken at all."""
        return self.open and self.arming.armed and not self.busy

    @property
    def may_approve(self) -> bool:
        """Whether these bytes may be approved: it may leave, it was read to the end, decisions are not inert."""
        one = self.approval
        return one is not None and self.may_deny and self.whole and not self.problem and not stays_here(one)

    @property
    def unseen(self) -> str:
        """How much of it was not on the screen yet; never nothing before all of it was."""
        return f"{max(1, round(100 * (1 - self.share)))} % not seen yet"

    @property
    def deny_label(self) -> str:
        """What the first button says."""
        return "Call it back (u)" if self.holding else "Deny"

    @property
    def approve_label(self) -> str:
        """What the second button says: how many bytes, and which."""
        one = self.approval
        return f"Approve these {one.size:,} bytes (sha256 {one.sha256[:DIGEST]}…)" if one else ""

    @property
    def words(self) -> Span:
        """What a decision waits for; what may be done, where it waits for nothing."""
        one = self.approval
        if one is None:
            return Span("")
        if self.holding and one.hold_until is not None:
            left = max(1, round((one.hold_until - self.now).total_seconds() + 0.49))
            return Span(f"▲ Sending in {left} s: u or enter calls it back.", Ink.ATTENTION)
        if one.state is ApprovalState.PENDING and not self.open:
            return Span("◌ EXPIRED: nobody decided in time, so it stays here.", Ink.ATTENTION)
        if not self.open:
            more = ", ] goes to the next one" if self.others else ""
            return Span(f"Nothing is to be decided here: esc returns{more}.", Ink.SOFT)
        if self.busy:
            return Span("One moment…", Ink.SOFT)
        if not self.arming.armed:
            return Span(f"◌ Not yet: {self.arming.why}. Keep still for a moment.", Ink.INFO)
        if stays_here(one):
            mend = "e redacts, m calls a value public, " if one.findings else ""
            return Span(f"It stays here: {mend}enter denies.", Ink.SOFT)
        if self.problem:
            return Span("It cannot be approved. enter denies, esc leaves it.", Ink.SOFT)
        if not self.whole:
            return Span(f"Approve waits: {self.unseen}; space reads on, U goes there.", Ink.INFO)
        return Span("All of it was seen. enter denies, A approves, esc leaves it.", Ink.SOFT)
