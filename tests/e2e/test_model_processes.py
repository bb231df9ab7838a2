"""The real Ollama's runner: found, matched with the loaded model, and an orphan once Ollama is killed."""

from __future__ import annotations

from collections.abc import Sequence

import httpx
import psutil
import pytest

from b4tui.engines.interface import LoadedModel
from b4tui.events import EngineStatus
from b4tui.runtime.gauges.holders import Holder, Memory, holders
from b4tui.runtime.gauges.owners import OwnerKind
from b4tui.runtime.snapshot import EngineView
from b4tui.telemetry.processes import ProcessReader
from b4tui.telemetry.sampler import Sampler
from b4tui.telemetry.types import ModelProcess
from tests.e2e.conftest import RealOllama, until

pytestmark = pytest.mark.peers


def loaded(server: RealOllama) -> tuple[LoadedModel, ...]:
    """Have the model loaded, and say what the server says of it."""
    with httpx.Client(base_url=server.address, trust_env=False, timeout=60) as client:
        client.post("/api/generate", json={"model": server.model, "options": {"num_thread": 1}}).raise_for_status()
        rows = client.get("/api/ps").json()["models"]
    return tuple(LoadedModel(name=row["name"], size=row["size"], vram=row["size_vram"]) for row in rows)


def runners(server: RealOllama) -> list[int]:
    return [child.pid for child in server.runners() if "llama-server" in child.name()]


def found(pid: int) -> ModelProcess:
    (process,) = (process for process in ProcessReader().read() if process.pid == pid)
    return process


def held_by(pid: int, engines: Sequence[EngineView]) -> Holder:
    """Who holds the RAM of this process, on a machine where nothing else holds a model."""
    sample = Sampler(gpu=False).sample()
    sample = type(sample)(
        at=sample.at,
        gpus=(),
        gpu_reason="",
        host=sample.host,
        processes=tuple(p for p in sample.processes if p.pid == pid),
    )
    (row,) = (row for row in holders(sample, engines) if row.pid == pid and row.memory is Memory.RAM)
    return row


def test_the_runner_is_the_loaded_models_and_becomes_an_orphan_when_ollama_is_killed(mortal_ollama: RealOllama) -> None:
    models = loaded(mortal_ollama)
    (pid,) = runners(mortal_ollama)
    process = found(pid)
    assert "/blobs/sha256-" in process.weights and process.memory and not process.orphan
    view = EngineView(name="ollama", address=mortal_ollama.address, status=EngineStatus.UP, loaded=models)
    held = held_by(pid, (view,))
    assert (held.kind, held.label) == (OwnerKind.MODEL, models[0].name)
    assert held.size and not held.claimed
    mortal_ollama.kill()
    until(lambda: psutil.Process(pid).ppid() != mortal_ollama.process.pid, "the runner's adoption")
    assert found(pid).orphan
    orphan = held_by(pid, ())
    assert (orphan.kind, orphan.orphan) == (OwnerKind.PROGRAM, True) and orphan.label.startswith("llama-server ")
