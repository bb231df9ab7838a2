"""Requests that stand in our own lines: what cancelling and stopping leave behind, over real HTTP."""

from __future__ import annotations

import asyncio
import math
import threading
import time

from b4tui.demo.faults import FaultKind
from b4tui.demo.server import SimulatedOllama
from b4tui.events import AgentState, RunOutcome
from b4tui.runtime.end_bounds import EndBounds
from b4tui.telemetry.sampler import Sampler
from b4tui.telemetry.types import MachineSample

ROWS = (("w-1", "Fix it"), ("w-2", "Research: caches"), ("w-3", "Deploy the cluster"))


async def crowd(make_world, a_row, slots: int = 1):
    """Three agents, one slot, and a server that answers none."""
    world = await make_world([a_row(bead, title) for bead, title in ROWS])
    engine = world.settings.engines["ollama"].model_copy(update={"slots": slots})
    world.settings = world.settings.model_copy(update={"engines": {"ollama": engine}})
    world.server.faults.add(FaultKind.HANG, times=100)
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: line(runtime) == (slots, 3 - slots), "one is answered, two wait")
    return world, runtime


def line(runtime) -> tuple[int, int]:
    queue = runtime.snapshot.engines[0].queue
    return len(queue.running), len(queue.waiting)


async def test_stopping_does_not_wait_for_an_answer_and_gives_every_bead_back(make_world, a_row):
    world, runtime = await crowd(make_world, a_row)
    began = time.monotonic()
    await runtime.stop("the operator left")
    assert time.monotonic() - began < 20, "the answer would never come"
    assert [world.bead(bead).status for bead, _ in ROWS] == ["open"] * 3
    assert {event.outcome for event in world.told("run_finished")} == {RunOutcome.CANCELLED}
    assert runtime._parts.dispatcher.lines()["ollama"].waiting == ()
    assert runtime._parts.dispatcher.lines()["ollama"].running == ()


async def test_who_is_cancelled_while_it_waits_leaves_the_line_and_its_place_to_the_others(make_world, a_row):
    world, runtime = await crowd(make_world, a_row)
    waiting = [agent for agent in runtime.snapshot.agents if agent.state is AgentState.WAITING]
    assert len(waiting) == 2
    await asyncio.wait_for(runtime.operator.cancel(waiting[0].bead), 20)
    await world.until(lambda: line(runtime) == (1, 1), "one fewer waits")
    [running] = (agent for agent in runtime.snapshot.agents if agent.bead and agent.state is AgentState.WORKING)
    world.server.faults.clear()
    await asyncio.wait_for(runtime.operator.cancel(running.bead), 20)
    await world.until(lambda: world.bead(waiting[1].bead).status == "closed", "the last one has its turn")


async def test_who_is_paused_while_it_waits_still_waits_and_resuming_before_its_turn_takes_the_pause_back(
    make_world, a_row
):
    _, runtime = await crowd(make_world, a_row)

    def states() -> list[tuple[AgentState, bool]]:
        return sorted((agent.state, agent.pausing) for agent in runtime.snapshot.agents if agent.bead)

    await runtime.operator.pause()
    assert states() == [(AgentState.WAITING, True)] * 2 + [(AgentState.WORKING, True)]
    await runtime.operator.resume()
    assert states() == [(AgentState.WAITING, False)] * 2 + [(AgentState.WORKING, False)]


async def test_who_waits_for_an_engine_that_dies_goes_on_with_the_next_one(make_world, a_row, a_script):
    world = await make_world([a_row(bead, title) for bead, title in ROWS])
    async with SimulatedOllama([a_script(bead) for bead, _ in ROWS], speed=math.inf) as second:
        first = world.settings.engines["ollama"].model_copy(update={"slots": 1, "first_token_timeout_s": 1.0})
        other = world.settings.engines["ollama"].model_copy(update={"address": second.address, "slots": 1, "order": 2})
        engines = {"ollama": first, "other": other}
        policy = world.settings.policy
        poll = policy.poll.model_copy(update={"engine_backoff_s": 60.0, "max_interval_s": 60.0})
        policy = policy.model_copy(update={"poll": poll})
        world.settings = world.settings.model_copy(update={"engines": engines, "policy": policy})
        world.server.faults.add(FaultKind.HANG, times=100)
        await world.run_until_idle()
        assert [world.bead(bead).status for bead, _ in ROWS] == ["closed"] * 3
        assert {event.outcome for event in world.told("run_finished")} == {RunOutcome.FINISHED}
        assert len(world.server.chats) == 1, "the others did not wait for the same time-out"


async def test_a_board_that_takes_too_long_does_not_hold_up_the_end_and_the_bead_is_found_at_the_next_start(
    make_world, a_row
):
    world = await make_world([a_row("w-1", "Fix it")])
    world.server.faults.add(FaultKind.HANG)
    store, may_go_on = world.store(), threading.Event()
    store.release = lambda *_args, **_more: may_go_on.wait(60)
    runtime = world.runtime(store, ending=EndBounds(good_order_s=0.05, last_moments_s=0.05))
    await runtime.start()
    await world.until(lambda: bool(world.server.chats), "the run asks the model")
    try:
        await asyncio.wait_for(runtime.stop("the operator left"), 50)
        assert world.bead("w-1").status == "in_progress"
    finally:
        may_go_on.set()
    await world.run_until_idle()
    assert world.bead("w-1").status == "closed"


class Stalled(Sampler):
    """A sampler in the middle of a driver call that does not come back."""

    def sample(self) -> MachineSample:
        threading.Event().wait(30)
        raise AssertionError("nobody waits for it")


async def test_a_driver_that_stalls_does_not_hold_up_the_end(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    world.server.faults.add(FaultKind.HANG, times=100)
    runtime = world.runtime(sampler=Stalled(gpu=False))
    await runtime.start()
    await world.until(lambda: bool(world.server.chats), "the run asks the model")
    began = time.monotonic()
    await runtime.stop("the operator left")
    assert time.monotonic() - began < 20, "the driver takes thirty seconds"
    assert world.bead("w-1").status == "open"
