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
from b4tui.engines.interface import LoadedModel, ServerLoad
from b4tui.escalation.types import Approval, ApprovalState, Grant
from b4tui.events import PAUSING, AgentState, EngineStatus, Locality, RunOutcome
from b4tui.runtime.gauges.run_tokens import RunTokens
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
    `tokens` are the servers' figures for it and for its last answer; `context_used` is that one's prompt plus what it
    generated, in tokens. `digest` is the model's,
    `profile` names its load profile, `note` says why it is not the first choice (on the CPU, another engine).
    `approval` is the one it waits for; `private_sources` are labels of what it read that the policy keeps at home;
    `released` when the operator let what it read leave all the same.
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
    tokens: RunTokens = field(default_factory=RunTokens)
    tokens_per_s: float | None = None
    rates: tuple[float, ...] = ()
    last_tool: str = ""
    files: tuple[FileChange, ...] = ()
    outcome: RunOutcome | None = None
    reason: str = ""
    locality: Locality = Locality.UNATTESTED
    digest: str = ""
    profile: str = ""
    note: str = ""
    approval: str = ""
    private_sources: tuple[str, ...] = ()
    released: bool = False


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

    @property
    def pausing(self) -> bool:
        """Whether it takes no other bead: it is paused, or will be as soon as the one in hand is done."""
        return self.state is AgentState.PAUSED or self.reason == PAUSING


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """A model that roles want of an engine, and what is known of it.

    `digest` is what the server has now, `pinned` what is trusted; `profile` names the one load profile it is used
    with; `reason` and `fix` say why it is not attested and what to do, "" where it is.
    """

    name: str
    roles: tuple[str, ...]
    locality: Locality
    digest: str = ""
    pinned: str = ""
    profile: str = ""
    reason: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request to an engine: whose it is, of which class, and since when it runs or waits."""

    agent: str
    bead: str
    model: str
    request_class: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueView:
    """Our own line before an engine: how many are answered at a time, who is, and who waits, next first."""

    slots: int = 1
    running: tuple[RequestView, ...] = ()
    waiting: tuple[RequestView, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineView:
    """An engine as it was last seen. `locality` is the least of its models': `unattested` until proven otherwise."""

    name: str
    address: str
    status: EngineStatus
    kind: str = "ollama"
    version: str = ""
    simulated: bool = False
    locality: Locality = Locality.UNATTESTED
    reason: str = ""
    loaded: tuple[LoadedModel, ...] = ()
    models: tuple[ModelView, ...] = ()
    queue: QueueView = field(default_factory=QueueView)
    load: ServerLoad | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFigures:
    """Tokens of an agent, a model or all: totals since the start, and of the last minute the rates and cached share.

    Rates are tokens a second of finished answers; `generated_per_s` over the whole minute, pauses included.
    `prompt_per_s` counts only prompt tokens that were computed, over the seconds the server computed them
    (research/runtime.md 1.12); `cached_share` is 0 to 1; seconds are those of the last answer. None where not known.
    """

    requests: int = 0
    prompt_tokens: int = 0
    generated_tokens: int = 0
    cached_tokens: int = 0
    prompt_per_s: float | None = None
    generated_per_s: float | None = None
    cached_share: float | None = None
    first_token_s: float | None = None
    queue_s: float | None = None
    load_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensView:
    """Token figures in sum, by agent (config key) and by model."""

    total: TokenFigures = field(default_factory=TokenFigures)
    agents: Mapping[str, TokenFigures] = field(default_factory=dict)
    models: Mapping[str, TokenFigures] = field(default_factory=dict)


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
class OutwardView:
    """What has to do with leaving this machine.

    `bytes_out` is the sum of all payloads that ever left, by this hub's ledger; `approvals` those pending (the next to
    expire first) and those decided in the last minutes; `refused` counts connections that the guard stopped since the
    start. `gate_error` says why nothing can leave at all; `unsafe_rules` are built-in rules that are switched off.
    """

    local_only: bool = False
    providers: tuple[str, ...] = ()
    bytes_out: int = 0
    approvals: tuple[Approval, ...] = ()
    grants: tuple[Grant, ...] = ()
    refused: int = 0
    guarded: bool = False
    gate_error: str = ""
    ledger_error: str = ""
    unsafe_rules: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[Approval, ...]:
        """Those that wait for the operator."""
        return tuple(one for one in self.approvals if one.state is ApprovalState.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything a screen needs. `board` is None until it was read for the first time.

    `runs` maps a bead's id to its latest run; `blocked_by` a blocked bead to the open beads that hold it up;
    `attempts_spent` are beads that used up their attempts and wait for the operator. `history` holds the machine's
    samples of the last ten minutes, oldest first, the newest being `machine`. `require_attested` is the policy's word:
    private text goes only to what is proven local.
    """

    hub: str
    branch: str = ""
    read_only: str = ""
    simulated: bool = False
    require_attested: bool = True
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
    history: tuple[MachineSample, ...] = ()
    tokens: TokensView = field(default_factory=TokensView)
    activity: tuple[Activity, ...] = ()
    outward: OutwardView = field(default_factory=OutwardView)
    revision: int = 0
