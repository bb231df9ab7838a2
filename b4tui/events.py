"""The facts the runtime publishes: typed, immutable, one class per fact.

An event says what happened, never what should happen. Every event carries `at`, an aware UTC time. The console folds
events into its snapshot; `work --json` and `demo --json` print them, one JSON object a line (see `as_json`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class AgentState(StrEnum):
    """What an agent is doing now."""

    IDLE = "idle"
    WORKING = "working"
    WAITING = "waiting"  # has a bead, waits for a slot at the engine
    BACKOFF = "backoff"  # the engine failed; waits before it tries again
    PAUSED = "paused"
    STOPPED = "stopped"


PAUSING = "pauses after this bead"
"""The reason of an agent that has a bead in hand and takes no other."""


class EngineStatus(StrEnum):
    """Whether an engine answers."""

    UNKNOWN = "unknown"
    UP = "up"
    DOWN = "down"


class Locality(StrEnum):
    """What is known of where an engine computes (design section 2). Only `attested` counts as local."""

    ATTESTED = "attested"
    UNATTESTED = "unattested"
    REMOTE = "remote"


class RunOutcome(StrEnum):
    """How a run ended."""

    FINISHED = "finished"  # the agent called finish; the bead is closed
    FAILED = "failed"  # the agent gave up or broke a limit; the bead is reopened with a comment
    ENGINE = "engine"  # the model server failed; the bead goes back and the agent backs off
    CANCELLED = "cancelled"  # the operator stopped it
    INTERRUPTED = "interrupted"  # the process died in the middle; found at the next start


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One fact. `at` is an aware UTC time."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeStarted(Event):
    """The runtime opened a hub. `simulated` when its models are simulated."""

    hub: str
    agents: tuple[str, ...]
    simulated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeStopped(Event):
    """The runtime ended; `reason` in words."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardChanged(Event):
    """The board was read anew; counts of beads by column."""

    ready: int
    in_progress: int
    blocked: int
    closed: int
    total: int
    problems: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFailed(Event):
    """The board could not be read or written; `reason` says why and what to do."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeadRouted(Event):
    """The router gave a ready bead to an agent."""

    bead: str
    agent: str
    category: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeadClaimed(Event):
    """An agent holds the bead now."""

    bead: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLost(Event):
    """Somebody else was first; nothing was written."""

    bead: str
    agent: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BeadClosed(Event):
    """The bead is done; `reason` is the close reason on the board."""

    bead: str
    agent: str
    reason: str
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeadReopened(Event):
    """The bead went back to ready; `reason` says what failed."""

    bead: str
    agent: str
    reason: str
    run: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeadCreated(Event):
    """A new bead is on the board, made by the operator or found by an agent."""

    bead: str
    agent: str
    title: str
    discovered_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeadCommented(Event):
    """A comment was written to the board."""

    bead: str
    agent: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(Event):
    """An agent began one attempt at one bead, on the engine and the model that were chosen for it.

    `digest` is the model's, `profile` names its load profile, `note` says why it is not the first choice.
    """

    run: str
    bead: str
    agent: str
    engine: str
    model: str
    context_limit: int  # tokens
    locality: Locality = Locality.UNATTESTED
    digest: str = ""
    profile: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMoved(Event):
    """The run's next answer comes from another engine, model or processor than the one before; `note` says why."""

    run: str
    bead: str
    agent: str
    engine: str
    model: str
    locality: Locality
    digest: str = ""
    profile: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRestarted(Event):
    """The answer broke off and is asked for again: what was streamed of it is void. `reason` says what happened."""

    run: str
    bead: str
    agent: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted(Event):
    """The run asks the model for the next step; `step` counts from 1."""

    run: str
    bead: str
    agent: str
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextStreamed(Event):
    """A piece of the model's answer, in the order it came. High rate."""

    run: str
    bead: str
    agent: str
    text: str
    thinking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled(Event):
    """The model asked for a tool; `summary` is one line for a person."""

    run: str
    bead: str
    agent: str
    call: str
    tool: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished(Event):
    """A tool call got its one result. `output` is what the model was told, already cut to size."""

    run: str
    bead: str
    agent: str
    call: str
    tool: str
    ok: bool
    seconds: float
    summary: str
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChanged(Event):
    """A run changed a file in its folder; lines added and removed against the run's start."""

    run: str
    bead: str
    agent: str
    path: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensCounted(Event):
    """The engine's own figures for one finished answer (research/runtime.md 1.3).

    Tokens and seconds as the server measured them; `first_token_seconds` and `queue_seconds` (waiting for a slot in
    our own line) are measured here. None where not known.
    """

    run: str
    bead: str
    agent: str
    step: int
    prompt_tokens: int
    cached_tokens: int | None
    generated_tokens: int
    prompt_seconds: float | None
    generate_seconds: float | None
    load_seconds: float | None
    first_token_seconds: float | None
    queue_seconds: float | None = None
    engine: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished(Event):
    """A run ended; `reason` in words."""

    run: str
    bead: str
    agent: str
    outcome: RunOutcome
    reason: str
    steps: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanged(Event):
    """An agent's state changed; `next_poll_at` when it will look again by itself."""

    agent: str
    state: AgentState
    reason: str = ""
    bead: str = ""
    next_poll_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineChanged(Event):
    """An engine came up, went down, or was seen for the first time."""

    engine: str
    address: str
    status: EngineStatus
    version: str = ""
    simulated: bool = False
    reason: str = ""
    locality: Locality = Locality.UNATTESTED


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuLost(Event):
    """The GPUs that were there cannot be read any more; `reason` as the driver says."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuFound(Event):
    """GPUs can be read again; `names` in their order."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(Event):
    """Something the operator should know that belongs to no other event."""

    reason: str
    bead: str = ""
    agent: str = ""


def now() -> datetime:
    """The present as an aware UTC time: the clock the program uses unless a test hands in another."""
    return datetime.now(UTC)


def event_name(event: Event) -> str:
    """The event's name on the wire: `RunStarted` is `run_started`."""
    return _name_of(type(event))


def event_names() -> frozenset[str]:
    """The names of all events there are."""
    found, kinds = set(), [Event]
    while kinds:
        below = kinds.pop().__subclasses__()
        found |= {_name_of(kind) for kind in below}
        kinds += below
    return frozenset(found)


def _name_of(kind: type[Event]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def as_json(event: Event) -> dict[str, Any]:
    """The event as one JSON object: `event` and `at` (RFC 3339, UTC) first, then its own fields that are not empty."""
    row: dict[str, Any] = {"event": event_name(event), "at": _rfc3339(event.at)}
    for field in fields(event):
        value = getattr(event, field.name)
        if field.name == "at" or value is None or value == "":
            continue
        row[field.name] = _rfc3339(value) if isinstance(value, datetime) else value
    return row


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
