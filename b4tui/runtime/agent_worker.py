"""One agent at work: look into its queue, take a bead, do it, look again. One bead at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from b4tui.agents.profiles import AgentProfile
from b4tui.board.store import BoardError
from b4tui.events import PAUSING, AgentChanged, AgentState, Warned, now
from b4tui.runtime.backoff import Backoff
from b4tui.runtime.bead_run import BeadRun, Ending
from b4tui.runtime.parts import Parts
from b4tui.runtime.settlement import Interruption


class AgentWorker:
    """The task of one agent. `wake` it when something changed; `stop` ends it within moments.

    While its queue is empty it asks for the board at growing intervals; a board that changes wakes it at once.
    """

    def __init__(
        self, parts: Parts, profile: AgentProfile, run_ids: Callable[[], str], *, paused: bool, once: bool
    ) -> None:
        poll = parts.settings.policy.poll
        self._parts = parts
        self._profile = profile
        self._run_ids = run_ids
        self._paused = paused
        self._once = once
        self._poll = Backoff(first=poll.interval_s, most=poll.max_interval_s)
        self._backoff = Backoff(first=poll.engine_backoff_s, most=poll.max_interval_s)
        self._patience = poll.empty_polls_before_backoff
        self._woken = asyncio.Event()
        self._empty_polls = 0
        self._poll_at = 0.0
        self._failures = 0
        self._not_before = 0.0
        self._trouble = ""
        self._stop_reason = ""
        self._said: AgentChanged | None = None
        self._run: BeadRun | None = None
        self._bead = ""
        self._waits = False
        self._finished = False

    @property
    def key(self) -> str:
        """The agent's config key."""
        return self._profile.key

    @property
    def bead(self) -> str:
        """The bead in hand, or ""."""
        return self._bead

    @property
    def idle(self) -> bool:
        """Whether it has nothing in hand and will take nothing from the board as it was last read."""
        if self._bead:
            return False
        ended = self._finished or bool(self._stop_reason) or self._hopeless()
        return ended or self._paused or bool(self._parts.store.read_only) or not self._queue()

    def _hopeless(self) -> bool:
        """Whether engines answer and none has a model for this agent: somebody must do something first."""
        obstacle = self._parts.endpoints.obstacle(self._profile.role)
        return obstacle is not None and obstacle.hopeless

    def wake(self) -> None:
        """Look again now."""
        self._woken.set()

    def pause(self) -> None:
        """Take no new bead; one in hand is finished."""
        self._paused = True
        self._say_of_bead()
        self.wake()

    def resume(self) -> None:
        """Take beads again."""
        self._paused = False
        self._say_of_bead()
        self.wake()

    async def interrupt(self, interruption: Interruption) -> None:
        """Stop the run in hand and wait until its bead is settled."""
        if self._run is not None:
            self._run.interrupt(interruption)
            await self._run.settled.wait()

    def stop(self, reason: str) -> None:
        """End: the run in hand is stopped and its bead given back."""
        self._stop_reason = reason
        if self._run is not None:
            self._run.stop(Interruption(f"b4tui stopped in the middle of the work ({reason})", hold=False))
        self.wake()

    async def run(self) -> None:
        """Work until `stop`."""
        self._bead, self._run = "", None
        while not self._stop_reason and not self._finished:
            wait = self._obstacle()
            if wait is None:
                bead_id = self._choose()
                if bead_id is not None:
                    await self._do(bead_id)
                    continue
                wait = await self._look_again()
            await self._sleep(wait)
        self._say(AgentState.STOPPED, self._stop_reason or "it did its one bead")

    def _obstacle(self) -> float | None:
        """Why it cannot take a bead now, said and answered as the longest wait; None when nothing is in the way."""
        parts = self._parts
        if self._paused:
            self._say(AgentState.PAUSED)
            return float("inf")
        if parts.store.read_only:
            self._say(AgentState.IDLE, f"the board cannot be written: {parts.store.read_only}")
            return float("inf")
        obstacle = parts.endpoints.obstacle(self._profile.role)
        if obstacle is not None:
            state = AgentState.IDLE if obstacle.next_check_s is None else AgentState.BACKOFF
            next_check_s = None if obstacle.next_check_s == float("inf") else obstacle.next_check_s
            self._say(state, obstacle.reason, until=next_check_s)
            return float("inf")
        left = self._not_before - self._clock()
        if left > 0:
            self._say(AgentState.BACKOFF, self._trouble, until=left)
            return left
        return None

    def _queue(self) -> tuple[str, ...]:
        picture = self._parts.keeper.picture
        return picture.queues.queues.get(self.key, ()) if picture else ()

    def _choose(self) -> str | None:
        for bead_id in self._queue():
            if bead_id not in self._parts.in_hand and self._parts.cooldowns.remaining(bead_id) <= 0:
                return bead_id
        return None

    async def _do(self, bead_id: str) -> None:
        """One attempt at one bead, and what follows from it for this agent."""
        parts = self._parts
        self._bead, self._waits = bead_id, False
        parts.in_hand.add(bead_id)
        self._run = BeadRun(parts, self._profile, bead_id, self._run_ids(), self._wait_for_slot)
        try:
            ending = await self._run.carry_out()
            self._after(ending, self._run, bead_id)
        except (BoardError, OSError) as error:
            parts.cooldowns.hit(bead_id)
            said = f"{bead_id} cannot be worked on: {error}"
            self._back_off(said)
            parts.publish(Warned(at=now(), reason=said, bead=bead_id, agent=self.key))
        finally:
            self._run = None
            if not self._stop_reason:
                await parts.keeper.refresh()
            parts.in_hand.discard(bead_id)
            self._bead = ""

    def _after(self, ending: Ending, run: BeadRun, bead_id: str) -> None:
        parts = self._parts
        self._empty_polls, self._poll_at = 0, 0.0
        if ending is Ending.NOT_OURS:
            parts.cooldowns.hit(bead_id)
            return
        parts.cooldowns.clear(bead_id)
        self._finished = self._once and run.began
        if ending is Ending.ENGINE_WORKED:
            self._failures = 0
        elif ending is Ending.ENGINE_REFUSES or (
            ending is Ending.ENGINE_DOWN and parts.endpoints.obstacle(self._profile.role) is None
        ):
            self._back_off(run.reason)

    def _back_off(self, reason: str) -> None:
        self._failures += 1
        delay = self._backoff.delay(self._failures, self._parts.random)
        self._not_before = self._clock() + delay
        self._trouble = reason

    async def _look_again(self) -> float:
        """The queue is empty: when the poll is due ask for the board; the seconds until the next look."""
        now_s = self._clock()
        if self._poll_at and now_s >= self._poll_at:
            self._empty_polls += 1
            self._poll_at = 0.0
            await self._parts.keeper.refresh()
            if self._choose() is not None:
                return 0.0
            now_s = self._clock()
        if not self._poll_at:
            doublings = max(1, self._empty_polls - self._patience + 2)
            self._poll_at = now_s + self._poll.delay(doublings, self._parts.random)
            self._say(AgentState.IDLE, until=self._poll_at - now_s)
        else:
            self._say(AgentState.IDLE, until=self._poll_at - now_s)
        cooling = [left for bead in self._queue() if (left := self._parts.cooldowns.remaining(bead)) > 0]
        return min([self._poll_at - now_s, *cooling])

    def _wait_for_slot(self, waiting: bool) -> None:
        self._waits = waiting
        self._say_of_bead()

    def _say_of_bead(self) -> None:
        """With a bead in hand: whether it works at it or waits for its turn, and whether it pauses after it."""
        if self._bead:
            self._say(AgentState.WAITING if self._waits else AgentState.WORKING, PAUSING if self._paused else "")

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(None if seconds == float("inf") else seconds):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    def _say(self, state: AgentState, reason: str = "", *, until: float | None = None) -> None:
        """Publish the state when it changed; the moment of the next look alone does not count within a second."""
        at = now()
        next_at = None if until is None else at + timedelta(seconds=until)
        said = self._said
        if (
            said is not None
            and (said.state, said.reason, said.bead) == (state, reason, self._bead)
            and _near(said.next_poll_at, next_at)
        ):
            return
        self._said = AgentChanged(
            at=at, agent=self.key, state=state, reason=reason, bead=self._bead, next_poll_at=next_at
        )
        self._parts.publish(self._said)

    def _clock(self) -> float:
        return asyncio.get_running_loop().time()


def _near(one: datetime | None, other: datetime | None) -> bool:
    if one is None or other is None:
        return one is other
    return abs((one - other).total_seconds()) < 1.0
