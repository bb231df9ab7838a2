"""The running system: queues, agents, engines and the board tied together, with one snapshot and one operator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from b4tui.board.model import Hub
from b4tui.board.store import BoardStore
from b4tui.config import Settings
from b4tui.engines.types import Engine
from b4tui.events import Event
from b4tui.runtime.operator import Operator
from b4tui.runtime.snapshot import Snapshot
from b4tui.runtime.transcript import Transcript

if TYPE_CHECKING:
    from b4tui.agents.workfolder import WorkFolder
    from b4tui.telemetry.sampler import Sampler


class Runtime:
    """One hub's agents at work. Everything here belongs to the event loop that called `start`."""

    def __init__(
        self,
        settings: Settings,
        store: BoardStore,
        engines: Mapping[str, Engine],
        *,
        agents: tuple[str, ...] | None = None,
        simulated: bool = False,
        paused: bool = False,
        sampler: Sampler | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._engines = engines
        self._snapshot = Snapshot(hub=store.hub.root.name, simulated=simulated, read_only=store.read_only)

    @property
    def snapshot(self) -> Snapshot:
        """The picture of this instant."""
        return self._snapshot

    @property
    def operator(self) -> Operator:
        """The verbs of the operator."""
        raise NotImplementedError

    @property
    def hub(self) -> Hub:
        """The hub whose beads are worked on."""
        return self._store.hub

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with every event, on the loop's thread; it must be quick. Returns how to end it."""
        raise NotImplementedError

    def transcript(self, bead_id: str) -> Transcript | None:
        """The live output of the bead's latest run."""
        raise NotImplementedError

    def folder(self, bead_id: str) -> WorkFolder | None:
        """The folder the bead was worked on in, to list and diff what changed."""
        raise NotImplementedError

    async def start(self) -> None:
        """Start everything and return at once; the board loads in the background."""
        raise NotImplementedError

    async def stop(self, reason: str) -> None:
        """Cancel the runs, give their beads back, end within two seconds. A second call is harmless."""
        raise NotImplementedError

    async def until_idle(self) -> None:
        """Wait until nothing runs and nothing is ready that an agent here may still do."""
        raise NotImplementedError
