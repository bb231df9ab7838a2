"""The running system: queues, agents, engines and the board tied together, with one snapshot and one operator."""

from __future__ import annotations

import asyncio
import functools
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from b4tui.agents.workfolder import WorkFolder, safe_name
from b4tui.board.model import Bead, Hub
from b4tui.board.store import BoardStore
from b4tui.config import Settings
from b4tui.engines.interface import Engine
from b4tui.escalation.types import PayloadShown
from b4tui.events import (
    BoardChanged,
    BoardFailed,
    Event,
    RuntimeStarted,
    RuntimeStopped,
    Warned,
    now,
)
from b4tui.runtime.agent_worker import AgentWorker
from b4tui.runtime.assembly import Hooks, assemble, chosen_profiles, first_snapshot
from b4tui.runtime.bus import Bus
from b4tui.runtime.crew import WorkerCrew
from b4tui.runtime.end_bounds import USUAL, EndBounds
from b4tui.runtime.engine_views import with_seen
from b4tui.runtime.engine_watch import Seen
from b4tui.runtime.fold import fold, with_picture
from b4tui.runtime.gauges.gauges import Gauges
from b4tui.runtime.housekeeping import Sweeper, tick, tidy
from b4tui.runtime.journal import Journals
from b4tui.runtime.operator import Operator
from b4tui.runtime.outside.outside import Outside
from b4tui.runtime.picture import Picture
from b4tui.runtime.snapshot import OutwardView, Snapshot
from b4tui.runtime.state import StateError, StateFolder
from b4tui.runtime.supervisor import supervised
from b4tui.runtime.transcript import Transcript
from b4tui.runtime.transcripts import Transcripts

if TYPE_CHECKING:
    from b4tui.ledger.ledger import Ledger
    from b4tui.telemetry.sampler import Sampler


