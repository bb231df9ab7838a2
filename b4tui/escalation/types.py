"""The words of an escalation: what would leave, who asks, what the operator decides, what came of it.

States and rules: research/textual.md 5.2; binding to bytes: research/gate.md 7.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from b4tui.engines.types import ChatRequest, Usage
from b4tui.gate.types import Finding, Judgement, Reason, Verdict
from b4tui.provenance import Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a payload would go, to the last letter: a permit is good for nothing else. Always https."""

    provider: str  # NAME of [escalation.NAME]
    host: str
    port: int
    path: str
    model: str

    @property
    def url(self) -> str:
        """The whole address."""
        port = "" if self.port == 443 else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}{port}{self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """The exact bytes that would leave, built once, and what they were judged by. `repr` never shows the bytes."""

    body: bytes = field(repr=False)
    destination: Destination
    sha256: str
    rules_sha256: str
    gate_version: int

    @property
    def size(self) -> int:
        """Bytes of the body."""
        return len(self.body)


class ApprovalState(StrEnum):
    """Where an approval stands. `expired` is not `denied` (design section 4.4); only `pending` can change."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Risk(StrEnum):
    """How much care a decision wants; `high` wants the destination's host typed."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an escalation costs by the price table: money in its currency, None where the model has no price there."""

    money: float | None
    currency: str
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A question to the operator about one payload, as it stands in the ledger's database.

    `version` counts every change and is what compare-and-set compares. `verdict` `local_only` means that it can only
    be denied, redacted, or have values called public. `hold_until`: approved, but kept back until then so that it can
    be undone. `sent_at` is when its bytes left (bytes that left cannot be called back); `outcome` what came of it.
    `replaces` is the approval whose payload was redacted to make this one's.
    """

    id: str
    version: int
    state: ApprovalState
    agent: str
    bead: str
    run: str
    category: str
    reason: str
    destination: Destination
    size: int
    sha256: str
    rules_sha256: str
    gate_version: int
    verdict: Verdict
    reasons: tuple[Reason, ...] = ()
    findings: tuple[Finding, ...] = ()
    provenance: Provenance = Provenance.PRIVATE
    risk: Risk
    risk_words: tuple[str, ...] = ()  # what makes the risk, for a person
    estimate: Cost
    asked_at: datetime
    deadline: datetime
    redacted: Mapping[str, int] = field(default_factory=dict)  # placeholders by class
    replaces: str = ""
    grant: str = ""
    seen_by: str = ""  # who said "seen, working on it"
    extended: bool = False
    decided_by: str = ""
    decided_at: datetime | None = None
    decision_reason: str = ""
    hold_until: datetime | None = None
    sent_at: datetime | None = None
    outcome: str = ""
    cost: Cost | None = None  # by the receipt; until it is there, `estimate` counts as spent


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the operator says about one approval, and how: kept with it as evidence.

    `digest` and `version` are what was shown; another digest or version than the stored one is refused.
    `seen_share` is how much of the payload had been on the screen (0 to 1); `seconds` from opening to deciding. Where
    there is no screen, `typed_digest` is the beginning of the payload's sha256 as the operator typed it.
    """

    approval: str
    version: int
    digest: str
    actor: str
    reason: str = ""
    seen_share: float | None = None
    seconds: float | None = None
    typed_host: str = ""
    typed_digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A standing approval with limits: category always, the rest where it is set ("" or 0: any).

    Never covers a payload with findings, and each use is gated anew. `until` is its end; `uses` counts against
    `max_uses`; `max_bytes` bounds one payload. `doubt` says why the record does not bear it out, as it was
    when it was read: it can be revoked then, and covers nothing.
    """

    id: str
    category: str
    agent: str = ""
    provider: str = ""
    host: str = ""
    model: str = ""
    max_bytes: int
    max_uses: int
    uses: int = 0
    until: datetime
    made_by: str
    made_at: datetime
    revoked_at: datetime | None = None
    doubt: str = ""

    @property
    def sentence(self) -> str:
        """The scope in one sentence for a person."""
        who = self.agent or "any agent"
        where = self.host or self.provider or "any configured provider"
        model = f", model {self.model}" if self.model else ""
        often = "once" if self.max_uses == 1 else f"{self.max_uses} times"
        used = f" ({self.uses} used)" if self.uses else ""
        return (
            f"{who} may send up to {self.max_bytes:,} bytes of {self.category} to {where}{model} "
            f"until {self.until.astimezone():%Y-%m-%d %H:%M}, {often} at most{used}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRequest:
    """What an agent asks for: `chat` with parts on every message; `provider` "" means the first configured one.

    `released`: the operator said that what this run has read may leave, although a source of it is kept home.
    """

    run: str
    bead: str
    agent: str
    category: str
    labels: tuple[str, ...]
    reason: str
    chat: ChatRequest = field(repr=False)
    provider: str = ""
    released: bool = False


class RefusalKind(StrEnum):
    """Why an escalation did not happen. The agent goes on locally with the reason."""

    LOCAL_ONLY = "local_only"  # the gate, the label, or --local-only
    NOT_CONFIGURED = "not_configured"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    BUDGET = "budget"
    FAILED = "failed"  # approved, but the provider or the network failed
    LEDGER = "ledger"  # it could not be recorded, so it was not sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An escalation that did not happen: the kind, a reason for agent and operator, and the gate's word if it spoke."""

    kind: RefusalKind
    reason: str
    approval: str = ""
    judgement: Judgement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What came of bytes that left."""

    approval: str
    destination: Destination
    sha256: str
    bytes_out: int
    bytes_in: int
    sent_at: datetime
    seconds: float
    status: int | None
    usage: Usage | None = None
    cost: Cost | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An escalation that came back: the answer, filled in again on this side, and the receipt."""

    text: str = field(repr=False)
    receipt: Receipt
    tool_calls: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a finding lies in a body: its number among the approval's findings, and characters of the body as UTF-8."""

    finding: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadShown:
    """A payload as the operator looks at it: the exact bytes, and those last approved for the same run, for a diff.

    `headers` are all that go out with it, in order; what is secret in them is masked. `spots` are those of the
    findings that could be located in the body (`escalation.door.spots`); the others are named by part.
    """

    approval: str
    body: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    spots: tuple[Spot, ...] = ()
