"""What all escalations of one desk have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from b4tui.engines.types import ToolCall
from b4tui.escalation.approvals.store import ApprovalStore
from b4tui.escalation.asking.preparing import Judge, Policy
from b4tui.escalation.asking.window import Window
from b4tui.escalation.door.permits import Permit, PermitOffice
from b4tui.escalation.door.providers import Provider
from b4tui.escalation.types import Payload, Receipt
from b4tui.ledger.types import NewEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back: with `receipt.failure` the rest is worth nothing."""

    receipt: Receipt
    text: str = field(default="", repr=False)
    tool_calls: tuple[ToolCall, ...] = field(default=(), repr=False)


Send = Callable[[Provider, Payload, Permit], Awaitable[Reply]]
"""Put exactly these bytes on the wire by this permit and read the answer to its end; what fails is in the receipt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """`judge` gives the gate as it is now; `told` publishes the rows that are new in the record.

    `look` compares approvals and grants with the record and publishes what is not borne out; `unrecorded` publishes a
    row that could not be written. `keep_bodies_days` is how long payloads can be looked at (0: until they were
    answered). `no_providers` says why there is nobody to send to, where that has another reason than empty settings.
    """

    store: ApprovalStore
    policy: Policy
    providers: Mapping[str, Provider]
    no_providers: str
    keep_bodies_days: int
    judge: Callable[[], Judge]
    permits: PermitOffice
    window: Window
    send: Send
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    told: Callable[[], Awaitable[None]]
    look: Callable[[], Awaitable[None]]
    unrecorded: Callable[[NewEntry], None]
