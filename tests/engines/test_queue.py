"""The line before an engine, in time: turns, waiting that is told, cancelling, and the alarm that ends idle waiting."""

from __future__ import annotations

import asyncio

from b4tui.engines.dispatch.queue import Caller, RequestQueue
from b4tui.engines.dispatch.turns import QUIET_S, RequestClass
from tests.waiting import until


class Clock:
    """Seconds that pass only when they are told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Desk:
    """A queue and the people who stand in it, each holding a turn until `done(name)`."""

    def __init__(self, fits=lambda model, beside: True) -> None:
        self.clock = Clock()
        self.queue = RequestQueue(self.clock, fits)
        self.served: list[str] = []
        self.told: list[tuple[str, bool]] = []
        self.waited: dict[str, float] = {}
        self._ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def come(self, name: str, request_class=RequestClass.STEP, model="m", limit=1) -> None:
        self._ends[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, request_class, model, limit))

    async def _visit(self, name: str, request_class: RequestClass, model: str, limit: int) -> None:
        caller = Caller(agent=name, bead=f"w-{name}", request_class=request_class)
        tell = lambda waiting: self.told.append((name, waiting))  # noqa: E731
        async with self.queue.turn(caller, model, limit, tell) as waited:
            self.served.append(name)
            self.waited[name] = waited
            await self._ends[name].wait()

    async def done(self, name: str) -> None:
        self._ends[name].set()
        await self.tasks[name]


async def test_one_at_a_time_in_order_and_the_wait_is_told_and_measured():
    desk = Desk()
    for name in "abc":
        desk.come(name)
    await until(lambda: desk.told == [("b", True), ("c", True)])
    desk.clock.now += 2.5
    await desk.done("a")
    await until(lambda: desk.served == ["a", "b"])
    assert desk.told[2:] == [("b", False)]
    assert desk.waited == {"a": 0.0, "b": 2.5}
    line = desk.queue.line()
    assert ([one.agent for one in line.running], [one.agent for one in line.waiting]) == (["b"], ["c"])
    await desk.done("b")
    await desk.done("c")
    assert desk.queue.line().running == ()


async def test_the_operator_goes_before_agents_that_came_earlier():
    desk = Desk()
    desk.come("a")
    await until(lambda: desk.served == ["a"])
    desk.come("b")
    desk.come("you", RequestClass.INTERACTIVE)
    await until(lambda: len(desk.told) == 2)
    await desk.done("a")
    await until(lambda: len(desk.served) == 2)
    assert desk.served == ["a", "you"]
    await desk.done("you")
    await desk.done("b")


async def test_who_leaves_while_waiting_is_forgotten_and_holds_nobody_up():
    desk = Desk()
    for name in "abc":
        desk.come(name)
    await until(lambda: len(desk.told) == 2)
    desk.tasks["b"].cancel()
    await asyncio.gather(desk.tasks["b"], return_exceptions=True)
    await desk.done("a")
    await until(lambda: desk.served == ["a", "c"])
    await desk.done("c")


async def test_who_leaves_in_the_moment_of_being_called_gives_the_turn_on():
    desk = Desk()
    for name in "abc":
        desk.come(name)
    await until(lambda: len(desk.told) == 2)
    desk._ends["a"].set()
    await desk.tasks["a"]  # b has been called and has not woken yet
    desk.tasks["b"].cancel()
    await asyncio.gather(desk.tasks["b"], return_exceptions=True)
    await until(lambda: "c" in desk.served)
    await desk.done("c")


async def test_a_turn_that_fails_is_given_back():
    desk = Desk()
    try:
        async with desk.queue.turn(Caller(agent="a", bead="w"), "m", 1, lambda _: None):
            raise ValueError("no")
    except ValueError:
        pass
    desk.come("b")
    await until(lambda: desk.served == ["b"])
    await desk.done("b")


async def test_tokens_count_for_the_next_turn():
    desk = Desk()
    desk.come("a")
    await until(lambda: desk.served == ["a"])
    desk.come("greedy")
    desk.come("modest")
    await until(lambda: len(desk.told) == 2)
    desk.queue.spend("greedy", 100_000)
    await desk.done("a")
    await until(lambda: len(desk.served) == 2)
    assert desk.served[1] == "modest"
    await desk.done("modest")
    await desk.done("greedy")


async def test_a_model_that_does_not_fit_is_let_in_when_the_other_one_is_quiet():
    desk = Desk(fits=lambda model, beside: not beside - {model})
    desk.come("a", model="workhorse")
    await until(lambda: desk.served == ["a"])
    desk.come("brew", RequestClass.SUMMARY, model="summariser")
    await until(lambda: desk.told == [("brew", True)])
    await desk.done("a")
    desk.clock.now += QUIET_S
    desk.queue._call_up()  # what the alarm does after so many real seconds
    await until(lambda: desk.served == ["a", "brew"])
    desk.come("b", model="workhorse")
    await until(lambda: ("b", True) in desk.told)
    await desk.done("brew")
    desk.clock.now += QUIET_S
    desk.queue._call_up()
    await until(lambda: desk.served == ["a", "brew", "b"])
    await desk.done("b")


async def test_models_whose_sizes_become_known_late_are_not_asked_in_turns_for_ever():
    known: set[str] = set()
    desk = Desk(fits=lambda model, beside: not known or not beside - {model})
    for name, model in (("a", "workhorse"), ("brew", "summariser")):
        desk.come(name, model=model)
        await until(lambda name=name: name in desk.served)
        await desk.done(name)
    known.add("the card")
    desk.come("b", RequestClass.SUMMARY, model="summariser")
    await until(lambda: "b" in desk.served)
    desk.come("c", model="workhorse")
    await until(lambda: ("c", True) in desk.told)
    await desk.done("b")
    desk.come("d", RequestClass.SUMMARY, model="summariser")
    await until(lambda: "d" in desk.served)
    await desk.done("d")
    desk.clock.now += QUIET_S
    desk.queue._call_up()
    await until(lambda: "c" in desk.served)
    await desk.done("c")
