"""One run as the runtime orders it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from b4tui import events
from b4tui.agents.answer import Chat
from b4tui.agents.outward import Outward
from b4tui.agents.profiles import AgentProfile
from b4tui.agents.sandbox import NoSandbox, Sandbox
from b4tui.agents.wall_clock import WallClock
from b4tui.agents.workfolder import WorkFolder
from b4tui.board.model import Bead
from b4tui.board.store import BoardStore
from b4tui.config import LimitsConfig
from b4tui.engines.types import Placed


def _seed() -> int:
    return random.randrange(2**31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who does which bead where, with what, and how much of it.

    `chat` asks the model of the agent's role; `placed` is where it was said to be when the run began;
    `outward` says what of its reading is private and whom it may ask outside.
    Whoever makes it wait for a turn tells `wall_clock`. `clock`, `monotonic` (seconds) and `seeds` are the world's,
    unless a test hands in others.
    """

    run: str
    bead: Bead
    profile: AgentProfile
    chat: Chat
    board: BoardStore
    folder: WorkFolder
    sandbox: Sandbox | NoSandbox
    limits: LimitsConfig
    placed: Placed | None = None
    outward: Outward = field(default_factory=Outward)
    clock: Callable[[], datetime] = events.now
    monotonic: Callable[[], float] = time.monotonic
    wall_clock: WallClock = field(default_factory=WallClock)
    seeds: Callable[[], int] = _seed
