"""One attempt of one agent at one bead: lock, claim, work, settle.

At every instant either the board or the claim's lock file says who has the bead, so that a kill loses nothing.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from enum import StrEnum

from b4tui.agents.loop import Assignment, work
from b4tui.agents.outcome import Outcome
from b4tui.agents.outward import Outward
from b4tui.agents.profiles import AgentProfile
from b4tui.agents.wall_clock import WallClock
from b4tui.agents.workfolder import WorkFolder
from b4tui.board import store as board
from b4tui.board.model import DISCOVERED_FROM, Bead
from b4tui.engines.dispatch.dispatcher import placed
from b4tui.engines.dispatch.placement import Nowhere, Placement
from b4tui.engines.dispatch.queue import Caller
from b4tui.engines.dispatch.turns import RequestClass
from b4tui.engines.types import ChatRequest, StreamEvent
from b4tui.events import (
    BeadClaimed,
    BeadRouted,
    ClaimLost,
    Event,
    RunFinished,
    RunOutcome,
    RunStarted,
    StepStarted,
    Warned,
    now,
)
from b4tui.runtime.claims import ClaimLock, Holder
from b4tui.runtime.outside.outside import Errand
from b4tui.runtime.parts import Parts
from b4tui.runtime.settlement import Interruption, Settlement, interrupted, settle
from b4tui.runtime.settling import Settling, Unsettled

SUMMARIZER = "summarizer"
"""The role whose requests wait for idle time."""


class Ending(StrEnum):
    """What an attempt came to, for the agent that made it."""

    NOT_OURS = "not ours"  # somebody else has it, or it is not ready any more
    ENGINE_WORKED = "engine worked"  # settled one way or the other; the engine did its part
    ENGINE_DOWN = "engine down"  # may pass by itself
    ENGINE_REFUSES = "engine refuses"  # somebody must change something: no such model, no memory, ...
    STOPPED = "stopped"  # from outside


class BeadRun:
    """One attempt. Make it, then `carry_out` once; `reason` says afterwards what it came to, `began` if it was made."""

    def __init__(
        self, parts: Parts, profile: AgentProfile, bead_id: str, run: str, waiting: Callable[[bool], None]
    ) -> None:
        self._parts = parts
        self._profile = profile
        self._holder = Holder(bead=bead_id, agent=profile.key, assignee=profile.key, run=run, pid=os.getpid())
        self._waiting = waiting
        self._folder: WorkFolder | None = None
        self._placement: Placement | None = None
        self._working: asyncio.Task[Outcome] | None = None
        self._interruption: Interruption | None = None
        self._wall_clock = WallClock()
        self._stopping = asyncio.Event()
        self._steps = 0
        self._category = ""
        self.reason = ""
        self.began = False
        self.settled = asyncio.Event()

    def interrupt(self, interruption: Interruption) -> None:
        """Stop the work; the bead goes back. The first interruption counts."""
        if self._interruption is None:
            self._interruption = interruption
        if self._working is not None:
            self._working.cancel()

    def stop(self, interruption: Interruption) -> None:
        """As `interrupt`, and do not wait for a board that cannot be written: the next start finds the claim."""
        self._stopping.set()
        self.interrupt(interruption)

    async def carry_out(self) -> Ending:
        """The whole attempt. Raises BoardError and OSError before the work begins; never loses a claim."""
        try:
            where = await self._parts.dispatcher.placer.place(self._profile.role, fresh=True)
            if isinstance(where, Nowhere):
                self.reason = where.failure.message
                return Ending.ENGINE_DOWN if where.failure.transient else Ending.ENGINE_REFUSES
            self._placement = where
            lock = await asyncio.to_thread(ClaimLock.take, self._parts.state.claims, self._holder.bead)
            if lock is None:
                self.reason = "another b4tui has it in hand"
                return Ending.NOT_OURS
            settled = False
            try:
                bead = await self._claim(lock)
                ending = await self._held(bead) if bead is not None else Ending.NOT_OURS
                settled = True
                return ending
            except Unsettled as left:
                self.reason = str(left)
                return Ending.STOPPED
            finally:
                if settled:
                    lock.clear()
                else:
                    lock.abandon()
        finally:
            if self._working is not None:
                self._working.cancel()
            self.settled.set()

    async def _claim(self, lock: ClaimLock) -> Bead | None:
        """Win the bead on the board, or None when it is not to be had."""
        parts, who = self._parts, self._holder
        fresh = (await asyncio.to_thread(parts.store.load)).beads.get(who.bead)
        if fresh is None or self._interruption is not None or not self._still_ours(fresh):
            self.reason = "it is not ready for this agent any more"
            return None
        if fresh.assignee:
            who = self._holder = replace(who, assignee=fresh.assignee, preassigned=True)
        # Before the claim: a folder that cannot be made is no fault of the bead's, and costs it no attempt.
        self._folder = await asyncio.to_thread(WorkFolder.open, parts.state.work, who.bead)
        lock.write(who)
        try:
            bead = await asyncio.to_thread(parts.store.claim, who.bead, who.assignee)
        except (board.ClaimLost, board.NoSuchBead, board.Refused) as error:
            self.reason = str(error)
            parts.publish(ClaimLost(at=now(), bead=who.bead, agent=who.agent, reason=self.reason))
            return None
        parts.publish(BeadClaimed(at=now(), bead=who.bead, agent=who.agent))
        return bead

    def _still_ours(self, bead: Bead) -> bool:
        """Whether the bead may be taken as the board stands now; says why it is this agent's."""
        who, parts = self._holder, self._parts
        routing = parts.route(bead) if bead.status == "open" else None
        if routing is None or routing.agent != who.agent or not parts.attempts.may_start(who.bead):
            return False
        self._category = routing.category
        parts.publish(
            BeadRouted(at=now(), bead=who.bead, agent=who.agent, category=routing.category, reason=routing.reason)
        )
        return True

    async def _held(self, bead: Bead) -> Ending:
        """Work on the claimed bead, settle it, and say so."""
        parts, who, began = self._parts, self._holder, time.monotonic()
        attempt = parts.attempts.start(who.bead)
        self.began = True
        self._waiting(False)
        self._announce()
        outcome = await self._outcome(bead)
        if outcome is None:
            settlement = interrupted(self._interruption or Interruption("its run was cancelled", hold=False), who.run)
        else:
            settlement = settle(outcome, who.run, attempt, parts.attempts.limit)
        if parts.outside is not None:
            await parts.outside.ended(who.run, settlement.reason)
        written = await Settling(parts, who, self._stopping).settle(settlement)
        self._count(written)
        self.reason = written.reason
        parts.publish(
            RunFinished(
                at=now(),
                run=who.run,
                bead=who.bead,
                agent=who.agent,
                outcome=written.kind,
                reason=written.reason if outcome is None or outcome.kind is RunOutcome.FINISHED else outcome.reason,
                steps=self._steps,
                seconds=round(time.monotonic() - began, 3),
            )
        )
        return _ending(outcome)

    async def _outcome(self, bead: Bead) -> Outcome | None:
        """The agent at work; None when it was interrupted. A defect in the agent's loop is a failed run."""
        if self._interruption is not None:
            return None
        assert self._folder is not None  # opened before the claim
        self._working = asyncio.create_task(self._work(bead, self._folder), name=f"run {self._holder.run}")
        await asyncio.wait({self._working})
        if self._working.cancelled() or self._interruption is not None:
            return None
        error = self._working.exception()
        if error is None:
            return self._working.result()
        said = f"b4tui itself failed in this run: {type(error).__name__}: {error}"
        self._parts.publish(Warned(at=now(), reason=said, bead=bead.id, agent=self._holder.agent))
        return Outcome(kind=RunOutcome.FAILED, steps=self._steps, reason=said)

    async def _work(self, bead: Bead, folder: WorkFolder) -> Outcome:
        parts, profile = self._parts, self._fitted()
        assignment = Assignment(
            run=self._holder.run,
            bead=bead,
            profile=profile,
            chat=self._chat,
            board=parts.store,
            folder=folder,
            sandbox=await asyncio.to_thread(parts.sandbox),
            limits=parts.settings.policy.limits,
            placed=placed(self._where),
            outward=self._outward(bead),
            wall_clock=self._wall_clock,
        )
        return await work(assignment, self._publish)

    def _outward(self, bead: Bead) -> Outward:
        """What the run may let out, and how it asks."""
        if self._parts.outside is None:
            return Outward()
        who = self._holder
        errand = Errand(
            run=who.run,
            bead=who.bead,
            agent=who.agent,
            category=self._category,
            made_from=tuple(edge.depends_on_id for edge in bead.dependencies if edge.type == DISCOVERED_FROM),
            labels=self._labels,
        )
        return self._parts.outside.serve(errand, self._in_line)

    def _labels(self) -> tuple[str, ...]:
        """The bead's labels as the board has them now: the operator may have written another since. Blocks."""
        bead = self._parts.store.load().beads.get(self._holder.bead)
        if bead is None:
            raise board.NoSuchBead(f"{self._holder.bead} is no longer on the board")
        return bead.labels

    def _chat(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        urgency = RequestClass.SUMMARY if self._profile.role_name == SUMMARIZER else RequestClass.STEP
        caller = Caller(agent=self._holder.agent, bead=self._holder.bead, request_class=urgency)
        return self._parts.dispatcher.chat(self._profile.role, request, caller, self._in_line)

    def _in_line(self, waiting: bool) -> None:
        self._wall_clock.in_line(waiting)
        self._waiting(waiting)

    @property
    def _where(self) -> Placement:
        assert self._placement is not None  # found before the claim
        return self._placement

    def _fitted(self) -> AgentProfile:
        """The profile with the window that the server it begins on really has."""
        role, context = self._profile.role, self._where.context
        if not context or context >= role.num_ctx:
            return self._profile
        return replace(self._profile, role=role.model_copy(update={"num_ctx": context}))

    def _publish(self, event: Event) -> None:
        self._steps += isinstance(event, StepStarted)
        self._parts.publish(event)

    def _announce(self) -> None:
        who, where = self._holder, placed(self._where)
        self._parts.publish(
            RunStarted(
                at=now(),
                run=who.run,
                bead=who.bead,
                agent=who.agent,
                engine=where.engine,
                model=where.model,
                context_limit=self._fitted().role.num_ctx,
                locality=where.locality,
                digest=where.digest,
                profile=where.profile,
                note=where.note,
            )
        )

    def _count(self, written: Settlement) -> None:
        """Keep the bead's attempts in step with what was written."""
        attempts, bead_id = self._parts.attempts, self._holder.bead
        if written.close:
            attempts.forget(bead_id)
            return
        if not written.counts:
            attempts.give_back(bead_id)
        if written.hold:
            attempts.hold(bead_id, written.hold)


def _ending(outcome: Outcome | None) -> Ending:
    if outcome is None:
        return Ending.STOPPED
    if outcome.kind is not RunOutcome.ENGINE:
        return Ending.ENGINE_WORKED
    return Ending.ENGINE_DOWN if outcome.retry_later else Ending.ENGINE_REFUSES
