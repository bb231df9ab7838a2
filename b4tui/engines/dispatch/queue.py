"""Our own line before an engine: no server says how many wait, and Ollama lets everybody in (research/runtime.md 1.6).

The rules are in `turns`; here they meet time and tasks. Everything belongs to one event loop.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from b4tui.engines.dispatch.turns import (
    Bench,
    Fits,
    RequestClass,
    Ticket,
    catch_up,
    in_order,
    look_again_in,
    next_up,
    together,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: the agent's config key, the bead it works on, and how urgent its request is."""

    agent: str
    bead: str
    request_class: RequestClass = RequestClass.STEP


@dataclass(frozen=True, slots=True)
class Line:
    """The line at one instant: who is answered, and who waits, the next first."""

    running: tuple[Ticket, ...]
    waiting: tuple[Ticket, ...]


class RequestQueue:
    """The line before one engine. `clock` counts seconds; `fits` as in `turns.Bench`."""

    def __init__(self, clock: Callable[[], float], fits: Fits) -> None:
        self._clock = clock
        self._fits = fits
        self._numbers = itertools.count()
        self._waiting: dict[int, tuple[Ticket, asyncio.Event]] = {}
        self._running: dict[int, Ticket] = {}
        self._spent: dict[str, int] = {}
        self._hot: dict[str, str] = {}
        self._asked_at: dict[str, float] = {}
        self._alarm: asyncio.TimerHandle | None = None

    @asynccontextmanager
    async def turn(
        self, caller: Caller, model: str, limit: int, waiting: Callable[[bool], None]
    ) -> AsyncIterator[float]:
        """Wait for a turn and hold it; the value is how long it took, in seconds.

        At most `limit` requests of the model are answered at a time. `waiting(True)` is called when it has to wait,
        `waiting(False)` when that ends well.
        """
        ticket = Ticket(
            number=next(self._numbers),
            agent=caller.agent,
            bead=caller.bead,
            model=model,
            request_class=caller.request_class,
            since=self._clock(),
            limit=limit,
        )
        await self._wait_for_turn(ticket, waiting)
        try:
            yield self._clock() - ticket.since
        finally:
            del self._running[ticket.number]
            self._asked_at[model] = self._clock()
            self._call_up()

    def spend(self, agent: str, tokens: int) -> None:
        """An agent used so many tokens: computed ones, because cached ones cost the others nothing."""
        self._spent[agent] = self._spent.get(agent, 0) + max(0, tokens)

    def line(self) -> Line:
        """The line as it is now."""
        return Line(tuple(self._running.values()), in_order(self._bench(), self._clock()))

    async def _wait_for_turn(self, ticket: Ticket, waiting: Callable[[bool], None]) -> None:
        present = {other.agent for other in (*self._running.values(), *(held for held, _ in self._waiting.values()))}
        self._spent[ticket.agent] = catch_up(self._spent, ticket.agent, present)
        called = asyncio.Event()
        self._waiting[ticket.number] = ticket, called
        self._call_up()
        if called.is_set():
            return
        waiting(True)
        try:
            await called.wait()
        except BaseException:
            # Cancelled while waiting, or in the very moment of being called.
            self._waiting.pop(ticket.number, None)
            self._running.pop(ticket.number, None)
            self._call_up()
            raise
        waiting(False)

    def _call_up(self) -> None:
        """Let everybody in whose turn it is."""
        self._make_room()
        while (ticket := next_up(self._bench(), self._clock())) is not None:
            _, called = self._waiting.pop(ticket.number)
            self._running[ticket.number] = ticket
            self._asked_at[ticket.model] = self._clock()
            self._hot[ticket.model] = ticket.agent
            self._make_room()
            called.set()
        self._set_alarm()

    def _make_room(self) -> None:
        """Forget the models that had to leave memory."""
        at_work = (ticket.model for ticket in self._running.values())
        self._asked_at = together(self._asked_at, at_work, self._fits)

    def _set_alarm(self) -> None:
        """Look again when time alone lets somebody in."""
        if self._alarm is not None:
            self._alarm.cancel()
        wait = look_again_in(self._bench(), self._clock())
        self._alarm = None if wait is None else asyncio.get_running_loop().call_later(wait, self._call_up)

    def _bench(self) -> Bench:
        return Bench(
            waiting=tuple(ticket for ticket, _ in self._waiting.values()),
            running=tuple(self._running.values()),
            spent=self._spent,
            hot=self._hot,
            asked_at=self._asked_at,
            fits=self._fits,
        )
