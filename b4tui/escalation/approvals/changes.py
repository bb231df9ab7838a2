"""What can happen to an approval, and why something may not: the words of `states`.

States and rules: research/textual.md 5.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from b4tui.escalation.types import Decision, Risk
from b4tui.gate.types import Judgement


@dataclass(frozen=True, slots=True)
class Approve:
    """The operator says that these bytes may leave."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class Deny:
    """The operator says that they may not."""

    decision: Decision


@dataclass(frozen=True, slots=True)
class Undo:
    """The operator takes a decision back: the question is open again."""

    version: int
    actor: str


@dataclass(frozen=True, slots=True)
class Extend:
    """The operator asks for more time, once."""

    version: int
    actor: str


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The operator has seen it and works on it: no more notices, nothing decided."""

    version: int
    actor: str


@dataclass(frozen=True, slots=True)
class Expire:
    """The deadline has passed."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Nobody waits for the answer any more; `actor` is who ended that (`policy`, `clock`, an agent's key)."""

    reason: str
    actor: str


@dataclass(frozen=True, slots=True)
class Adopt:
    """Another run of the same agent at the same bead asks with the same bytes."""

    run: str


@dataclass(frozen=True, slots=True)
class Rejudge:
    """The same bytes were judged anew, because the rules or what the operator calls public have changed."""

    judgement: Judgement
    risk: Risk
    risk_words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tell:
    """The agent is told now that it was denied, expired or cancelled, and goes on locally."""

    version: int


@dataclass(frozen=True, slots=True)
class Send:
    """The bytes leave now. `sha256` and the rest are those of the payload in hand, not of the record."""

    sha256: str
    rules_sha256: str
    gate_version: int
    run: str


@dataclass(frozen=True, slots=True)
class Conclude:
    """What came of the bytes that left, in words."""

    outcome: str


Change = Approve | Deny | Undo | Extend | Acknowledge | Expire | Cancel | Adopt | Rejudge | Tell | Send | Conclude


class ObjectionKind(StrEnum):
    """Why a change does not apply."""

    UNKNOWN = "unknown"  # no such approval
    DECIDED = "decided"  # somebody else was first; the words say who, what and when
    STALE = "stale"  # it changed since it was shown, or what was shown are other bytes
    LOCAL_ONLY = "local_only"
    UNSEEN = "unseen"  # the payload was not shown to its end
    HOST = "host"  # high risk, and the destination was not typed
    EXPIRED = "expired"
    SENT = "sent"
    TOO_LATE = "too_late"  # cannot be undone any more, or was approved too long ago to be sent
    TOO_EARLY = "too_early"  # held back, or not due yet
    ONCE = "once"  # was extended already
    NOT_HERE = "not_here"  # its run is in another process, or gone
    BUDGET = "budget"
    GRANT = "grant"  # a grant that covers nothing, or nothing any more
    UNPROVEN = "unproven"  # the record does not bear out what the row says
    BATCH = "batch"  # these cannot be decided together


@dataclass(frozen=True, slots=True)
class Objection:
    """A change that does not apply: the kind, and a sentence for a person that says what to do."""

    kind: ObjectionKind
    text: str


class Declined(Exception):
    """A decision that could not be carried out; nothing changed. `objection` says why."""

    def __init__(self, objection: Objection) -> None:
        super().__init__(objection.text)
        self.objection = objection
