"""The engine against the real llama-server with a tiny model of random weights (research/runtime.md 2)."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from b4tui.config import EngineConfig, PolicyConfig
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.interface import ServerLoad
from b4tui.engines.openai.engine import OpenAiEngine
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
from b4tui.events import Locality
from tests.e2e.llama_server import RealLlamaServer, options_for_a_call, running_llama_server

pytestmark = pytest.mark.peers

WINDOW = 4096  # of each of its two slots: what the tiny model was made for
LONG = 4000  # tokens of an answer that is still being written when a test does something to it
PATH = {"type": "object", "properties": {"path": {"enum": ["a.py", "b.py"]}}, "required": ["path"]}
READ = ToolSpec("read", "Read a file", PATH)


def ask(text: str = "hello", *, model: str = "tiny", tokens: int = 16, tools: tuple[ToolSpec, ...] = ()) -> ChatRequest:
    return ChatRequest(
        model=model,
        messages=(Message(Role.SYSTEM, "You are terse."), Message(Role.USER, text)),
        tools=tools,
        num_ctx=2048,
        num_predict=tokens,
        temperature=1.0,
        seed=1,
    )


def engine_at(
    server: RealLlamaServer, *, required: bool = False, pins: Pins | None = None, **settings: Any
) -> OpenAiEngine:
    fields: dict[str, Any] = {
        "kind": "llama-server",
        "first_token_timeout_s": 60,
        "idle_timeout_s": 30,
        **settings,
    }
    config = EngineConfig(address=server.address, **fields)
    policy = PolicyConfig(require_attested=required)
    return OpenAiEngine("real", config, {"THE_KEY": "s3cret"}, policy=policy, pins=pins)


@pytest.fixture(scope="module")
def server(tiny_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealLlamaServer]:
    """One llama-server for the tests that leave it alive."""
    with running_llama_server(tiny_weights, tmp_path_factory.mktemp("llama"), context=2 * WINDOW) as running:
        yield running


@pytest.fixture
def mortal(tiny_weights: Path, tmp_path: Path) -> Iterator[RealLlamaServer]:
    """A llama-server of a test's own, to be killed or frozen."""
    with running_llama_server(tiny_weights, tmp_path, context=2 * WINDOW) as running:
        yield running


@pytest_asyncio.fixture
async def engine(server: RealLlamaServer) -> AsyncIterator[OpenAiEngine]:
    opened = engine_at(server)
    yield opened
    await opened.aclose()


async def events(engine: OpenAiEngine, request: ChatRequest) -> list[StreamEvent]:
    return [event async for event in engine.chat(request)]


async def failure(engine: OpenAiEngine, request: ChatRequest) -> Failure:
    last = (await events(engine, request))[-1]
    assert isinstance(last, Failure), last
    return last


def usage_of(heard: list[StreamEvent]) -> Usage:
    (usage,) = [event for event in heard if isinstance(event, Usage)]
    return usage


