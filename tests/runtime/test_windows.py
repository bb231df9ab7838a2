"""A run's window is the one its server really has, and the run shows the model that really answers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from b4tui.config import Settings
from b4tui.demo.faults import FaultKind
from b4tui.demo.openai_server import SimulatedOpenAi
from b4tui.events import RunOutcome


def on(settings: Settings, kind: str, **engine: Any) -> Settings:
    """The settings with one engine, of this kind, for everybody."""
    only = settings.engines["ollama"].model_copy(update={"kind": kind, "order": 1, **engine})
    policy = settings.policy.model_copy(update={"require_attested": False})
    return settings.model_copy(update={"engines": {"only": only}, "policy": policy})


async def test_a_model_with_another_name_on_its_server_has_that_servers_window(make_world, a_row, a_script):
    world = await make_world([a_row("w-1", "Fix it")])
    async with SimulatedOpenAi([a_script("w-1")], context=5000, speed=math.inf) as vllm:
        vllm.model = replace(vllm.model, name="Qwen/Coder")
        ours = world.settings.roles["workhorse"].model
        world.settings = on(world.settings, "vllm", address=vllm.address, models={ours: "Qwen/Coder"})
        await world.run_until_idle()
    [started] = world.told("run_started")
    assert (started.model, started.context_limit) == (ours, 5000)
    assert {exchange.body["model"] for exchange in vllm.chats} == {"Qwen/Coder"}


async def test_an_embedded_model_has_the_window_that_its_file_was_made_for(make_world, a_row, tiny_weights: Path):
    world = await make_world(
        [a_row("w-1", "Fix it")],
        overrides={"policy": {"limits": {"steps": 1, "attempts": 1}}},
    )
    world.settings = on(world.settings, "embedded", model_file=str(tiny_weights), threads=1, cache_mib=64)
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: bool(world.told("run_started")), "a run begins")
    [started] = world.told("run_started")
    assert (started.model, started.context_limit) == (tiny_weights.name, 4096)
    await world.until(lambda: bool(runtime.snapshot.engines[0].models), "the engine was looked at")
    [model] = runtime.snapshot.engines[0].models
    assert (model.name, model.roles) == (tiny_weights.name, ("workhorse", "summarizer")), "one file, one model"


async def test_a_run_that_does_not_fit_the_engine_it_falls_back_to_is_no_fault_of_the_bead(make_world, a_row, a_script):
    world = await make_world([a_row("w-1", "Fix it")])
    world.server.faults.add(FaultKind.CUT, times=100, after=1)
    async with SimulatedOpenAi([a_script("w-1")], context=1000, speed=math.inf) as vllm:
        first = world.settings.engines["ollama"]
        small = first.model_copy(update={"kind": "vllm", "address": vllm.address, "order": 2})
        policy = world.settings.policy.model_copy(update={"require_attested": False})
        world.settings = world.settings.model_copy(
            update={"engines": {"ollama": first, "small": small}, "policy": policy}
        )
        runtime = world.runtime()
        await runtime.start()
        await world.until(lambda: bool(world.told("run_finished")), "the run ends")
        [started], [finished] = world.told("run_started"), world.told("run_finished")[:1]
        assert (started.engine, started.context_limit) == ("ollama", 32768)
        assert finished.outcome is RunOutcome.ENGINE
        assert "instead of ollama" in finished.reason and "window of 1000 tokens" in finished.reason
        assert "does not count" in world.bead("w-1").comments[0].text
