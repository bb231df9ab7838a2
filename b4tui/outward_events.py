"""The facts about leaving this machine: asked, decided, sent, answered, refused. Events like all others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from b4tui.events import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked(Event):
    """An agent wants to send a payload to a cloud; the operator is asked. Sizes in bytes; `verdict` is the gate's."""

    approval: str
    run: str
    bead: str
    agent: str
    category: str
    provider: str
    host: str
    model: str
    size: int
    sha256: str
    verdict: str
    risk: str
    deadline: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalChanged(Event):
    """An approval stands elsewhere now: decided, undone, expired, extended, seen. `actor` is who did it."""

    approval: str
    run: str
    bead: str
    agent: str
    state: str
    actor: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationRefused(Event):
    """An agent asked for a cloud model and goes on locally; `kind` is a `RefusalKind`."""

    run: str
    bead: str
    agent: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadSent(Event):
    """The bytes of an approved payload leave now; recorded before the first of them does."""

    approval: str
    run: str
    bead: str
    agent: str
    host: str
    model: str
    sha256: str
    bytes_out: int
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalationAnswered(Event):
    """What came of bytes that left; tokens and money where the provider and the price table say. `failure` in words."""

    approval: str
    run: str
    bead: str
    agent: str
    seconds: float
    bytes_in: int
    tokens_in: int | None = None
    tokens_out: int | None = None
    money: float | None = None
    currency: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantChanged(Event):
    """A standing approval was made or revoked; `sentence` says its scope."""

    grant: str
    actor: str
    sentence: str
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressRefused(Event):
    """Something in this process tried to reach a place that nobody approved, and was stopped."""

    how: str  # the audited call: socket.connect, socket.getaddrinfo, ...
    where: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateRead(Event):
    """A run was told something that the policy keeps at home: what it writes from now on stays here too."""

    run: str
    bead: str
    agent: str
    source: str
    provenance: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReleased(Event):
    """The operator said that what a run has read may leave, although a source of it is private."""

    run: str
    bead: str
    agent: str
    actor: str
