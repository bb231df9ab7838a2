"""The engine against the real Ollama 0.33 with a tiny model of random weights (research/runtime.md 1.12)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import httpx
import pytest
import pytest_asyncio

from b4tui.config import EngineConfig, PolicyConfig
from b4tui.engines.attestation.pins import Pins, pins_file
from b4tui.engines.interface import EngineError
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.types import (
    ChatRequest,
    Done,
    Failure,
    FailureKind,
    Message,
    Role,
    StreamEvent,
    Text,
    ToolCall,
    ToolSpec,
    Usage,
)
from tests.e2e.conftest import RealOllama

pytestmark = pytest.mark.peers

PATH = {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]}
LIST = ToolSpec("list", "List a folder", PATH)


def ask(
    text: str = "hello",
    *,
    model: str = "tiny",
    tokens: int = 16,
    tools: tuple[ToolSpec, ...] = (),
    think: bool = False,
    num_ctx: int = 2048,
) -> ChatRequest:
    return ChatRequest(
        model=model,
        messages=(Message(Role.SYSTEM, "You are terse."), Message(Role.USER, text)),
        tools=tools,
        num_ctx=num_ctx,
        num_predict=tokens,
        temperature=1.0,
        seed=1,
        think=think,
        options={"num_thread": 1},
    )


def engine_at(server: RealOllama) -> OllamaEngine:
    config = EngineConfig(address=server.address, first_token_timeout_s=60, idle_timeout_s=30)
    return OllamaEngine("real", config, {}, pins=Pins(pins_file()), policy=PolicyConfig())


@pytest_asyncio.fixture
async def engine(real_ollama: RealOllama) -> AsyncIterator[OllamaEngine]:
    opened = engine_at(real_ollama)
    yield opened
    await opened.aclose()


async def events(engine: OllamaEngine, request: ChatRequest) -> list[StreamEvent]:
    return [event async for event in engine.chat(request)]


async def failure(engine: OllamaEngine, request: ChatRequest) -> Failure:
    last = (await events(engine, request))[-1]
    assert isinstance(last, Failure), last
    return last


async def test_it_answers_and_says_that_its_cloud_is_off(engine: OllamaEngine) -> None:
    health = await engine.health()
    assert health.up, health.reason
    assert health.version
    assert not health.simulated
    assert health.cloud_disabled is True


async def test_an_answer_streams_with_its_figures(engine: OllamaEngine) -> None:
    heard = await events(engine, ask(tokens=16))
    assert any(isinstance(event, Text) for event in heard[:-2])
    usage, done = heard[-2:]
    assert isinstance(usage, Usage)
    assert usage.generated_tokens == 16
    assert usage.prompt_tokens > 0
    assert usage.cached_tokens is not None
    assert usage.generate_seconds is not None
    assert usage.first_token_seconds is not None
    assert done == Done("length")


async def test_a_conversation_with_tools_and_results_is_understood(engine: OllamaEngine) -> None:
    call = ToolCall("call_1", "list", {"path": "."})
    request = ask(tools=(LIST,))
    request = ChatRequest(
        model=request.model,
        messages=(
            *request.messages,
            Message(Role.ASSISTANT, "", thinking="I look first.", tool_calls=(call,)),
            Message(Role.TOOL, "a.py \ud800", tool_name="list", call_id="call_1"),
        ),
        tools=request.tools,
        num_ctx=request.num_ctx,
        num_predict=request.num_predict,
        temperature=1.0,
        options=request.options,
    )
    assert isinstance((await events(engine, request))[-1], Done)


async def test_a_prompt_that_is_too_long_is_said_and_not_cut(engine: OllamaEngine) -> None:
    failed = await failure(engine, ask("abc " * 8000))
    assert failed.kind is FailureKind.OVERFLOW
    assert failed.status == 400
    assert "num_ctx" in failed.message


async def test_a_model_that_is_not_there(engine: OllamaEngine) -> None:
    failed = await failure(engine, ask(model="nowhere:1b"))
    assert failed.kind is FailureKind.NO_MODEL
    assert "ollama pull nowhere:1b" in failed.message


async def test_a_model_that_cannot_think(engine: OllamaEngine) -> None:
    failed = await failure(engine, ask(think=True))
    assert failed.kind is FailureKind.REFUSED
    assert "think = false" in failed.message


async def test_an_option_of_the_wrong_type(engine: OllamaEngine) -> None:
    request = ask()
    wrong = ChatRequest(
        model="tiny",
        messages=request.messages,
        num_ctx=2048,
        num_predict=4,
        temperature=0.0,
        options={"num_thread": "many"},
    )
    failed = await failure(engine, wrong)
    assert failed.kind is FailureKind.REFUSED
    assert "num_thread" in failed.message


async def test_a_cloud_model_never_reaches_the_server(engine: OllamaEngine, real_ollama: RealOllama) -> None:
    await events(engine, ask(tokens=1))
    before = real_ollama.log.read_text(errors="replace").count("/api/chat")
    assert before, "the log names every request"
    failed = await failure(engine, ask(model="qwen3:cloud"))
    assert failed.kind is FailureKind.REMOTE
    assert real_ollama.log.read_text(errors="replace").count("/api/chat") == before


async def test_an_alias_of_a_cloud_model_gets_no_prompt(engine: OllamaEngine, real_ollama: RealOllama) -> None:
    alias = {"model": "looks-local", "from": "gpt-oss:120b", "remote_host": "https://ollama.com:443", "stream": False}
    async with httpx.AsyncClient(base_url=real_ollama.address, trust_env=False, timeout=60) as client:
        (await client.post("/api/create", json=alias)).raise_for_status()
    before = real_ollama.log.read_text(errors="replace").count("/api/chat")
    failed = await failure(engine, ask(model="library/LOOKS-local"))
    assert failed.kind is FailureKind.REMOTE
    assert real_ollama.log.read_text(errors="replace").count("/api/chat") == before


async def test_models_are_listed_shown_and_seen_in_memory(engine: OllamaEngine) -> None:
    # Another test's model of the same weights would stand for this one (research/runtime.md 1.12).
    for other in await engine.loaded():
        await engine.unload(other.name)
    async with asyncio.timeout(60):
        while await engine.loaded():
            pass
    await events(engine, ask(tokens=4))
    (model,) = [row for row in await engine.models() if row.name.startswith("tiny")]
    assert model.format == "gguf"
    assert model.size > 100_000
    assert not model.remote
    (loaded,) = await engine.loaded()
    assert loaded.digest == model.digest
    assert loaded.context == 2048
    card = await engine.show("tiny")
    assert {"completion", "tools"} <= card.capabilities
    assert (card.architecture, card.context) == ("qwen3", 4096)
    with pytest.raises(EngineError, match="no model nowhere"):
        await engine.show("nowhere")


async def test_closing_the_stream_stops_the_answer_on_the_server(engine: OllamaEngine) -> None:
    async with aclosing(engine.chat(ask(tokens=1500))) as stream:
        async for event in stream:
            assert isinstance(event, Text)
            break
    # Now and then (1 in 18 to 80) Ollama 0.33.3 keeps the slot for ever; then the engine waits 20 s and loads it anew.
    heard = await asyncio.wait_for(events(engine, ask(tokens=4)), 100)
    assert heard[-1] == Done("length")


async def test_a_runner_that_is_killed_in_mid_answer(mortal_ollama: RealOllama) -> None:
    engine = engine_at(mortal_ollama)
    heard: list[StreamEvent] = []
    async for event in engine.chat(ask(tokens=3900, num_ctx=4096)):
        if not heard:
            for runner in mortal_ollama.runners():
                runner.kill()
        heard.append(event)
    assert isinstance(heard[-1], Failure)
    assert heard[-1].kind is FailureKind.CRASHED, heard[-1]
    assert isinstance((await events(engine, ask(tokens=4)))[-1], Done), "the next request loads the model again"
    await engine.aclose()


async def test_a_server_that_is_killed_in_mid_answer(mortal_ollama: RealOllama) -> None:
    engine = engine_at(mortal_ollama)
    heard: list[StreamEvent] = []
    async for event in engine.chat(ask(tokens=3900, num_ctx=4096)):
        if not heard:
            mortal_ollama.kill()
        heard.append(event)
    assert isinstance(heard[-1], Failure)
    assert heard[-1].kind in {FailureKind.INCOMPLETE, FailureKind.CRASHED}, heard[-1]
    failed = await failure(engine, ask())
    assert failed.kind is FailureKind.UNREACHABLE
    assert "ollama serve" in failed.message
    await engine.aclose()
