"""What the console needs of the runtime for approvals; a refusal is an `OperatorError` with a sentence for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from b4tui.escalation.types import Decision, Grant, PayloadShown


class Verbs(Protocol):
    """The operator's verbs about what may leave, as `runtime.operator` has them."""

    async def approve(self, decision: Decision) -> object:
        """Let these bytes leave, once."""
        ...

    async def deny(self, decision: Decision) -> object:
        """Keep them here."""
        ...

    async def batch_approve(self, decisions: Sequence[Decision], typed_count: int) -> object:
        """Approve several alike, or none."""
        ...

    async def batch_deny(self, decisions: Sequence[Decision]) -> object:
        """Deny each by itself."""
        ...

    async def undo(self, approval_id: str, version: int) -> object:
        """Take a decision back."""
        ...

    async def extend(self, approval_id: str, version: int) -> object:
        """Give it more time, once."""
        ...

    async def acknowledge(self, approval_id: str, version: int) -> object:
        """Seen, working on it."""
        ...

    async def redact(self, approval_id: str, version: int, digest: str) -> object:
        """Replace what was found: a new approval that replaces this one."""
        ...

    async def call_public(self, approval_id: str, version: int, rule: str, value_hash: str, note: str) -> object:
        """Say that a value is public."""
        ...

    async def make_grant(self, grant: Grant) -> object:
        """Make a standing approval."""
        ...

    async def revoke(self, grant_id: str) -> object:
        """End a standing approval."""
        ...

    async def release(self, run_id: str) -> object:
        """Let what a run has read leave, although a source of it is private."""
        ...


class Payloads(Protocol):
    """Where the bytes come from, as `runtime` has them."""

    async def payload(self, approval_id: str) -> PayloadShown | None:
        """The exact bytes; None where they are not kept any more."""
        ...
