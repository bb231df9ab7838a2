"""Everything of one hub that has to do with leaving: gate and desk opened, runs served, the view kept up to date."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass, replace

from b4tui.agents.outward import FrontierAnswer, Outward
from b4tui.board.store import BoardError
from b4tui.config import Settings
from b4tui.engines.types import ChatRequest
from b4tui.escalation.desk import Desk
from b4tui.escalation.guard import EgressGuard
from b4tui.escalation.types import Answered, Approval, EscalationRequest, RefusalKind
from b4tui.events import Event, now
from b4tui.gate.policy.placing import place
from b4tui.ledger.types import LedgerError
from b4tui.outward_events import EgressRefused, RunReleased
from b4tui.provenance import Provenance, Source
from b4tui.runtime.outside.recorder import Recorder
from b4tui.runtime.outside.traces import Traces
from b4tui.runtime.snapshot import OutwardView

LOOK_S = 0.5
RECENT_S = 600.0
OPENING = "The gate is still being opened; try again in a moment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What is there once everything is open. `closed` says why nothing can leave, "" where something may."""

    desk: Desk | None = None
    mask: Callable[[str], str] | None = None
    providers: tuple[str, ...] = ()
    closed: str = ""
    gate_error: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One run, as the desk needs to know it.

    `made_from` are the beads in whose runs its bead was made. `labels` reads the bead's as they are now: it blocks, and
    raises BoardError.
    """

    run: str
    bead: str
    agent: str
    category: str
    made_from: tuple[str, ...] = ()
    labels: Callable[[], tuple[str, ...]]


class Outside:
    """Belongs to the loop that runs `run`. `open_all` blocks: it is called once, in a thread.

    `recorder` is None, and `ledger_error` says why, where no ledger could be opened: nothing can leave then.
    """

    def __init__(
        self,
        settings: Settings,
        open_all: Callable[[], Opened],
        *,
        recorder: Recorder | None = None,
        ledger_error: str = "",
        guard: EgressGuard | None = None,
        traces: Traces,
        publish: Callable[[Event], None],
    ) -> None:
        self._settings = settings
        self._policy = settings.policy.escalation
        self._open_all = open_all
        self._recorder = recorder
        self._guard = guard
        self._traces = traces
        self._publish = publish
        self._released: set[str] = set()
        self._errands: dict[str, Errand] = {}
        self._ready = asyncio.Event()
        self._changed = asyncio.Event()
        self._opened = Opened(closed=OPENING)
        self.view = OutwardView(
            local_only=self._policy.local_only,
            providers=() if self._policy.local_only else tuple(settings.escalation),
            guarded=guard is not None and guard.installed,
            ledger_error=ledger_error,
            unsafe_rules=settings.gate.unsafe_disable,
        )

    @property
    def recorder(self) -> Recorder | None:
        """Who writes the ledger; to be told of every event before anybody else."""
        return self._recorder

    @property
    def desk(self) -> Desk | None:
        """Where the operator decides; None until it is open, and where nothing can leave."""
        return self._opened.desk

    @property
    def closed(self) -> str:
        """Why there is no desk, in words."""
        return self._opened.closed

    def look_again(self, event: Event) -> None:
        """A subscriber: what was just published may change the view."""
        self._changed.set()

    async def run(self, seen: Callable[[OutwardView], None]) -> None:
        """Open everything, then keep the view fresh and tell `seen` when it changed, until cancelled."""
        self._opened = await asyncio.to_thread(self._open_all)
        if self._recorder is not None:
            self._recorder.mask = self._opened.mask
        self._ready.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_looking(seen))
            if self._opened.desk is not None:
                tasks.create_task(self._opened.desk.watch())

    async def _keep_looking(self, seen: Callable[[OutwardView], None]) -> None:
        while True:
            self._changed.clear()
            fresh = await self._look()
            if fresh != self.view:
                self.view = fresh
                seen(fresh)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()

    async def _look(self) -> OutwardView:
        for attempt in self._guard.attempts() if self._guard is not None else ():
            self._publish(EgressRefused(at=now(), how=attempt.how, where=attempt.where))
        opened, view = self._opened, self.view
        error = self._recorder.error if self._recorder is not None else view.ledger_error
        view = replace(
            view,
            providers=opened.providers,
            gate_error=opened.gate_error,
            ledger_error=error,
            refused=self._guard.count if self._guard is not None else 0,
        )
        if opened.desk is None:
            return view
        try:
            return replace(
                view,
                bytes_out=await opened.desk.bytes_out(),
                approvals=await opened.desk.recent(RECENT_S),
                grants=await opened.desk.grants(),
            )
        except LedgerError as failed:
            return replace(view, ledger_error=str(failed))

    # Runs --------------------------------------------------------------------------------------------------------

    def serve(self, errand: Errand, waiting: Callable[[bool], None]) -> Outward:
        """The rules for one run; `waiting` is told while it waits for the operator."""
        self._errands[errand.run] = errand

        async def ask(chat: ChatRequest, reason: str) -> FrontierAnswer:
            return await self._ask(errand, chat, reason, waiting)

        return Outward(
            place=self.place,
            kept_home=frozenset(self._settings.gate.kept_home),
            left_here=self._traces.sources((errand.bead, *errand.made_from)),
            kept=functools.partial(self._traces.mark, errand.bead),
            ask=ask if self._may_ask(errand) else None,
        )

    def place(self, source: Source) -> Provenance:
        """How private a source is, by the policy."""
        return place(source, self._settings.gate.provenance)

    def _may_ask(self, errand: Errand) -> bool:
        return bool(self.view.providers) and errand.category in self._policy.categories

    async def _ask(
        self, errand: Errand, chat: ChatRequest, reason: str, waiting: Callable[[bool], None]
    ) -> FrontierAnswer:
        await self._ready.wait()
        if self._opened.desk is None:
            return FrontierAnswer(refused=self._opened.closed)

        try:
            labels = await asyncio.to_thread(errand.labels)
        except BoardError as error:
            return FrontierAnswer(refused=f"the board cannot be read, so nobody knows whether it may leave: {error}")

        def waits(approval: Approval | None) -> None:
            waiting(approval is not None)

        request = EscalationRequest(
            run=errand.run,
            bead=errand.bead,
            agent=errand.agent,
            category=errand.category,
            labels=labels,
            reason=reason,
            chat=chat,
            released=errand.run in self._released,
        )
        answer = await self._opened.desk.ask(request, waits)
        if isinstance(answer, Answered):
            return FrontierAnswer(text=answer.text)
        return FrontierAnswer(refused=answer.reason, failed=answer.kind is RefusalKind.FAILED)

    async def ended(self, run: str, reason: str) -> None:
        """A run is over, however: its questions are nobody's any more."""
        errand = self._errands.pop(run, None)
        self._released.discard(run)
        desk = self._opened.desk
        if desk is None:
            return
        # A ledger that fails is said by the recorder.
        with contextlib.suppress(LedgerError):
            await desk.run_ended(run, reason)
            if errand is not None:
                await self._end_earlier(desk, errand, reason)

    async def _end_earlier(self, desk: Desk, errand: Errand, reason: str) -> None:
        """Questions of an earlier run that died were kept for this one to take up, and it is over now."""
        for left in await desk.pending():
            if (left.bead, left.agent) == (errand.bead, errand.agent) and left.run not in self._errands:
                await desk.run_ended(left.run, reason)

    def close(self) -> None:
        """Let go of the ledger's file; blocks. Nothing is recorded any more."""
        if self._recorder is not None:
            self._recorder.ledger.close()

    def release(self, run: str, actor: str) -> bool:
        """Let what a run has read leave; False when there is no such run."""
        errand = self._errands.get(run)
        if errand is None:
            return False
        self._released.add(run)
        self._publish(RunReleased(at=now(), run=run, bead=errand.bead, agent=errand.agent, actor=actor))
        return True
