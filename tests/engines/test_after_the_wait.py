"""What a request finds when its turn comes: the engine may have gone, and the GPU with it, while it stood in line."""

from __future__ import annotations

import asyncio

from b4tui.engines.dispatch.placement import GPU_AGAIN_S
from b4tui.engines.types import Done, Placed, StreamEvent
from tests.engines.played import WHOLE, K, Played, World, failing, places
from tests.waiting import until


class Line:
    """Agents that ask one after the other, so that all but the first stand in line."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.asked: list[asyncio.Task[list[StreamEvent]]] = []

    async def ask(self, agent: str) -> asyncio.Task[list[StreamEvent]]:
        task = asyncio.create_task(self.world.ask(agent=agent))
        self.asked.append(task)
        await until(self._everybody_is_there)
        return task

    def _everybody_is_there(self) -> bool:
        lines = self.world.dispatcher.lines().values()
        return sum(len(line.running) + len(line.waiting) for line in lines) == len(self.asked)


async def test_whoever_waited_for_an_engine_that_went_down_goes_to_the_next_one():
    gate = asyncio.Event()
    world = World(Played("one", (gate, *failing(K.TIMEOUT))), Played("two"))
    line = Line(world)
    first, second = await line.ask("a"), await line.ask("b")
    world.down["one"] = "one was silent"
    gate.set()
    assert isinstance((await first)[-1], Done)
    assert places(await second) == ["two"], "it would have waited for the time-out as well"
    assert len(world.engines["one"].requests) == 1


async def test_with_nowhere_else_to_go_it_is_asked_as_it_stands():
    gate = asyncio.Event()
    world = World(Played("one", (gate, *failing(K.TIMEOUT))))
    line = Line(world)
    first, second = await line.ask("a"), await line.ask("b")
    world.down["one"] = "one was silent"
    gate.set()
    await first
    assert isinstance((await second)[-1], Done), "a run is not lost to another one's time-out"


async def test_who_stood_in_line_leaves_the_gpu_with_the_first_that_ran_out_of_memory():
    gate = asyncio.Event()
    world = World(Played("one", (gate, *failing(K.OUT_OF_MEMORY))))
    line = Line(world)
    asked = [await line.ask(agent) for agent in "abc"]
    gate.set()
    answers = await asyncio.gather(*asked)
    assert [request.options.get("num_gpu") for request in world.engines["one"].requests] == [None, 0, 0, 0]
    for events in answers:
        assert isinstance(events[-1], Done)
        [*_, placed] = (event for event in events if isinstance(event, Placed))
        assert "on the CPU, slower" in placed.note


async def test_who_stood_in_line_goes_back_to_the_gpu_with_everybody_else():
    gate = asyncio.Event()
    world = World(Played("one", failing(K.OUT_OF_MEMORY), WHOLE, (gate, *WHOLE)))
    await world.ask()
    line = Line(world)
    asked = [await line.ask(agent) for agent in "abc"]
    world.dispatcher.placer.back_to_gpu()
    gate.set()
    await asyncio.gather(*asked)
    options = [request.options.get("num_gpu") for request in world.engines["one"].requests]
    assert options == [None, 0, 0, None, None], "one load of the model, and not one for each turn"


class TestTheWayBackToTheGpu:
    def world(self, *answers) -> tuple[World, list[float]]:
        clock = [0.0]
        return World(Played("one", *answers), clock=lambda: clock[0]), clock

    def gpu(self, world: World) -> list[object]:
        return [request.options.get("num_gpu") for request in world.engines["one"].requests]

    async def test_requests_that_fail_together_count_once(self) -> None:
        gate = asyncio.Event()
        world, clock = self.world((gate, *failing(K.OUT_OF_MEMORY)))
        for _ in range(3):
            world.dispatcher.placer.leave_gpu("one", "m", "out of memory")
        clock[0] = GPU_AGAIN_S
        gate.set()
        await world.ask()
        assert self.gpu(world)[0] is None, "the GPU is tried again after the first wait"

    async def test_a_gpu_that_fails_again_is_left_for_longer(self) -> None:
        world, clock = self.world(failing(K.OUT_OF_MEMORY), WHOLE, failing(K.OUT_OF_MEMORY), WHOLE)
        await world.ask()
        clock[0] = GPU_AGAIN_S
        await world.ask()
        clock[0] += GPU_AGAIN_S
        await world.ask()
        assert self.gpu(world) == [None, 0, None, 0, 0]

    async def test_a_gpu_that_worked_again_is_left_for_no_longer_than_the_first_time(self) -> None:
        world, clock = self.world(failing(K.OUT_OF_MEMORY), WHOLE, WHOLE, failing(K.OUT_OF_MEMORY), WHOLE)
        await world.ask()
        clock[0] = GPU_AGAIN_S
        await world.ask()
        await world.ask()
        clock[0] += GPU_AGAIN_S
        await world.ask()
        assert self.gpu(world) == [None, 0, None, None, 0, None]
