"""Sending what was released, and what becomes of the answer: recorded, and filled in again on this side only."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from b4tui.engines.types import ToolCall
from b4tui.escalation.approvals.changes import Declined
from b4tui.escalation.asking.firmly import firmly
from b4tui.escalation.asking.office import Office
from b4tui.escalation.asking.preparing import Prepared
from b4tui.escalation.door.permits import Permit
from b4tui.escalation.types import Answered, Approval, Receipt, RefusalKind, Refused
from b4tui.gate.redaction.redacting import rehydrate
from b4tui.ledger.types import LedgerError


async def answered(office: Office, prepared: Prepared, approval: Approval, permit: Permit) -> Answered | Refused:
    """Send the payload that the record says is leaving, and record what came of it."""
    reply = await office.send(prepared.provider, prepared.payload, permit)
    # The bytes are gone and the record says so; without a receipt their estimate stays spent.
    with contextlib.suppress(LedgerError, Declined):
        await _conclude(office, approval, reply.receipt)
    if reply.receipt.failure:
        return Refused(kind=RefusalKind.FAILED, reason=reply.receipt.failure, approval=approval.id)
    return Answered(
        text=rehydrate(reply.text, prepared.originals),
        receipt=reply.receipt,
        tool_calls=tuple(_call(call, prepared.originals) for call in reply.tool_calls),
    )


async def interrupted(office: Office, prepared: Prepared, approval: Approval) -> None:
    """Record that nobody waited for the answer to bytes that may have left."""
    if approval.outcome or approval.sent_at is None:
        return
    now = office.clock()
    receipt = Receipt(
        approval=approval.id,
        destination=approval.destination,
        sha256=approval.sha256,
        bytes_out=approval.size,
        bytes_in=0,
        sent_at=approval.sent_at,
        seconds=max(0.0, (now - approval.sent_at).total_seconds()),
        status=None,
        failure="its run was cancelled while it was on its way",
    )
    await _conclude(office, approval, receipt)


async def _conclude(office: Office, approval: Approval, receipt: Receipt) -> None:
    await firmly(office.store.conclude, approval.id, receipt, office.clock())
    await office.told()


def _call(call: ToolCall, originals: Mapping[str, str]) -> Mapping[str, Any]:
    return {"id": call.id, "name": call.name, "arguments": _filled(call.arguments, originals)}


def _filled(value: Any, originals: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return rehydrate(value, originals)
    if isinstance(value, Mapping):
        return {key: _filled(item, originals) for key, item in value.items()}
    return [_filled(item, originals) for item in value] if isinstance(value, list | tuple) else value
