"""Tokens a second through the whole system, the console open, against a bare client that sends the same requests.

Both talk to the same embedded engine in one run, in turns, each with a fresh child: the ratio is what b4tui costs.
"""

import asyncio
import json
import runpy
import statistics
import subprocess
import time
from collections import defaultdict
from contextlib import aclosing
from pathlib import Path

import httpx
import pytest

from b4tui.board.discover import open_hub
from b4tui.board.stores import open_store
from b4tui.config import load
from b4tui.engines.openai.flavors import LLAMA_SERVER
from b4tui.engines.openai.wire import request_body
from b4tui.engines.opening import open_engines
from b4tui.engines.types import ChatRequest, Message, Role
from b4tui.events import RunFinished, StepStarted, TokensCounted
from b4tui.provenance import Provenance
from b4tui.runtime.runtime import Runtime
from b4tui.telemetry.sampler import sampler_for
from b4tui.tui.app import Console

BUILDER = Path(__file__).resolve().parents[3] / "shared" / "tools" / "tiny_gguf.py"
ROUNDS, STEPS, TOKENS = 3, 3, 512


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    """A model of random weights."""
    if not BUILDER.is_file():
        pytest.skip("shared/tools/tiny_gguf.py is not there to build a model")
    file = tmp_path_factory.mktemp("weights") / "model.gguf"
    runpy.run_path(str(BUILDER))["build"](str(file), n_ctx=8192)
    return file


def hub_with(folder: Path, agents: int) -> Path:
    """A bead for each agent."""
    (folder / ".beads").mkdir(parents=True)
    rows = [
        {"id": f"w-{n}", "title": f"Work {n}", "status": "open", "priority": 2, "issue_type": "task"}
        | {"labels": [f"agent:a{n}"], "created_at": "2026-01-02T03:04:05Z", "updated_at": "2026-01-02T03:04:05Z"}
        for n in range(agents)
    ]
    (folder / ".beads" / "issues.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "the board"]):
        identity = ["-c", "user.name=bench", "-c", "user.email=bench@bench.invalid"]
        subprocess.run(["git", *identity, "-C", str(folder), *arguments], check=True)
    return folder


def settings_for(model: Path, agents: int):
    """As many agents as slots; each run takes STEPS answers of a fixed length, because the model never calls a tool."""
    role = {"model": "m", "num_ctx": 8192, "num_predict": TOKENS, "temperature": 0.0}
    crew = {f"a{n}": {"name": f"Agent {n}", "role": "workhorse", "capabilities": []} for n in range(agents)}
    names = ("codemonkey", "pltops", "romanov", "brenner", "brew")
    crew |= {name: {"name": name, "enabled": False} for name in names}
    return load(
        use_user_file=False,
        overrides={
            "engines": {
                "ollama": {"order": 0},
                "embedded": {"model_file": str(model), "slots": agents, "threads": 1, "cache_mib": 256},
            },
            "roles": {"workhorse": role},
            "agents": crew,
            "routing": {"fallback": "a0"},
            "policy": {"limits": {"steps": STEPS, "format_errors": 100, "attempts": 1}},
        },
    )


class Recording:
    """The engine, and what was asked of it for each agent's bead, in order."""

    def __init__(self, engine) -> None:
        self._engine = engine
        self.requests = defaultdict(list)

    def __getattr__(self, name):
        return getattr(self._engine, name)

    async def chat(self, request):
        self.requests[request.messages[1].content].append(request)
        async with aclosing(self._engine.chat(request)) as events:
            async for event in events:
                yield event


async def through_b4tui(settings, hub: Path):
    """Tokens a second from the first step to the last answer, with the console open; and what was asked."""
    engines = open_engines(settings, {})
    engine = Recording(engines["embedded"])
    runtime = Runtime(
        settings, open_store(open_hub(hub)), {"embedded": engine}, sampler=sampler_for(settings.telemetry)
    )
    times, tokens, ended = [], 0, asyncio.Event()
    finished = 0

    def hear(event) -> None:
        nonlocal tokens, finished
        if isinstance(event, StepStarted | TokensCounted):
            times.append(time.perf_counter())
        if isinstance(event, TokensCounted):
            tokens += event.generated_tokens
        if isinstance(event, RunFinished):
            finished += 1
            if finished == len(settings.agents) - 5:
                ended.set()

    await warmed(engines["embedded"], settings)
    runtime.subscribe(hear)
    app = Console(runtime, settings.tui)
    async with app.run_test(size=(160, 45)):
        await asyncio.wait_for(ended.wait(), 300)
    await engines["embedded"].aclose()
    return tokens / (times[-1] - times[0]), engine.requests


async def warmed(engine, settings) -> None:
    """Start the child before the clock runs."""
    role = settings.roles["workhorse"]
    hello = (Message(Role.USER, "hello", provenance=Provenance.PUBLIC),)
    request = ChatRequest(model="m", messages=hello, num_ctx=role.num_ctx, num_predict=1, temperature=0.0)
    async for _ in engine.chat(request):
        pass


async def through_a_bare_client(settings, requests) -> float:
    """Tokens a second for the same requests, each agent's one after the other, sent by httpx and thrown away."""
    engine = open_engines(settings, {})["embedded"]
    await warmed(engine, settings)
    child = engine._supervisor.child
    # A connection for each request, as b4tui does: the server closes idle ones when it likes.
    transport = httpx.AsyncHTTPTransport(uds=str(child.socket), limits=httpx.Limits(max_keepalive_connections=0))
    tokens = 0

    async with httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=300) as client:

        async def agent(asked) -> None:
            nonlocal tokens
            for request in asked:
                body = request_body(request, child.launch.alias, LLAMA_SERVER)
                tail = b""
                async with client.stream(
                    "POST", "/v1/chat/completions", content=body, headers={"content-type": "application/json"}
                ) as response:
                    async for data in response.aiter_raw():
                        tail = (tail + data)[-4096:]
                usage = next(line for line in reversed(tail.split(b"\n")) if b'"usage"' in line)
                tokens += json.loads(usage.removeprefix(b"data: "))["usage"]["completion_tokens"]

        start = time.perf_counter()
        await asyncio.gather(*(agent(asked) for asked in requests.values()))
        rate = tokens / (time.perf_counter() - start)
    await engine.aclose()
    return rate


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("agents", [1, 2, 4, 8])
def test_tokens_a_second_through_b4tui_against_a_bare_client(benchmark, tmp_path, weights, agents) -> None:
    settings = settings_for(weights, agents)

    def measure() -> tuple[list[float], list[float]]:
        _, requests = asyncio.run(through_b4tui(settings, hub_with(tmp_path / "first", agents)))
        ours, bare = [], []
        for number in range(ROUNDS):
            bare.append(asyncio.run(through_a_bare_client(settings, requests)))
            ours.append(asyncio.run(through_b4tui(settings, hub_with(tmp_path / f"hub{number}", agents)))[0])
        return ours, bare

    ours, bare = benchmark.pedantic(measure, rounds=1)
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours, bare, strict=True))
    benchmark.extra_info.update(
        agents=agents,
        ratio=round(ratio, 3),
        tokens_per_s=round(statistics.median(ours)),
        bare_tokens_per_s=round(statistics.median(bare)),
    )
