"""A run goes on when its engine does not: on the CPU, on the next engine, and back again. Servers over real HTTP."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import pytest_asyncio

from b4tui.board.model import NewBead
from b4tui.demo.faults import FaultKind
from b4tui.demo.server import SimulatedOllama
from b4tui.events import GpuFound, RunOutcome, now
from b4tui.runtime.snapshot import RunView


@pytest_asyncio.fixture
async def second(a_script) -> AsyncIterator[SimulatedOllama]:
    """Another server that knows the same beads."""
    async with SimulatedOllama([a_script("w-1"), a_script("w-2")], speed=math.inf) as server:
        yield server


def with_second(world, second: SimulatedOllama) -> None:
    first = world.settings.engines["ollama"]
    engines = {"ollama": first, "other": first.model_copy(update={"address": second.address, "order": 2})}
    world.settings = world.settings.model_copy(update={"engines": engines})


def options_of(server: SimulatedOllama) -> list[object]:
    return [exchange.body["options"].get("num_gpu") for exchange in server.chats if exchange.body["messages"]]


async def test_a_run_whose_server_dies_is_finished_on_the_next_one_and_says_so(make_world, a_row, second):
    world = await make_world([a_row("w-1", "Fix it")])
    with_second(world, second)
    world.server.faults.add(FaultKind.CUT, times=100, after=1)
    runtime = await world.run_until_idle()
    assert world.bead("w-1").status == "closed"
    assert [event.outcome for event in world.told("run_finished")] == [RunOutcome.FINISHED], "nothing was given back"
    moved = [event for event in world.told("run_moved") if event.engine == "other"]
    assert moved and "instead of ollama" in moved[0].note and "broke off" in moved[0].note
    assert len(world.told("answer_restarted")) >= 1
    view: RunView = runtime.snapshot.runs["w-1"]
    assert view.outcome is RunOutcome.FINISHED


async def test_an_engine_that_is_back_is_used_again(make_world, a_row, second):
    world = await make_world([a_row("w-1", "Fix it"), a_row("w-2", "Fix that", status="blocked")])
    with_second(world, second)
    await world.server.down()
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: world.bead("w-1").status == "closed", "the first bead is done by the second engine")
    assert world.told("run_started")[0].engine == "other"
    await world.server.up()
    await world.until(
        lambda: any(view.name == "ollama" and view.status == "up" for view in runtime.snapshot.engines), "it is back"
    )
    await runtime.operator.create(NewBead(title="Fix it too"))
    await world.until(lambda: len(world.told("run_started")) > 1, "another run")
    assert world.told("run_started")[1].engine == "ollama"


async def test_out_of_memory_makes_the_model_go_on_without_the_gpu(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    world.server.faults.add(FaultKind.OUT_OF_MEMORY)
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: bool(world.told("run_finished")), "the bead is done")
    assert options_of(world.server) == [None, 0, 0]
    assert [event.outcome for event in world.told("run_finished")] == [RunOutcome.FINISHED]
    notes = [event.note for event in world.told("run_moved")]
    assert notes and all("on the CPU, slower" in note and "memory" in note for note in notes)
    runtime._bus.publish(GpuFound(at=now(), names=("RTX 4090",)))
    await runtime.operator.create(NewBead(title="Fix it"))
    await world.until(lambda: len(options_of(world.server)) > 3, "another question")
    assert options_of(world.server)[3] is None, "the GPU is there again"


async def test_a_single_refusal_is_waited_out_within_the_run(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    world.server.faults.add(FaultKind.BUSY)
    await world.run_until_idle()
    assert [event.outcome for event in world.told("run_finished")] == [RunOutcome.FINISHED]
    assert len(world.told("run_started")) == 1