async def load_becomes(engine: OpenAiEngine, **wanted: int) -> ServerLoad:
    """Wait until the server's metrics say this; fail when they do not."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + 30
    while True:
        load = await engine.load()
        assert load is not None
        if all(getattr(load, name) == value for name, value in wanted.items()):
            return load
        assert loop.time() < deadline, load
        await asyncio.sleep(0.02)


async def test_an_answer_streams_with_its_figures(engine: OpenAiEngine) -> None:
    heard = await events(engine, ask(tokens=16))
    assert any(isinstance(event, Text) for event in heard)
    usage = usage_of(heard)
    assert usage.generated_tokens == 16
    assert usage.prompt_tokens > 16
    assert usage.cached_tokens is not None
    assert usage.prompt_seconds is not None
    assert usage.generate_seconds is not None
    assert usage.first_token_seconds is not None
    assert heard[-1] == Done("length")


async def test_a_prompt_that_was_seen_before_comes_from_the_cache(engine: OpenAiEngine) -> None:
    request = ask("the very same words " * 20, tokens=2)
    first, second = [usage_of(await events(engine, request)) for _ in range(2)]
    assert second.prompt_tokens == first.prompt_tokens
    assert second.cached_tokens is not None
    assert second.cached_tokens > 0.9 * second.prompt_tokens
    load = await engine.load()
    assert load is not None
    assert load.cache_hits is not None
    assert load.cache_hits > 0
    assert load.prompt_tokens is not None
    assert load.prompt_tokens >= first.prompt_tokens + second.prompt_tokens


async def test_it_says_what_it_serves(engine: OpenAiEngine, tiny_weights: Path) -> None:
    health = await engine.health()
    assert health.up, health.reason
    assert not health.simulated
    (model,) = await engine.models()
    assert (model.name, model.context, len(model.digest)) == ("tiny", WINDOW, 64)
    assert model.size > 400_000
    (loaded,) = await engine.loaded()
    assert (loaded.weights, loaded.context, loaded.digest) == (str(tiny_weights), WINDOW, model.digest)
    assert await engine.slots("tiny") == 2


async def test_its_kind_is_found_out(server: RealLlamaServer) -> None:
    engine = engine_at(server, kind="openai")
    assert await engine.slots("tiny") == 2
    await engine.aclose()


async def test_a_prompt_that_is_too_long(engine: OpenAiEngine) -> None:
    failed = await failure(engine, ask("abc " * WINDOW))
    assert (failed.kind, failed.status) == (FailureKind.OVERFLOW, 400)


async def test_a_wrong_name_is_refused_by_us_because_it_would_answer(
    engine: OpenAiEngine, server: RealLlamaServer
) -> None:
    before = server.log.read_text(errors="replace").count("launch_slot_")
    failed = await failure(engine, ask(model="nowhere:1b"))
    assert failed.kind is FailureKind.NO_MODEL
    assert "nowhere:1b" in failed.message
    assert server.log.read_text(errors="replace").count("launch_slot_") == before
    assert (await events(engine, ask(tokens=1)))[-1] == Done("length")
    assert server.log.read_text(errors="replace").count("launch_slot_") > before, "the log would have told"


async def test_an_option_of_the_wrong_type(engine: OpenAiEngine) -> None:
    failed = await failure(engine, replace(ask(), options={"top_k": "many"}))
    assert failed.kind is FailureKind.REFUSED
    assert "top_k" in failed.message


class TestTools:
    async def test_a_call_comes_in_fragments_and_is_put_together(
        self, engine: OpenAiEngine, server: RealLlamaServer
    ) -> None:
        request = ask(tokens=300, tools=(READ,))
        heard = await events(engine, replace(request, options=options_for_a_call(server, request)))
        (call,) = [event for event in heard if isinstance(event, ToolCall)]
        assert call.name == "read"
        assert call.arguments["path"] in {"a.py", "b.py"}
        assert call.id
        assert heard[-1] == Done("tool_calls")

    async def test_a_call_that_is_cut_by_the_number_of_tokens_is_not_given(
        self, engine: OpenAiEngine, server: RealLlamaServer
    ) -> None:
        request = ask(tokens=300, tools=(READ,))
        options = options_for_a_call(server, request)
        whole = usage_of(await events(engine, replace(request, options=options))).generated_tokens
        for tokens in (whole // 2, whole - 2):
            heard = await events(engine, replace(request, num_predict=tokens, options=options))
            assert not [event for event in heard if isinstance(event, ToolCall)]
            last = heard[-1]
            assert last == Done("length") or isinstance(last, Failure), last

    async def test_an_output_that_its_parser_does_not_know_is_a_failure(self, engine: OpenAiEngine) -> None:
        bias = {"logit_bias": [["<tool_call>", 100], ["\n", 95]], "frequency_penalty": 60}
        failed = await failure(engine, replace(ask(tokens=60, tools=(READ,)), options=bias))
        assert failed.kind is FailureKind.TOOL_FORMAT
        assert "peg-native" in failed.message

    async def test_a_conversation_with_calls_and_results_is_understood(self, engine: OpenAiEngine) -> None:
        request = ask(tools=(READ,))
        call = ToolCall("call_1", "read", {"path": "a.py"})
        more = (
            Message(Role.ASSISTANT, "", thinking="I look first.", tool_calls=(call,)),
            Message(Role.TOOL, "print() \ud800", tool_name="read", call_id="call_1"),
        )
        heard = await events(engine, replace(request, messages=(*request.messages, *more)))
        assert isinstance(heard[-1], Done), heard[-1]


async def test_closing_the_stream_frees_the_slot(engine: OpenAiEngine) -> None:
    async with aclosing(engine.chat(ask(tokens=LONG))) as stream:
        assert isinstance(await anext(stream), Text)
        await load_becomes(engine, running=1)
    await load_becomes(engine, running=0)


async def test_more_requests_than_slots_wait(engine: OpenAiEngine) -> None:
    async with aclosing(engine.chat(ask(tokens=LONG))) as one, aclosing(engine.chat(ask(tokens=LONG))) as two:
        await anext(one)
        await anext(two)
        three = asyncio.ensure_future(events(engine, ask(tokens=4)))
        load = await load_becomes(engine, waiting=1)
        assert load.running == 2
        await one.aclose()
        assert (await three)[-1] == Done("length")


async def test_its_key(tiny_weights: Path, tmp_path: Path) -> None:
    with running_llama_server(tiny_weights, tmp_path, "--api-key", "s3cret") as guarded:
        stranger = engine_at(guarded)
        failed = await failure(stranger, ask())
        assert (failed.kind, failed.status) == (FailureKind.REFUSED, 401)
        assert "engines.real.key_env" in failed.message
        assert not (await stranger.health()).up
        await stranger.aclose()
        friend = engine_at(guarded, key_env="THE_KEY")
        assert (await events(friend, ask()))[-1] == Done("length")
        assert await friend.load() is not None
        await friend.aclose()
        assert "s3cret" not in guarded.log.read_text(errors="replace")


async def test_while_it_loads_it_is_busy(tiny_weights: Path, tmp_path: Path) -> None:
    """A million tokens of context take it some tenths of a second to lay out; who misses them starts it again."""
    reasons: set[str] = set()
    for _ in range(10):
        with running_llama_server(tiny_weights, tmp_path, context=1_000_000, wait=False) as loading:
            reasons |= await reasons_until_up(loading)
        if any("Loading model" in reason for reason in reasons):
            return
    pytest.fail(f"it never said that it loads: {reasons}")


async def reasons_until_up(loading: RealLlamaServer) -> set[str]:
    """Why a server that starts was not up, time after time."""
    engine = engine_at(loading)
    reasons: set[str] = set()
    async with asyncio.timeout(60):
        while not (health := await engine.health()).up:
            reasons.add(health.reason)
            last = (await events(engine, ask(tokens=1)))[-1]
            assert isinstance(last, Done) or last.kind in {FailureKind.BUSY, FailureKind.UNREACHABLE}, last
    await engine.aclose()
    return reasons


async def test_killed_in_mid_answer(mortal: RealLlamaServer) -> None:
    engine = engine_at(mortal)
    heard: list[StreamEvent] = []
    async for event in engine.chat(ask(tokens=LONG)):
        if not heard:
            mortal.kill()
        heard.append(event)
    assert isinstance(heard[-1], Failure)
    assert heard[-1].kind is FailureKind.INCOMPLETE
    assert (await failure(engine, ask())).kind is FailureKind.UNREACHABLE
    assert not (await engine.health()).up
    await engine.aclose()


async def test_frozen_in_mid_answer(mortal: RealLlamaServer) -> None:
    engine = engine_at(mortal, idle_timeout_s=0.5, connect_timeout_s=2.0)
    heard: list[StreamEvent] = []
    async for event in engine.chat(ask(tokens=LONG)):
        if not heard:
            mortal.freeze()
        heard.append(event)
    assert isinstance(heard[-1], Failure)
    assert heard[-1].kind is FailureKind.TIMEOUT
    assert not (await engine.health()).up
    mortal.thaw()
    async with asyncio.timeout(60):
        while not (await engine.health()).up:
            pass  # it has to compute a token first
    await engine.aclose()


class TestAttestation:
    async def test_a_private_prompt_needs_the_operators_whole_word(
        self, server: RealLlamaServer, tmp_path: Path
    ) -> None:
        pins = Pins(tmp_path / "pins.json")
        engine = engine_at(server, required=True, pins=pins, pinned=True, vouched=True)
        failed = await failure(engine, ask())
        assert failed.kind is FailureKind.UNATTESTED
        assert "b4tui models pin tiny --engine real" in failed.message
        digest = (await engine.attest("tiny")).digest
        pins.pin(engine.address, "tiny", digest, datetime.now(UTC))
        assert (await engine.attest("tiny")).locality is Locality.ATTESTED
        assert (await events(engine, ask()))[-1] == Done("length")
        await engine.aclose()

    async def test_the_same_server_started_again_has_the_same_model_and_another_file_is_another(
        self, tiny_weights: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "other.gguf"
        shutil.copyfile(tiny_weights, other)
        digests = []
        for weights in (tiny_weights, tiny_weights, other):
            with running_llama_server(weights, tmp_path) as running:
                engine = engine_at(running)
                digests.append((await engine.attest("tiny")).digest)
                await engine.aclose()
        assert digests[0] == digests[1] != digests[2]
