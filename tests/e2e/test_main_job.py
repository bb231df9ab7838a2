"""The main job over real parts: beads go from a git board through agents to closed, whatever the model server does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from b4tui.board.discover import open_hub
from b4tui.board.model import Bead
from b4tui.board.stores import open_store
from b4tui.demo.faults import FaultKind
from b4tui.demo.run import DemoWorld, demo_world
from b4tui.engines.opening import open_engines
from b4tui.events import EngineStatus, Event, RunFinished, RunOutcome, TextStreamed, event_name
from b4tui.runtime.runtime import Runtime

QUICK = {"policy": {"poll": {"interval_s": 0.2, "max_interval_s": 1.0, "engine_backoff_s": 0.05}}}


class Job:
    """A runtime on the demo's world, and what it told."""

    def __init__(self, world: DemoWorld, runtime: Runtime, events: list[Event]) -> None:
        self.world = world
        self.runtime = runtime
        self.events = events

    def told(self, name: str) -> list[Any]:
        """The events of this name."""
        return [event for event in self.events if event_name(event) == name]

    def beads(self) -> dict[str, Bead]:
        """The board as the file has it now."""
        return dict(open_store(open_hub(self.world.hub)).load().beads)

    async def done(self) -> None:
        """Wait until nothing is left to do."""
        await asyncio.wait_for(self.runtime.until_idle(), 90)

    async def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait for a predicate."""
        deadline = time.monotonic() + 60
        while not true():
            assert time.monotonic() < deadline, f"{what} did not happen; the last events: {self.events[-5:]}"
            await asyncio.sleep(0.01)


@asynccontextmanager
async def a_job(
    *,
    agents: tuple[str, ...] | None = None,
    speed: float = 0,
    overrides: dict[str, Any] | None = None,
    address: str = "",
    once: bool = False,
) -> AsyncIterator[Job]:
    """The sample hub, a server (the simulated one, unless `address` names another) and a runtime not started yet."""
    async with demo_world(speed=speed, overrides={**QUICK, **(overrides or {})}) as world:
        engine = world.settings.engines["ollama"].model_copy(update={"address": address or world.server.address})
        settings = world.settings.model_copy(update={"engines": {"ollama": engine}})
        engines = open_engines(settings, {})
        runtime = Runtime(settings, open_store(open_hub(world.hub)), engines, agents=agents, once=once)
        events: list[Event] = []
        runtime.subscribe(events.append)
        try:
            yield Job(world, runtime, events)
        finally:
            await runtime.stop("the test is over")
            for opened in engines.values():
                await opened.aclose()


async def test_a_server_that_is_down_at_the_start_is_waited_for_with_nothing_claimed():
    async with a_job(agents=("brew",)) as job:
        await job.world.server.down()
        await job.runtime.start()
        await job.until(lambda: job.runtime.snapshot.engines[0].status is EngineStatus.DOWN, "the engine is seen down")
        await job.until(lambda: job.runtime.snapshot.agents[0].state == "backoff", "the agent waits")
        assert not job.told("bead_claimed")
        await job.world.server.up()
        await job.done()
        assert job.told("bead_closed") and not job.told("bead_reopened")


async def test_a_server_that_dies_in_mid_stream_costs_nothing_but_time():
    async with a_job(agents=("romanov",), speed=5) as job:
        await job.runtime.start()
        await job.until(lambda: any(isinstance(event, TextStreamed) for event in job.events), "text streams")
        await job.world.server.down()
        await job.until(lambda: bool(job.told("bead_reopened")), "the bead goes back")
        first = job.told("bead_reopened")[0]
        assert "model server failed" in first.reason
        assert job.runtime.snapshot.engines[0].status is EngineStatus.DOWN
        bead = job.beads()[first.bead]
        assert (bead.status, bead.assignee) == ("open", "")
        await job.world.server.up()
        await job.done()
        assert job.beads()[first.bead].status == "closed"
        assert job.runtime.snapshot.engines[0].status is EngineStatus.UP


@pytest.mark.parametrize("fault", [FaultKind.BUSY, FaultKind.NO_DONE, FaultKind.CRASH, FaultKind.ERROR_LINE])
async def test_faults_of_the_server_that_pass_are_outlasted(fault):
    async with a_job(agents=("brew",)) as job:
        job.world.server.faults.add(fault, times=4)
        await job.runtime.start()
        await job.done()
        outcomes = [event.outcome for event in job.events if isinstance(event, RunFinished)]
        assert set(outcomes) == {RunOutcome.ENGINE, RunOutcome.FINISHED}
        assert job.runtime.snapshot.attempts_spent == frozenset()
        assert not any(bead.assignee == "brew" and bead.status != "closed" for bead in job.beads().values())


async def test_a_leaked_tool_call_is_recovered_and_the_bead_is_done():
    async with a_job(agents=("brew",)) as job:
        job.world.server.faults.add(FaultKind.LEAKED_CALL, times=2)
        await job.runtime.start()
        await job.done()
        assert {event.outcome for event in job.told("run_finished")} == {RunOutcome.FINISHED}


@pytest.mark.peers
async def test_a_run_streams_from_the_real_ollama_and_ends_honestly(real_ollama):
    """Its tiny model has random weights: it calls no tool, so the run fails by its format errors and says so."""
    # The prompt is 3,870 of its 4,096 tokens, what is said of a bad answer 200 more: there is room for a few words.
    role = {"engine": "ollama", "model": real_ollama.model, "num_ctx": 4096, "num_predict": 8, "keep_alive": "1m"}
    overrides = {"roles": {"summarizer": role}, "policy": {**QUICK["policy"], "limits": {"format_errors": 2}}}
    async with a_job(agents=("brew",), overrides=overrides, address=real_ollama.address, once=True) as job:
        await job.runtime.start()
        await job.done()
        assert any(isinstance(event, TextStreamed) for event in job.events)
        assert all(event.generated_tokens > 0 for event in job.told("tokens_counted"))
        (finished,) = job.told("run_finished")
        assert finished.outcome is RunOutcome.FAILED and "tool call" in finished.reason
        bead = job.beads()[finished.bead]
        assert (bead.status, bead.assignee) == ("open", "")
        assert "not done" in bead.comments[-1].text
