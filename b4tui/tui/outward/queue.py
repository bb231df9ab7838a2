"""The approvals as a list: what waits in the order it ends, what was decided, what is marked, what may go together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from b4tui.escalation.types import Approval, ApprovalState, Risk
from b4tui.runtime.snapshot import OutwardView, Snapshot
from b4tui.tui import words
from b4tui.tui.outward.asking import (
    NOW_S,
    RISKS,
    SOON_S,
    STATES,
    agent_name,
    clock_words,
    ending,
    size_words,
    stays_here,
)
from b4tui.tui.paint import Ink, Line, Span, line

ROOMY = 110
"""Cells from which a row of the queue says everything."""
AMPLE = 140
"""Cells from which whole host names have their place."""


def ordered(outward: OutwardView) -> tuple[Approval, ...]:
    """Those that wait, the next to expire first; then those that were decided, the latest first."""
    pending = sorted(outward.pending, key=lambda one: (one.deadline, one.id))
    done = [one for one in outward.approvals if one.state is not ApprovalState.PENDING]
    done.sort(key=lambda one: one.decided_at.timestamp() if one.decided_at else 0.0, reverse=True)
    return (*pending, *done)


def by_id(outward: OutwardView, approval: str) -> Approval | None:
    """The approval of this id; None when it is gone."""
    return next((one for one in outward.approvals if one.id == approval), None)


def after(outward: OutwardView, approval: str, by: int = 1) -> str:
    """The pending approval `by` places on from one, round the end; "" where no other waits."""
    waiting = [one.id for one in ordered(outward) if one.state is ApprovalState.PENDING]
    if approval in waiting:
        other = waiting[(waiting.index(approval) + by) % len(waiting)]
        return other if other != approval else ""
    return waiting[0 if by > 0 else -1] if waiting else ""


def heading(width: int) -> Line:
    """What the columns of a row are, for the same width as the rows."""
    wide = width >= ROOMY
    told = (
        f"  {'risk':<12}{'agent':<13}{'bead':<12}{'to':<{_place(width)}}what for"
        if wide
        else f"  {'risk':<12}{'agent':<11}to"
    )
    figures = f"{'size':>9}{'cost':>12}{'age':>6}{'ends in':>10} " if wide else f"{'size':>9}{'ends in':>10} "
    return line(Span(told, Ink.FAINT), right=(Span(figures, Ink.FAINT),))


def _place(width: int) -> int:
    """Cells for where it goes; what it is for wants the rest."""
    return 30 if width >= AMPLE else 18


def row(approval: Approval, snapshot: Snapshot, now: datetime, width: int, *, marked: bool = False) -> Line:
    """An approval in one line of `width` cells."""
    one, wide = approval, width >= ROOMY
    waits = one.state is ApprovalState.PENDING
    soft = Ink.INK if waits else Ink.FAINT
    left = [Span("◼ " if marked else "  ", Ink.ACCENT), _sign(one)]
    left.append(Span(f"{_cut(agent_name(snapshot, one.agent), 12 if wide else 10):<{13 if wide else 11}}", Ink.STRONG))
    if wide:
        left.append(Span(f"{_cut(one.bead, 11):<12}", soft))
        place = _place(width)
        left.append(Span(f"{_cut(one.destination.host, place - 1):<{place}}", soft))
        told = (Span(one.reason, Ink.SOFT if waits else Ink.FAINT),)
        left += [*seen(one), Span(" · ", Ink.FAINT), *told] if seen(one) else told
    else:
        left.append(Span(one.destination.host, soft))
        left += [Span("  ", soft), *seen(one)] if seen(one) else ()
    return Line(tuple(left), tuple(_figures(one, now, wide)))


def told_of(one: Approval, now: datetime) -> Span:
    """What is to be said about a row: why it stays, what it is for, or how it ended and who decided."""
    if one.state is not ApprovalState.PENDING:
        return ending(one, now)
    seen = f"seen by {one.seen_by} · " if one.seen_by else ""
    return Span(seen + (" · ".join(reason.text for reason in one.reasons) or one.reason), Ink.SOFT)


def seen(one: Approval) -> tuple[Span, ...]:
    """Who said that they are looking at it, as long as it waits."""
    waits = one.seen_by and one.state is ApprovalState.PENDING
    return (Span(f"seen by {_cut(one.seen_by, 16)}", Ink.INFO),) if waits else ()


def _sign(one: Approval) -> Span:
    """How it stands: its state, or while it waits its risk; as wide as the longest of these, and a gap."""
    if one.state is not ApprovalState.PENDING:
        sign, ink = STATES[one.state]
        return Span(f"{sign + ' ' + one.state:<12}", ink)
    if stays_here(one):
        return Span(f"{'⌂ stays':<12}", Ink.ATTENTION)
    sign, ink = RISKS[one.risk]
    return Span(f"{sign + ' ' + one.risk:<12}", ink)


def _figures(one: Approval, now: datetime, wide: bool) -> list[Span]:
    spans = [Span(f"{size_words(one.size):>9}", Ink.SOFT)]
    if wide:
        money = one.estimate.money
        cost = "" if stays_here(one) else "n/a" if money is None else f"{money:.2f} {one.estimate.currency}"
        spans.append(Span(f"{cost:>12}", Ink.SOFT))
        spans.append(Span(f"{words.age((now - one.asked_at).total_seconds()):>6}", Ink.FAINT))
    left = (one.deadline - now).total_seconds()
    if one.state is not ApprovalState.PENDING:
        ago = words.age((now - one.decided_at).total_seconds()) + " ago" if one.decided_at else ""
        spans.append(Span(f"{ago:>10} ", Ink.FAINT))
    else:
        ink = Ink.BAD if left <= NOW_S else Ink.ATTENTION if left <= SOON_S else Ink.SOFT
        spans.append(Span(f"{('▲ ' if left <= SOON_S else '') + clock_words(left):>10} ", ink))
    return spans


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def same_kind(approvals: Sequence[Approval], chosen: Approval) -> frozenset[str]:
    """The ids of all that wait and could go together with one: its agent, its destination, its category."""
    kind = kind_of(chosen)
    return frozenset(one.id for one in approvals if one.state is ApprovalState.PENDING and kind_of(one) == kind)


def kind_of(approval: Approval) -> tuple[object, ...]:
    """What approvals must have in common to be approved together."""
    return approval.agent, approval.destination, approval.category, approval.verdict


def hindrance(marked: Sequence[Approval], read: Collection[str]) -> str:
    """Why these cannot be approved together, with what to do; "" where they can.

    `read` are the digests of payloads that were opened and read to the end.
    """
    if not marked:
        return "Nothing is marked: space marks, * marks all of one kind."
    if any(one.state is not ApprovalState.PENDING for one in marked):
        return "One of them does not wait any more."
    if any(stays_here(one) for one in marked):
        return "One of them stays here: the gate does not let it leave."
    if any(one.risk is Risk.HIGH for one in marked):
        return "One of them is of high risk: approve that one by itself."
    if len({kind_of(one) for one in marked}) > 1:
        return "They differ: only those of one agent, one destination and one category go together."
    unread = [one for one in marked if one.sha256 not in read]
    if unread:
        verb = "is" if len(unread) == 1 else "are"
        return f"{len(unread)} of them {verb} not read to the end yet: enter opens one."
    return ""


def kept(marks: Collection[str], outward: OutwardView) -> frozenset[str]:
    """The marks of what still waits."""
    return frozenset(one.id for one in outward.pending) & frozenset(marks)


def holding(approval: Approval, now: datetime) -> bool:
    """Whether it was approved and is held back still, so that it can be called back."""
    until = approval.hold_until
    return approval.state is ApprovalState.APPROVED and approval.sent_at is None and until is not None and until > now


def can_undo(one: Approval, now: datetime, undo_s: float) -> bool:
    """Whether a decision can be taken back as far as is known here; the desk has the last word."""
    if one.state is not ApprovalState.DENIED or one.outcome or one.decided_at is None:
        return holding(one, now)
    return now < one.decided_at + timedelta(seconds=undo_s)


def undoable(
    outward: OutwardView, now: datetime, undo_s: float, actor: str, together: Collection[str] = ()
) -> tuple[Approval, ...]:
    """What this operator decided last and can take back; those that were decided `together` are taken back so."""
    mine = [one for one in outward.approvals if one.decided_by == actor and can_undo(one, now, undo_s)]
    mine.sort(key=lambda one: one.decided_at.timestamp() if one.decided_at else 0.0)
    batch = tuple(one for one in mine if one.id in together)
    return batch if batch and mine[-1].id in together else tuple(mine[-1:])


def successor(outward: OutwardView, approval: str) -> str:
    """The pending approval whose payload was made by redacting this one's; "" where there is none."""
    return next((one.id for one in outward.pending if one.replaces == approval), "")
