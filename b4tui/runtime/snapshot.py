"""The one immutable picture of the running system that a screen draws.

The runtime folds its events into a new `Snapshot`; nothing here is ever changed in place. High-rate text is not in it:
a run's live output is read from its `transcript.Transcript`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from b4tui.board.model import BoardState
from b4tui.engines.types import LoadedModel
from b4tui.events import AgentState, EngineStatus, RunOutcome
from b4tui.telemetry.types import MachineSample


class Level(StrEnum):
    """How much a line of activity wants the operator's eye."""

    INFO = "info"
    GOOD = "good"  # something closed
    ATTENTION = "attention"  # the operator is wanted
    ERROR = "error"  # something broke


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who a ready bead is queued for, and why."""

    agent: str
    category: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A file a run changed: lines added and removed against the run's start."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One attempt at one bead. `rates` are generated tokens per second, one figure a second, oldest first (at most 60).

    `tokens_per_s` is measured while the answer streams (pieces a second), then the server's own figure; None before.
    `context_used` is the prompt of the last answer plus what it generated, in tokens.
    """

    run: str
    bead: str
    agent: str
    engine: str
    model: str
    started_at: datetime
    ended_at: datetime | None = None
    step: int = 0
    prompt_tokens: int = 0
    generated_tokens: int = 0
    context_used: int = 0
    context_limit: int = 0
    tokens_per_s: float | None = None
    rates: tuple[float, ...] = ()
    last_tool: str = ""
    files: tuple[FileChange, ...] = ()
    outcome: RunOutcome | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """An agent's panel. `queue` holds the ids of ready beads routed to it, next first; `key` is its config key."""

    key: str
    name: str
    state: AgentState
    model: str
    bead: str = ""
    run: str = ""
    queue: tuple[str, ...] = ()
    reason: str = ""
    next_poll_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineView:
    """An engine as it was last seen. `locality` is `unattested` until it is proven otherwise."""

    name: str
    address: str
    status: EngineStatus
    version: str = ""
    simulated: bool = False
    locality: str = "unattested"
    reason: str = ""
    loaded: tuple[LoadedModel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One line of the activity strip. All text is foreign: sanitise before a terminal sees it."""

    at: datetime
    who: str
    text: str
    bead: str = ""
    level: Level = Level.INFO


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The board's four columns as ids, each in the order it is shown."""

    ready: tuple[str, ...] = ()
    working: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    closed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything a screen needs. `board` is None until it was read for the first time.

    `runs` maps a bead's id to its latest run; `blocked_by` a blocked bead to the open beads that hold it up;
    `attempts_spent` are beads that used up their attempts and wait for the operator.
    """

    hub: str
    branch: str = ""
    read_only: str = ""
    simulated: bool = False
    loading: bool = True
    board: BoardState | None = None
    board_error: str = ""
    columns: Columns = field(default_factory=Columns)
    blocked_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    routes: Mapping[str, Route] = field(default_factory=dict)
    agents: tuple[AgentView, ...] = ()
    runs: Mapping[str, RunView] = field(default_factory=dict)
    attempts_spent: frozenset[str] = frozenset()
    engines: tuple[EngineView, ...] = ()
    machine: MachineSample | None = None
    activity: tuple[Activity, ...] = ()
    revision: int = 0
