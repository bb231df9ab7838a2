"""The sample hub is worked off on a simulated vLLM and a simulated llama-server as it is on Ollama."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from b4tui.agents.sandbox import NoSandbox, find_sandbox
from b4tui.board.discover import open_hub
from b4tui.board.stores import open_store
from b4tui.config import Settings, load
from b4tui.demo.catalog import MODELS
from b4tui.demo.hub import make_hub
from b4tui.demo.openai_pages import Plays
from b4tui.demo.openai_server import SimulatedOpenAi
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.opening import open_engines
from b4tui.events import Event, RunFinished, RunOutcome
from b4tui.runtime.runtime import Runtime

ROLES = ("router", "workhorse", "summarizer")


def settings_for(server: SimulatedOpenAi, plays: Plays) -> Settings:
    """Every role on the one server, whose one model has a name of its own; the operator vouches for it."""
    names = {role.model: server.model.name for role in load(use_user_file=False).roles.values()}
    there: dict[str, Any] = {
        "kind": plays.value,
        "address": server.address,
        "pinned": True,
        "vouched": True,
        "order": 1,
    }
    overrides = {
        "engines": {"there": {**there, "models": names}},
        "roles": {role: {"engine": "there"} for role in ROLES},
        "policy": {"poll": {"interval_s": 0.5, "max_interval_s": 4.0, "engine_backoff_s": 0.5}},
    }
    return load(use_user_file=False, overrides=overrides)


@pytest.mark.parametrize("plays", list(Plays))
async def test_every_bead_is_closed_that_can_be(plays: Plays, tmp_path: Path) -> None:
    if isinstance(missing := find_sandbox(), NoSandbox):
        pytest.skip(f"no sandbox works here: {missing.reason}")
    hub = await asyncio.to_thread(make_hub, tmp_path / "hub", now=datetime.now(UTC))
    events: list[Event] = []
    async with SimulatedOpenAi(plays=plays, model=replace(MODELS[0], name="org/Served"), speed=0) as server:
        settings, pins = settings_for(server, plays), Pins(tmp_path / "pins.json")
        engines = open_engines(settings, {}, pins=pins)
        for role in settings.roles.values():
            attestation = await engines["there"].attest(role.model)
            pins.pin(engines["there"].address, role.model, attestation.digest, datetime.now(UTC))
        runtime = Runtime(settings, open_store(open_hub(hub)), engines, simulated=True)
        runtime.subscribe(events.append)
        await runtime.start()
        async with asyncio.timeout(90):
            await runtime.until_idle()
        await runtime.stop("the test is over")
        for engine in engines.values():
            await engine.aclose()
    ended = [event for event in events if isinstance(event, RunFinished)]
    done = {event.bead for event in ended if event.outcome is RunOutcome.FINISHED}
    failed = {event.bead for event in ended if event.outcome is RunOutcome.FAILED}
    assert len(done) >= 20
    assert failed == {"hub-z0n"}, "the one whose script finds that it cannot be done"
