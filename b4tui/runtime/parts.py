"""What the workers of one running system share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from b4tui.agents.sandbox import NoSandbox, Sandbox
from b4tui.board.model import Bead
from b4tui.board.store import BoardStore
from b4tui.config import Settings
from b4tui.engines.dispatch.dispatcher import Dispatcher
from b4tui.engines.interface import Engine
from b4tui.events import Event
from b4tui.routing.rules import Routing
from b4tui.runtime.attempts import Attempts
from b4tui.runtime.board_keeper import BoardKeeper
from b4tui.runtime.cooldowns import Cooldowns
from b4tui.runtime.endpoints import Endpoints
from b4tui.runtime.engine_watch import EngineWatch
from b4tui.runtime.outside.outside import Outside
from b4tui.runtime.state import StateFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One hub's parts. `in_hand` holds the beads that agents of this process hold or reach for now."""

    settings: Settings
    store: BoardStore
    state: StateFolder
    attempts: Attempts
    keeper: BoardKeeper
    engines: Mapping[str, Engine]
    watches: Mapping[str, EngineWatch]
    endpoints: Endpoints
    dispatcher: Dispatcher
    cooldowns: Cooldowns
    publish: Callable[[Event], None]
    sandbox: Callable[[], Sandbox | NoSandbox]  # blocks the first time: it is proven by a real run
    random: Random
    route: Callable[[Bead], Routing | None]
    outside: Outside | None = None
    in_hand: set[str] = field(default_factory=set)
