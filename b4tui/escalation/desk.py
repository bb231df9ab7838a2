"""The desk: where agents ask for a cloud model and the operator decides.

Call from one event loop. Decisions raise `Declined` with a sentence for a person, and `LedgerError` when they cannot
be recorded; nothing changed then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from b4tui.escalation.batches import Batch
from b4tui.escalation.types import (
    Answered,
    Approval,
    Decision,
    EscalationRequest,
    Grant,
    PayloadShown,
    Refused,
)


class Desk:
    """Runs whole escalations, and carries out what the operator decides about them."""

    async def ask(self, request: EscalationRequest, waiting: Callable[[Approval | None], None]) -> Answered | Refused:
        """One escalation from the request to the answer; never raises but when the task is cancelled.

        `waiting` is called with the approval that is waited for (again for one that replaces it), and with None when
        the wait is over. Cancelling the task cancels the approval, unless its bytes have left.
        """
        raise NotImplementedError

    async def pending(self) -> tuple[Approval, ...]:
        """Those that wait for the operator, the next to expire first."""
        raise NotImplementedError

    async def approval(self, approval_id: str) -> Approval:
        """One as it stands now. Raises Declined (unknown)."""
        raise NotImplementedError

    async def recent(self, seconds: float) -> tuple[Approval, ...]:
        """The pending ones and those decided in the last `seconds`, for the console's snapshot."""
        raise NotImplementedError

    async def bytes_out(self) -> int:
        """The sum of all payloads that ever left, by this hub's ledger."""
        raise NotImplementedError

    async def approve(self, decision: Decision) -> Approval:
        """Let these bytes leave; of medium and high risk they are held back (`hold_until`)."""
        raise NotImplementedError

    async def deny(self, decision: Decision) -> Approval:
        """Keep them here. The agent is told when the time for `undo` is over."""
        raise NotImplementedError

    async def undo(self, approval_id: str, version: int, actor: str) -> Approval:
        """Take a decision back, as long as the agent was not told and the bytes have not left."""
        raise NotImplementedError

    async def extend(self, approval_id: str, version: int, actor: str) -> Approval:
        """Give it more time, once."""
        raise NotImplementedError

    async def acknowledge(self, approval_id: str, version: int, actor: str) -> Approval:
        """Seen, working on it."""
        raise NotImplementedError

    async def redact(self, approval_id: str, version: int, digest: str, actor: str) -> Approval:
        """Replace what was found by placeholders: a new approval of a new payload, which `replaces` this one."""
        raise NotImplementedError

    async def call_public(self, approval_id: str, rule: str, value_hash: str, note: str, actor: str) -> Approval:
        """Say that a value found is public, for ever and wherever it is whole; the same approval judged anew."""
        raise NotImplementedError

    async def grants(self) -> tuple[Grant, ...]:
        """Every standing approval, those that hold first."""
        raise NotImplementedError

    async def grant(self, grant: Grant) -> Grant:
        """Make a standing approval; its id, `made_at` and uses are given here."""
        raise NotImplementedError

    async def grantable(self, approval_id: str) -> str:
        """Why no grant may be offered for a payload like this, in words; "" where one may."""
        raise NotImplementedError

    async def revoke(self, grant_id: str, actor: str) -> Grant:
        """End a standing approval now."""
        raise NotImplementedError

    async def shown(self, approval_id: str) -> PayloadShown:
        """The exact bytes, and those last approved for the same run. Raises Declined where they are not kept."""
        raise NotImplementedError

    async def batch_deny(self, decisions: Sequence[Decision]) -> Batch:
        """Deny each by itself; one that does not apply does not stop the others."""
        raise NotImplementedError

    async def batch_approve(self, decisions: Sequence[Decision], typed_count: int) -> Batch:
        """Approve several alike, or none. Raises Declined where the rules of a batch do not allow it."""
        raise NotImplementedError

    async def run_ended(self, run: str, reason: str) -> None:
        """A run is over, however: nobody waits for its questions any more."""
        raise NotImplementedError
