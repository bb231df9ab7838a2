"""The desk: where agents ask for a cloud model and the operator decides.

Call from one event loop. Decisions raise `Declined` with a sentence for a person, and `LedgerError` when they cannot
be recorded; nothing changed then.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from b4tui.escalation.approvals.batches import Batch, batch_objection
from b4tui.escalation.approvals.changes import (
    Acknowledge,
    Approve,
    Change,
    Declined,
    Deny,
    Extend,
    Objection,
    ObjectionKind,
    Undo,
)
from b4tui.escalation.approvals.grants import strictness, use_of
from b4tui.escalation.asking.escalating import Escalation
from b4tui.escalation.asking.firmly import firmly
from b4tui.escalation.asking.mending import Mender
from b4tui.escalation.asking.noticing import Notices
from b4tui.escalation.asking.office import Office
from b4tui.escalation.door.headers import shown_headers
from b4tui.escalation.door.spots import spots
from b4tui.escalation.types import (
    Answered,
    Approval,
    Decision,
    EscalationRequest,
    Grant,
    PayloadShown,
    Refused,
)
from b4tui.gate.types import NamedPart
from b4tui.ledger.types import LedgerError

FORGET_EVERY_S = 3600.0
"""Seconds between two looks at which payloads are older than they are kept."""


class Desk:
    """Runs whole escalations, and carries out what the operator decides about them. Make it with `open_desk`."""

    def __init__(self, office: Office, notices: Notices, mender: Mender, escalations: set[Escalation]) -> None:
        self._office = office
        self._store = office.store
        self._notices = notices
        self._mender = mender
        self._escalations = escalations

    async def watch(self) -> None:
        """Notice what others decide, let what is due expire, and forget old payloads, until cancelled.

        While anybody waits in `ask`, the first two happen without it.
        """
        async with self._notices.watched():
            while True:
                await self._forget_bodies()
                await asyncio.sleep(FORGET_EVERY_S)

    # Agents ----------------------------------------------------------------------------------------------------------

    async def ask(self, request: EscalationRequest, waiting: Callable[[Approval | None], None]) -> Answered | Refused:
        """One escalation from the request to the answer; never raises but when the task is cancelled.

        `waiting` is called with the approval that is waited for (again for one that replaces it), and with None when
        the escalation is over. Cancelling the task cancels the approval, unless its bytes have left.
        """
        escalation = Escalation(self._office, request, waiting)
        self._escalations.add(escalation)
        try:
            async with self._notices.watched():
                answer = await escalation.carry_out()
            if not self._office.keep_bodies_days:
                await self._forget_bodies()
            return answer
        finally:
            self._escalations.discard(escalation)

    async def run_ended(self, run: str, reason: str) -> None:
        """A run is over, however: nobody waits for its questions any more."""
        self._office.window.forget(run)
        await firmly(self._store.cancel_run, run, reason, self._office.clock())
        await self._notices.tell()

    # What there is ---------------------------------------------------------------------------------------------------

    async def pending(self) -> tuple[Approval, ...]:
        """Those that wait for the operator, the next to expire first."""
        return await firmly(self._store.pending)

    async def approval(self, approval_id: str) -> Approval:
        """One as it stands now. Raises Declined (unknown)."""
        return await firmly(self._store.get, approval_id)

    async def recent(self, seconds: float) -> tuple[Approval, ...]:
        """The pending ones and those asked or decided in the last `seconds`, the oldest first."""
        return await firmly(self._store.since, self._office.clock() - timedelta(seconds=seconds))

    async def bytes_out(self) -> int:
        """The sum of all payloads that ever left, by this hub's ledger."""
        return await firmly(self._store.bytes_out)

    async def shown(self, approval_id: str) -> PayloadShown:
        """The exact bytes, and those that left last for the same run. Raises Declined where they are not kept.

        Findings are shown in place where the parts are at hand: while the run that asks waits in this process.
        """
        parts = next((one.prepared.parts for one in self._escalations if one.approval_id == approval_id), ())
        return await firmly(self._shown, approval_id, parts)

    # Decisions -------------------------------------------------------------------------------------------------------

    async def approve(self, decision: Decision) -> Approval:
        """Let these bytes leave; of medium and high risk they are held back (`hold_until`)."""
        return await self._change(decision.approval, Approve(decision))

    async def deny(self, decision: Decision) -> Approval:
        """Keep them here. The agent is told when the time for `undo` is over."""
        return await self._change(decision.approval, Deny(decision))

    async def undo(self, approval_id: str, version: int, actor: str) -> Approval:
        """Take a decision back, as long as the agent was not told and the bytes have not left."""
        return await self._change(approval_id, Undo(version, actor))

    async def extend(self, approval_id: str, version: int, actor: str) -> Approval:
        """Give it more time, once."""
        return await self._change(approval_id, Extend(version, actor))

    async def acknowledge(self, approval_id: str, version: int, actor: str) -> Approval:
        """Seen, working on it."""
        return await self._change(approval_id, Acknowledge(version, actor))

    async def batch_deny(self, decisions: Sequence[Decision]) -> Batch:
        """Deny each by itself; one that does not apply does not stop the others."""
        done: list[Approval] = []
        refused: list[tuple[str, Objection]] = []
        for decision in decisions:
            try:
                done.append(await self.deny(decision))
            except Declined as declined:
                refused.append((decision.approval, declined.objection))
        return Batch(tuple(done), tuple(refused))

    async def batch_approve(self, decisions: Sequence[Decision], typed_count: int) -> Batch:
        """Approve several alike, or none. Raises Declined where the rules of a batch do not allow it."""
        changes = [(decision.approval, Approve(decision)) for decision in decisions]

        def allowed(approvals: Sequence[Approval]) -> Objection | None:
            return batch_objection(approvals, typed_count)

        try:
            return Batch(await firmly(self._store.change_all, changes, self._office.clock(), allowed))
        finally:
            await self._notices.tell()

    async def redact(self, approval_id: str, version: int, digest: str, actor: str) -> Approval:
        """Replace what was found by placeholders: a new approval of a new payload, which `replaces` this one."""
        try:
            return await self._mender.redact(self._here(approval_id), approval_id, version, digest, actor)
        finally:
            await self._notices.tell()

    async def call_public(self, approval_id: str, rule: str, value_hash: str, note: str, actor: str) -> Approval:
        """Say that a value found is public, for ever and wherever it is whole; all that waits here is judged anew."""
        await self._mender.call_public(self._here(approval_id), approval_id, rule, value_hash, note, actor)
        for escalation in tuple(self._escalations):
            await self._mender.rejudge(escalation)
        await self._notices.tell()
        return await self.approval(approval_id)

    # Grants ----------------------------------------------------------------------------------------------------------

    async def grants(self) -> tuple[Grant, ...]:
        """Every standing approval, those that hold first."""
        return await firmly(self._store.grants.every, self._office.clock())

    async def grantable(self, approval_id: str) -> str:
        """Why no grant may be offered for a payload like this, in words; "" where one may."""
        return strictness(use_of(await self.approval(approval_id)))

    async def grant(self, grant: Grant) -> Grant:
        """Make a standing approval; its id, `made_at` and uses are given here. Raises Declined."""
        now = self._office.clock()
        made = replace(grant, id=self._office.new_id(), made_at=now, uses=0, revoked_at=None)
        try:
            return await firmly(self._store.grants.make, made, now)
        finally:
            await self._notices.tell()

    async def revoke(self, grant_id: str, actor: str) -> Grant:
        """End a standing approval now, also for what it approved and has not left. Raises Declined."""
        try:
            return await firmly(self._store.grants.revoke, grant_id, actor, self._office.clock())
        finally:
            await self._notices.tell()

    async def _forget_bodies(self) -> None:
        older = self._office.clock() - timedelta(days=self._office.keep_bodies_days)
        # A record that cannot be written is said by whoever writes the next row; what is old is forgotten later.
        with contextlib.suppress(LedgerError):
            await firmly(self._store.forget_bodies, older)

    async def _change(self, approval_id: str, what: Change) -> Approval:
        try:
            return await firmly(self._store.change, approval_id, what, self._office.clock())
        finally:
            await self._notices.tell()

    def _here(self, approval_id: str) -> Escalation:
        """The escalation that waits for an approval in this process. Raises Declined."""
        for escalation in self._escalations:
            if escalation.approval_id == approval_id:
                return escalation
        words = (
            "Its run does not wait in this b4tui, and only there can its payload be made anew: deny it, or go there."
        )
        raise Declined(Objection(ObjectionKind.NOT_HERE, words))

    def _shown(self, approval_id: str, parts: Sequence[NamedPart]) -> PayloadShown:
        """Runs in a thread."""
        store = self._store
        approval = store.get(approval_id)
        body = store.body_of(approval)
        before = store.previous_of(approval)
        provider = self._office.providers.get(approval.destination.provider)
        return PayloadShown(
            approval=approval.id,
            body=body,
            previous=None if before is None else store.ledger.body(before.sha256),
            headers=() if provider is None else shown_headers(provider, approval.size),
            spots=spots(approval.findings, parts, body),
        )
