"""What the operator decides about leaving this machine: the part of `Operator` that works on the desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from b4tui.escalation.approvals.batches import Batch
from b4tui.escalation.approvals.changes import Declined
from b4tui.escalation.desk import Desk
from b4tui.escalation.types import Approval, Decision, Grant, PayloadShown
from b4tui.ledger.types import LedgerError
from b4tui.runtime.declining import OperatorError
from b4tui.runtime.outside.outside import Outside

T = TypeVar("T")

NOTHING_LEAVES = "Nothing can leave this machine here, so that there is nothing to decide."


class OutwardVerbs:
    """Every verb raises OperatorError with a sentence for a person when it does not apply; nothing changed then."""

    def __init__(self, outside: Outside | None, name: str) -> None:
        self._outside = outside
        self._actor = name

    async def approve(self, decision: Decision) -> Approval:
        """Let these bytes leave; of medium and high risk they are held back for a moment."""
        return await self._at_desk(lambda desk: desk.approve(self._signed(decision)))

    async def deny(self, decision: Decision) -> Approval:
        """Keep them here."""
        return await self._at_desk(lambda desk: desk.deny(self._signed(decision)))

    async def undo(self, approval_id: str, version: int) -> Approval:
        """Take a decision back, as long as that is possible."""
        return await self._at_desk(lambda desk: desk.undo(approval_id, version, self._actor))

    async def extend(self, approval_id: str, version: int) -> Approval:
        """Give a question more time, once."""
        return await self._at_desk(lambda desk: desk.extend(approval_id, version, self._actor))

    async def acknowledge(self, approval_id: str, version: int) -> Approval:
        """Say that it is seen and worked on."""
        return await self._at_desk(lambda desk: desk.acknowledge(approval_id, version, self._actor))

    async def redact(self, approval_id: str, version: int, digest: str) -> Approval:
        """Replace what was found by placeholders, and ask anew with what remains."""
        return await self._at_desk(lambda desk: desk.redact(approval_id, version, digest, self._actor))

    async def call_public(self, approval_id: str, version: int, rule: str, value_hash: str, note: str) -> Approval:
        """Say that a value which was found is public, and judge the payload anew."""
        self._expect(await self._at_desk(lambda desk: desk.approval(approval_id)), version)
        return await self._at_desk(lambda desk: desk.call_public(approval_id, rule, value_hash, note, self._actor))

    async def make_grant(self, grant: Grant) -> Grant:
        """Make a standing approval."""
        return await self._at_desk(lambda desk: desk.grant(replace(grant, made_by=self._actor)))

    async def grantable(self, approval_id: str) -> str:
        """Why no grant may be offered for a payload like this; "" where one may."""
        return await self._at_desk(lambda desk: desk.grantable(approval_id))

    async def revoke(self, grant_id: str) -> Grant:
        """End a standing approval now."""
        return await self._at_desk(lambda desk: desk.revoke(grant_id, self._actor))

    async def batch_deny(self, decisions: Sequence[Decision]) -> Batch:
        """Keep several here, each by itself."""
        return await self._at_desk(lambda desk: desk.batch_deny([self._signed(one) for one in decisions]))

    async def batch_approve(self, decisions: Sequence[Decision], typed_count: int) -> Batch:
        """Let several alike leave, or none."""
        signed = [self._signed(one) for one in decisions]
        return await self._at_desk(lambda desk: desk.batch_approve(signed, typed_count))

    async def payload(self, approval_id: str) -> PayloadShown:
        """The exact bytes that would leave, to look at."""
        return await self._at_desk(lambda desk: desk.shown(approval_id))

    async def release(self, run: str) -> None:
        """Let what this run has read leave, although a source of it is private. It is gated all the same."""
        if self._outside is None or not self._outside.release(run, self._actor):
            raise OperatorError("That run is over, or was never here: there is nothing to release.")

    def _signed(self, decision: Decision) -> Decision:
        return replace(decision, actor=self._actor)

    @staticmethod
    def _expect(approval: Approval, version: int) -> None:
        if approval.version != version:
            raise OperatorError("It has changed since it was shown; look at it again.")

    async def _at_desk(self, act: Callable[[Desk], Awaitable[T]]) -> T:
        desk = self._outside.desk if self._outside is not None else None
        if desk is None:
            why = self._outside.closed if self._outside is not None else ""
            raise OperatorError(why or NOTHING_LEAVES)
        try:
            return await act(desk)
        except (Declined, LedgerError) as error:
            raise OperatorError(str(error)) from error
