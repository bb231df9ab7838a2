"""One escalation from the request to the answer: prepared, judged, asked about, sent, answered.

Whatever goes wrong ends with a `Refused`, and the agent goes on locally. Only a cancelled task raises.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta

from b4tui.escalation.approvals import entries
from b4tui.escalation.approvals.changes import Declined, Objection, ObjectionKind, Send
from b4tui.escalation.approvals.grants import covering, use_of
from b4tui.escalation.asking.answering import answered, interrupted
from b4tui.escalation.asking.deciding import Waiting, wait_for_decision
from b4tui.escalation.asking.firmly import firmly
from b4tui.escalation.asking.office import Office
from b4tui.escalation.asking.preparing import Prepared, approval_of, prepare
from b4tui.escalation.asking.refusing import Stopped, before_building, refusal_of, stays_here
from b4tui.escalation.door.parts import PartError
from b4tui.escalation.door.payloads import PayloadError
from b4tui.escalation.door.permits import Permit, PermitRefused
from b4tui.escalation.door.providers import Provider
from b4tui.escalation.types import (
    Answered,
    Approval,
    ApprovalState,
    EscalationRequest,
    RefusalKind,
    Refused,
)
from b4tui.gate.types import Verdict
from b4tui.ledger.types import LedgerError

_AGAIN = frozenset({ObjectionKind.DECIDED, ObjectionKind.TOO_EARLY})
"""Objections to sending that mean: it was undone in the last moment, and waits for the operator once more."""


class Escalation:
    """One on its way; `carry_out` once. Its desk knows it by `approval_id` and holds `lock` to change what it asks."""

    def __init__(self, office: Office, request: EscalationRequest, waiting: Callable[[Approval | None], None]) -> None:
        self._office = office
        self.request = request
        self._waiting = waiting
        self._prepared: Prepared | None = None
        self._by_grant = True
        self.approval_id = ""
        self.lock = asyncio.Lock()
        self.woken = asyncio.Event()

    @property
    def prepared(self) -> Prepared:
        """The payload in hand; there is one as soon as there is an approval."""
        assert self._prepared is not None
        return self._prepared

    def follow(self, approval: Approval, prepared: Prepared) -> None:
        """Wait for this approval, of this payload, from now on. Hold `lock`."""
        self._prepared, self.approval_id = prepared, approval.id
        self._waiting(approval)
        self.woken.set()

    async def carry_out(self) -> Answered | Refused:
        """The whole of it."""
        try:
            return await self._carried_out()
        except Stopped as stopped:
            return await self._refused(stopped.refused)
        except asyncio.CancelledError:
            await self._called_off()
            raise
        except LedgerError as error:
            return await self._gave_up(RefusalKind.LEDGER, f"it cannot be recorded: {error}")
        except Exception as error:  # a defect of ours must not send anything, and its text may quote the payload
            return await self._gave_up(RefusalKind.FAILED, f"b4tui itself failed: {type(error).__name__}")
        finally:
            self._waiting(None)

    async def _carried_out(self) -> Answered | Refused:
        provider = before_building(self._office, self.request)
        try:
            self._prepared = await firmly(self._prepare, provider)
        except (PayloadError, PartError) as error:
            raise Stopped(self._refusal(RefusalKind.FAILED, str(error))) from None
        approval = await self._asked()
        while True:
            approval = await wait_for_decision(self._office, self._watched, approval)
            if approval.state is not ApprovalState.APPROVED:
                raise Stopped(refusal_of(approval, self.prepared.judgement))
            try:
                approval, permit = await self._released(approval)
            except Declined as declined:
                approval = await self._not_released(approval, declined)
                continue
            return await answered(self._office, self.prepared, approval, permit)

    @property
    def _watched(self) -> Waiting:
        return Waiting(lambda: self.approval_id, self.lock, self.woken)

    def _prepare(self, provider: Provider) -> Prepared:
        """Runs in a thread."""
        office = self._office
        known = office.store.known_host(provider.destination.host)
        before = office.window.before(self.request.run)
        return prepare(
            self.request, provider, self.request.chat, office.judge(), office.policy, known_host=known, before=before
        )

    async def _asked(self) -> Approval:
        """The approval that is waited for now: a new one, one adopted, or one that a grant gives."""
        prepared, office = self.prepared, self._office
        local = prepared.judgement.verdict is not Verdict.MAY_ESCALATE
        policy = office.policy.escalation
        if local and not (prepared.mendable and policy.redact_wait_s > 0):
            raise Stopped(stays_here(prepared.judgement))
        await office.look()
        wait_s = policy.redact_wait_s if local else policy.deadline_s
        new = approval_of(prepared, office.new_id(), office.clock(), wait_s)
        approval = await firmly(self._put, new)
        self.approval_id = approval.id
        await office.told()
        if approval.state is ApprovalState.PENDING:
            self._waiting(approval)
        return approval

    def _put(self, new: Approval) -> Approval:
        """Runs in a thread: budget, grants, then the question."""
        store, now = self._office.store, self._office.clock()
        if new.verdict is Verdict.MAY_ESCALATE:
            if words := store.over_budget(new.agent, new.destination.model, new.estimate, now):
                raise Stopped(self._refusal(RefusalKind.BUDGET, words))
            grant = covering(store.grants.every(now), use_of(new), now) if self._by_grant else None
            if grant is not None:
                try:
                    return store.ask_by_grant(new, grant, self.prepared.payload.body, now)
                except Declined:
                    pass  # it ended or was used up meanwhile: the operator is asked
        return store.ask(new, self.prepared.payload.body, now)

    async def _released(self, approval: Approval) -> tuple[Approval, Permit]:
        """The permit, and the record that the bytes leave. Raises Declined."""
        office, payload, now = self._office, self.prepared.payload, self._office.clock()
        since = approval.hold_until or approval.decided_at or now
        until = since + timedelta(seconds=office.policy.escalation.permit_s)
        try:
            permit = office.permits.issue(payload, approval.id, until)
        except PermitRefused as error:
            raise Declined(Objection(ObjectionKind.TOO_LATE, str(error))) from None
        leaving = Send(payload.sha256, payload.rules_sha256, payload.gate_version, self.request.run)
        try:
            sent = await firmly(office.store.send, approval.id, leaving, permit.nonce, now)
        except BaseException:
            office.permits.withdraw(approval.id)
            raise
        office.window.add(self.request.run, payload.body)
        await office.told()
        return sent, permit

    async def _not_released(self, approval: Approval, declined: Declined) -> Approval:
        """What to wait for after a sending that the record did not allow."""
        objection = declined.objection
        await self._office.told()
        if objection.kind is ObjectionKind.GRANT:
            self._by_grant = False
            return await self._asked()
        if objection.kind in _AGAIN:
            now = await firmly(self._office.store.get, self.approval_id)
            if now.version != approval.version:
                return now
        kind = RefusalKind.BUDGET if objection.kind is ObjectionKind.BUDGET else RefusalKind.CANCELLED
        await self._withdraw(objection.text)
        raise Stopped(self._refusal(kind, objection.text))

    async def _called_off(self) -> None:
        """Nobody waits any more. What has left is recorded as what it is; everything else is called back."""
        self._office.permits.withdraw(self.approval_id)
        try:
            if self.approval_id:
                approval = await firmly(self._office.store.get, self.approval_id)
                if approval.sent_at is not None:
                    await interrupted(self._office, self.prepared, approval)
                    return
            await self._withdraw("its run was cancelled")
        except (LedgerError, Declined):
            return  # a record that cannot be written keeps it pending, and nobody is there to send it

    async def _gave_up(self, kind: RefusalKind, reason: str) -> Refused:
        """Leave no permit and no question behind, as far as that can be written."""
        self._office.permits.withdraw(self.approval_id)
        with contextlib.suppress(LedgerError):
            await self._withdraw(reason)
        return await self._refused(self._refusal(kind, reason))

    async def _withdraw(self, reason: str) -> None:
        """End the question, if there is one: also one that was put while we were cancelled."""
        if self._prepared is None:
            return
        store, now = self._office.store, self._office.clock()
        await firmly(store.cancel_run, self.request.run, reason, now, self.prepared.payload.sha256)
        await self._office.told()

    def _refusal(self, kind: RefusalKind, reason: str) -> Refused:
        return Refused(kind=kind, reason=reason, approval=self.approval_id)

    async def _refused(self, refused: Refused) -> Refused:
        """Record it; what cannot be recorded is refused all the same, and published without a row."""
        office = self._office
        row = entries.refused(self.request, refused, office.clock())
        try:
            await firmly(office.store.ledger.append, row)
            await office.told()
        except LedgerError:
            office.unrecorded(row)
        return refused
