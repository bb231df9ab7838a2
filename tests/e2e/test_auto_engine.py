"""`engine = "auto"` with real parts: Ollama while it answers, else the model file; attested each time."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from b4tui.board.discover import open_hub
from b4tui.board.stores import open_store
from b4tui.config import load
from b4tui.engines.opening import open_engines
from b4tui.events import Event, Locality, RunStarted, event_name
from b4tui.runtime.runtime import Runtime
from tests.e2e.conftest import RealOllama

pytestmark = pytest.mark.peers
pytest.importorskip("xllamacpp", reason="the embedded engine needs xllamacpp (pip install 'b4tui[embedded]')")

BEADS = 3


def a_hub(folder: Path) -> Path:
    """A git repository with some beads for one agent."""
    (folder / ".beads").mkdir(parents=True)
    rows = [
        {"id": f"w-{n}", "title": f"Summary: page {n}", "status": "open", "priority": 2, "issue_type": "task"}
        | {"created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"}
        for n in range(BEADS)
    ]
    (folder / ".beads" / "issues.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "the board"]):
        identity = ["-c", "user.name=test", "-c", "user.email=test@test.invalid"]
        subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True)
    return folder


class Job:
    """A runtime at work, and what it told."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.events: list[Event] = []
        runtime.subscribe(self.events.append)

    def told(self, name: str) -> list[Any]:
        return [event for event in self.events if event_name(event) == name]

    async def until(self, true: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 90
        while not true():
            assert time.monotonic() < deadline, f"{what} did not happen; the last events: {self.events[-5:]}"
            await asyncio.sleep(0.02)


@asynccontextmanager
async def a_job(hub: Path, ollama: str, weights: Path) -> AsyncIterator[Job]:
    """Brew on this hub. Its tiny model calls no tool, so each run fails by its format and says so."""
    settings = load(
        use_user_file=False,
        overrides={
            "engines": {
                "ollama": {"address": ollama, "connect_timeout_s": 20.0},
                "embedded": {"model_file": str(weights), "threads": 1, "slots": 1, "cache_mib": 64},
            },
            "roles": {"summarizer": {"model": "tiny", "num_ctx": 4096, "num_predict": 16, "keep_alive": "1m"}},
            "policy": {
                "limits": {"format_errors": 1, "attempts": 1},
                "poll": {"interval_s": 0.2, "max_interval_s": 1.0, "engine_backoff_s": 0.1},
            },
        },
    )
    engines = open_engines(settings, {})
    runtime = Runtime(settings, open_store(open_hub(hub)), engines, agents=("brew",), paused=True)
    try:
        yield Job(runtime)
    finally:
        await runtime.stop("the test is over")
        for engine in engines.values():
            await engine.aclose()


async def one_more_run(job: Job) -> Any:
    """Let the agent do its next bead, and say how that run began."""
    before = len(job.told("run_finished"))
    pauses: list[asyncio.Task[None]] = []

    def pause(event: Event) -> None:
        """Before the run can end, however busy the machine is."""
        if isinstance(event, RunStarted):
            pauses.append(asyncio.create_task(job.runtime.operator.pause()))

    unsubscribe = job.runtime.subscribe(pause)
    await job.runtime.operator.resume()
    await job.until(lambda: len(job.told("run_finished")) > before, "a run and its end")
    unsubscribe()
    await asyncio.gather(*pauses)
    return job.told("run_started")[before]


async def test_ollama_while_it_answers_and_the_model_file_when_it_is_killed(
    tmp_path: Path, mortal_ollama: RealOllama, tiny_weights: Path
) -> None:
    async with a_job(a_hub(tmp_path / "hub"), mortal_ollama.address, tiny_weights) as job:
        await job.runtime.start()
        first = await one_more_run(job)
        assert (first.engine, first.model, first.locality, first.note) == ("ollama", "tiny", Locality.ATTESTED, "")
        mortal_ollama.kill()
        second = await one_more_run(job)
        assert (second.engine, second.model, second.locality) == ("embedded", tiny_weights.name, Locality.ATTESTED)
        assert "instead of ollama" in second.note and "does not answer" in second.note
        counted = [event.engine for event in job.told("tokens_counted")]
        assert counted == ["ollama", "embedded"]
        models = {view.name: view for view in job.runtime.snapshot.engines}
        assert models["embedded"].locality is Locality.ATTESTED


async def test_without_ollama_the_model_file_from_the_start(tmp_path: Path, tiny_weights: Path) -> None:
    async with a_job(a_hub(tmp_path / "hub"), "http://127.0.0.1:1", tiny_weights) as job:
        await job.runtime.start()
        started = await one_more_run(job)
        assert (started.engine, started.context_limit) == ("embedded", 4096)
        assert [event.outcome for event in job.told("run_finished")] == ["failed"], "it calls no tool, and says so"
