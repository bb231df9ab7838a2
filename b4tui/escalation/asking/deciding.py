"""Waiting for the operator, wherever it is decided: here, in another console, on the command line, by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from b4tui.escalation.approvals.changes import Declined, Expire, Tell
from b4tui.escalation.approvals.states import undo_ends
from b4tui.escalation.asking.firmly import firmly
from b4tui.escalation.asking.office import Office
from b4tui.escalation.types import Approval, ApprovalState


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is waited for: `approval_id` gives it as it is now, `lock` keeps it so, `woken` says that it may differ."""

    approval_id: Callable[[], str]
    lock: asyncio.Lock
    woken: asyncio.Event


async def wait_for_decision(office: Office, waiting: Waiting, approval: Approval) -> Approval:
    """The approval once it is approved and held back no longer, or has ended and the agent is told so."""
    patience = _Patience(office.clock)
    while True:
        waiting.woken.clear()
        async with waiting.lock:
            approval = await firmly(office.store.get, waiting.approval_id())
            left = patience.left(_until(office, approval))
            if left is None or left <= 0:
                done = await _over(office, approval)
                if done is not None:
                    return done
                continue
        try:
            async with asyncio.timeout(left):
                await waiting.woken.wait()
        except TimeoutError:
            continue


def _until(office: Office, approval: Approval) -> datetime | None:
    """When time alone changes something; None where it is over now."""
    match approval.state:
        case ApprovalState.PENDING:
            return approval.deadline
        case ApprovalState.APPROVED:
            return approval.hold_until
        case ApprovalState.DENIED:
            # Told at once, the agent would be gone before anybody could undo it.
            return undo_ends(approval, office.policy.escalation)
        case _:
            return None


async def _over(office: Office, approval: Approval) -> Approval | None:
    """What follows when the time is over; None where somebody was quicker and it has to be looked at again."""
    if approval.state is ApprovalState.APPROVED:
        return approval
    # By our own measure the time is over, even if the clock was set back meanwhile.
    now = office.clock()
    try:
        if approval.state is ApprovalState.PENDING:
            await firmly(office.store.change, approval.id, Expire(), max(now, approval.deadline))
            return None
        if not approval.outcome:
            await firmly(office.store.change, approval.id, Tell(approval.version), now)
        return approval
    except Declined:
        return None
    finally:
        await office.told()


class _Patience:
    """How long until a time of the clock, measured so that setting the clock back makes nothing last longer."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._ends: dict[datetime, float] = {}

    def left(self, until: datetime | None) -> float | None:
        """Seconds; None for no time at all."""
        if until is None:
            return None
        by_clock = (until - self._clock()).total_seconds()
        running = asyncio.get_running_loop().time()
        end = self._ends.setdefault(until, running + by_clock)
        return min(by_clock, end - running)