class Runtime:
    """One hub's agents at work. Everything here belongs to the event loop that called `start`.

    `agents` are config keys (None: all that are enabled). `once`: each agent does at most one bead. `operator_name` is
    the operator's name on the board. `ending` bounds `stop`. Raises ConfigError when the settings name a role or an
    engine that is not there.
    """

    def __init__(
        self,
        settings: Settings,
        store: BoardStore,
        engines: Mapping[str, Engine],
        *,
        agents: tuple[str, ...] | None = None,
        simulated: bool = False,
        paused: bool = False,
        once: bool = False,
        sampler: Sampler | None = None,
        operator_name: str = "operator",
        outside: Callable[[Callable[[Event], None]], Outside] | None = None,
        ending: EndBounds = USUAL,
    ) -> None:
        self._settings = settings
        self._store = store
        self._simulated = simulated
        self._bus = Bus()
        self._transcripts = Transcripts()
        self._state = StateFolder(store.hub)
        self._journals = Journals(self._state.runs, self._bus.publish)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._bounds = ending
        self._ending: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outside = outside(self._bus.publish) if outside is not None else None
        self._parts = assemble(
            settings,
            store,
            engines,
            self._state,
            Hooks(
                publish=self._bus.publish,
                seen=self._saw,
                failed=self._board_failed,
                engine_seen=self._engine_seen,
                engine_changed=self._wake_all,
            ),
            self._outside,
        )
        self._gauges = Gauges(settings, self._parts.dispatcher, sampler, since=now())
        crew = chosen_profiles(settings, store.hub, agents)
        make_worker = functools.partial(AgentWorker, self._parts, run_ids=_run_id, paused=paused, once=once)
        self._workers = {profile.key: make_worker(profile) for profile in crew}
        self._snapshot = first_snapshot(self._parts, crew, simulated=simulated, paused=paused)
        verbs_for = WorkerCrew(
            self._workers,
            tuple(key.lower() for key in settings.agents),
            self._parts.keeper,
            self._parts.attempts,
            self._parts.cooldowns,
        )
        self._operator = Operator(
            store, verbs_for, lambda: self._snapshot, self._bus.publish, operator_name, self._outside
        )
        # A fact is in the ledger before anybody hears of it, and in the snapshot before it is looked for there.
        if self._outside is not None and self._outside.recorder is not None:
            self._bus.subscribe(self._outside.recorder.add)
        for callback in (self._journals.add, self._transcripts.add, self._gauges.add, self._fold):
            self._bus.subscribe(callback)
        if self._outside is not None:
            self._bus.subscribe(self._outside.look_again)

    @property
    def snapshot(self) -> Snapshot:
        """The picture of this instant."""
        return self._snapshot

    @property
    def operator(self) -> Operator:
        """The verbs of the operator."""
        return self._operator

    @property
    def hub(self) -> Hub:
        """The hub whose beads are worked on."""
        return self._store.hub

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with every event, on the loop's thread; it must be quick. Returns how to end it."""
        return self._bus.subscribe(callback)

    def warn(self, reason: str) -> None:
        """Publish a warning; for parts that report from their own threads, such as a store. Lost before the start."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: self._bus.publish(Warned(at=now(), reason=reason)))

    async def detail(self, bead_id: str) -> Bead:
        """The bead with its comments, which the snapshot's board may leave out. Raises BoardError."""
        return await asyncio.to_thread(self._store.detail, bead_id)

    def transcript(self, bead_id: str) -> Transcript | None:
        """The live output of the bead's latest run in this process."""
        return self._transcripts.of(bead_id)

    @property
    def ledger(self) -> Ledger | None:
        """The hub's record, to look at; its methods block. None where it could not be opened."""
        recorder = self._outside.recorder if self._outside is not None else None
        return recorder.ledger if recorder is not None else None

    async def payload(self, approval_id: str) -> PayloadShown:
        """The exact bytes that would leave, to look at. Raises OperatorError."""
        return await self._operator.payload(approval_id)

    def folder(self, bead_id: str) -> WorkFolder | None:
        """The folder the bead was worked on in, to list and diff what changed; its methods block."""
        if not (self._state.work / safe_name(bead_id)).is_dir():
            return None
        return WorkFolder.open(self._state.work, bead_id)

    async def start(self) -> None:
        """Start everything and return at once; the board loads in the background."""
        self._loop = asyncio.get_running_loop()
        self._bus.publish(
            RuntimeStarted(at=now(), hub=str(self.hub.root), agents=tuple(self._workers), simulated=self._simulated)
        )
        self._gauges.start()
        self._begin("the board's reader", self._parts.keeper.run)
        self._begin("the clock", functools.partial(tick, self._tick))
        if self._outside is not None:
            self._begin("the watch on what leaves", functools.partial(self._outside.run, self._outward_seen))
        for name, watch in self._parts.watches.items():
            self._begin(f"the watch on engine {name}", watch.run)
        if not self._store.read_only and self._prepare():
            sweeper = Sweeper(
                self._state, self._store, self._bus.publish, every_s=self._settings.policy.poll.interval_s
            )
            self._begin("the search for claims left behind", sweeper.run)
            self._begin("the tidying of the repository", functools.partial(tidy, self.hub))
        for key, worker in self._workers.items():
            self._begin(f"agent {key}", worker.run)

    async def stop(self, reason: str) -> None:
        """Cancel the runs, give their beads back, close engines and store, all within two seconds (see EndBounds).

        A second call waits for the first.
        """
        if self._ending is None:
            self._ending = asyncio.create_task(self._end(reason))
        await asyncio.shield(self._ending)

    async def until_idle(self) -> None:
        """Wait until nothing runs and nothing is ready that an agent here may still do.

        A paused agent does nothing, so it is idle; one that waits for its engine is not.
        """
        changed = asyncio.Event()
        unsubscribe = self._bus.subscribe(lambda event: changed.set())
        try:
            while True:
                changed.clear()
                if self._idle():
                    await self._parts.keeper.refresh()
                    if self._idle():
                        return
                    continue
                await changed.wait()
        finally:
            unsubscribe()

    def _idle(self) -> bool:
        if self._ending is not None:
            return True
        keeper = self._parts.keeper
        known = keeper.picture is not None or bool(self._store.read_only)
        return known and all(worker.idle for worker in self._workers.values())

    def _begin(self, name: str, body: Callable[[], Awaitable[None]]) -> None:
        watched = supervised(name, body, self._bus.publish, self._parts.random)
        self._tasks[name] = asyncio.create_task(watched, name=name)

    def _prepare(self) -> bool:
        """Make the state folder; without it no agent can work, and the console only shows."""
        try:
            self._state.prepare()
        except StateError as error:
            self._bus.publish(Warned(at=now(), reason=str(error)))
            for worker in self._workers.values():
                worker.stop(str(error))
            return False
        return True

    async def _end(self, reason: str) -> None:
        # A driver call that stalls holds its thread up for a second: it may take that while the beads go back.
        measuring = asyncio.create_task(asyncio.to_thread(self._gauges.stop))
        for worker in self._workers.values():
            worker.stop(reason)
        workers = {task for name, task in self._tasks.items() if name.startswith("agent ")}
        if workers:
            await asyncio.wait(workers, timeout=self._bounds.good_order_s)
        for task in self._tasks.values():
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=self._bounds.last_moments_s)
        await asyncio.gather(measuring, *(engine.aclose() for engine in self._parts.engines.values()))
        await asyncio.to_thread(self._store.stop)
        if self._loop is not None:
            self._bus.publish(RuntimeStopped(at=now(), reason=reason))
        self._journals.close()
        if self._outside is not None:
            await asyncio.to_thread(self._outside.close)

    def _wake_all(self) -> None:
        for worker in self._workers.values():
            worker.wake()

    def _saw(self, picture: Picture) -> None:
        """A new picture of the board: into the snapshot first, then told, then the agents look."""
        could_write = not self._snapshot.read_only
        self._snapshot = with_picture(self._snapshot, picture, self._store.read_only)
        if could_write and self._store.read_only:
            self.warn(f"agents cannot work any more: {self._store.read_only}")
        columns = picture.columns
        self._bus.publish(
            BoardChanged(
                at=now(),
                ready=len(columns.ready),
                in_progress=len(columns.working),
                blocked=len(columns.blocked),
                closed=len(columns.closed),
                total=sum(map(len, (columns.ready, columns.working, columns.blocked, columns.closed))),
                problems=len(picture.state.problems),
            )
        )
        self._wake_all()

    def _board_failed(self, reason: str) -> None:
        if reason != self._snapshot.board_error:
            self._bus.publish(BoardFailed(at=now(), reason=reason))

    def _engine_seen(self, seen: Seen) -> None:
        self._gauges.saw(seen)
        self._snapshot = with_seen(self._snapshot, seen, self._settings)

    def _outward_seen(self, view: OutwardView) -> None:
        self._snapshot = replace(self._snapshot, outward=view, revision=self._snapshot.revision + 1)

    def _fold(self, event: Event) -> None:
        self._snapshot = fold(self._snapshot, event)

    def _tick(self, at: float) -> None:
        self._snapshot, happened = self._gauges.read(self._snapshot, now(), at)
        for event in happened:
            self._bus.publish(event)


def _run_id() -> str:
    """A run's id: when it began, and four bytes of chance, because two programs may begin at once."""
    return f"{now():%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
