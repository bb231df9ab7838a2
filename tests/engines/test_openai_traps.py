"""The traps of research/vllm.md and research/runtime.md 2, played by a simulated server, and how the engine fares."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from b4tui.config import EngineConfig, PolicyConfig
from b4tui.demo.faults import FaultKind
from b4tui.demo.listening import Ending
from b4tui.demo.openai_pages import Plays
from b4tui.demo.openai_server import SimulatedOpenAi
from b4tui.demo.script import Call, Script, Step
from b4tui.engines.openai.engine import OpenAiEngine
from b4tui.engines.types import (
    ChatRequest,
    Done,
    FailureKind,
    Message,
    Role,
    StreamEvent,
    Text,
    ToolCall,
    ToolSpec,
    Usage,
)
from tests.engines.conftest import ask
from tests.engines.openai_serving import failure_of

pytestmark = pytest.mark.usefixtures("own_time")

BOTH = pytest.mark.parametrize("plays", list(Plays))
MODEL = "qwen3-coder-next:latest"
SCRIPT = Script(
    bead="x-1",
    steps=(
        Step(say="I write it down.", calls=(Call(tool="write", path="a.txt", content="b\n"),)),
        Step(say="Done."),
    ),
)
WRITE = ToolSpec(
    "write", "Write", {"type": "object", "properties": {"path": {"type": "string"}, "content": {"type": "string"}}}
)
MARKER = "the-word-that-is-private"


@asynccontextmanager
async def playing(
    plays: Plays = Plays.VLLM, *, server: dict[str, Any] | None = None, **settings: Any
) -> AsyncIterator[tuple[OpenAiEngine, SimulatedOpenAi]]:
    async with SimulatedOpenAi([SCRIPT], plays=plays, speed=0, **(server or {})) as simulated:
        fields: dict[str, Any] = {"kind": plays.value, "first_token_timeout_s": 20, "idle_timeout_s": 20, **settings}
        config = EngineConfig(address=simulated.address, **fields)
        engine = OpenAiEngine("there", config, {"KEY": "k"}, policy=PolicyConfig(require_attested=False))
        try:
            yield engine, simulated
        finally:
            await engine.aclose()


def request(**changes: Any) -> ChatRequest:
    messages = (Message(Role.SYSTEM, "You are."), Message(Role.USER, f"# x-1: Try\n\n{MARKER}"))
    return ask(MODEL, messages=messages, tools=(WRITE,), num_predict=500, **changes)


async def heard(engine: OpenAiEngine, asked: ChatRequest | None = None) -> list[StreamEvent]:
    return [event async for event in engine.chat(asked or request())]


def calls(events: list[StreamEvent]) -> list[ToolCall]:
    return [event for event in events if isinstance(event, ToolCall)]


def text(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, Text))


@BOTH
class TestAnAnswer:
    async def test_is_text_a_call_figures_and_a_reason(self, plays: Plays) -> None:
        async with playing(plays) as (engine, _):
            events = await heard(engine)
        assert text(events) == "I write it down."
        (call,) = calls(events)
        assert (call.name, call.arguments) == ("write", {"path": "a.txt", "content": "b\n"})
        usage = events[-2]
        assert isinstance(usage, Usage)
        assert usage.generated_tokens > 0
        assert usage.cached_tokens == 0
        assert usage.generate_seconds is not None
        assert events[-1] == Done("tool_calls")

    async def test_goes_on_after_a_tools_result_and_says_what_was_cached(self, plays: Plays) -> None:
        async with playing(plays) as (engine, _):
            (call,) = calls(await heard(engine))
            before = request().messages
            result = Message(Role.TOOL, "written", tool_name="write", call_id=call.id)
            more = (*before, Message(Role.ASSISTANT, "I write it down.", tool_calls=(call,)), result)
            events = await heard(engine, ask(MODEL, messages=more, tools=(WRITE,)))
        assert text(events) == "Done."
        (usage,) = [event for event in events if isinstance(event, Usage)]
        assert usage.cached_tokens

    async def test_may_have_to_wait_for_a_slot(self, plays: Plays) -> None:
        async with playing(plays, server={"slots": 1}) as (engine, server):
            answers = await asyncio.gather(*[heard(engine) for _ in range(4)])
            assert all(events[-1] == Done("tool_calls") for events in answers)
            load = await engine.load()
            assert load is not None
            assert (load.running, load.waiting) == (0, 0)
            assert load.generated_tokens
            assert server.load.generated == load.generated_tokens

    async def test_that_is_left_frees_its_slot(self, plays: Plays) -> None:
        async with playing(plays, server={"slots": 1}) as (engine, server):
            server.faults.add(FaultKind.FORGOTTEN)
            async with aclosing(engine.chat(request())) as events:
                await anext(events)
            assert (await heard(engine))[-1] == Done("tool_calls")
            assert server.chats[0].ending is Ending.CANCELLED


@BOTH
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (FaultKind.DONE_ONLY, FailureKind.INCOMPLETE),
        (FaultKind.NO_DONE, FailureKind.INCOMPLETE),
        (FaultKind.CUT, FailureKind.INCOMPLETE),
        (FaultKind.ERROR_LINE, FailureKind.CRASHED),
        (FaultKind.TOOL_ERROR, FailureKind.TOOL_FORMAT),
        (FaultKind.LOOSE_ARGUMENTS, FailureKind.TOOL_FORMAT),
        (FaultKind.GARBAGE_LINE, FailureKind.PROTOCOL),
        (FaultKind.BUSY, FailureKind.BUSY),
        (FaultKind.CRASH, FailureKind.CRASHED),
        (FaultKind.OUT_OF_MEMORY, FailureKind.OUT_OF_MEMORY),
        (FaultKind.FORGOTTEN, FailureKind.TIMEOUT),
        (FaultKind.SLOW_LORIS, FailureKind.TIMEOUT),
        (FaultKind.HANG, FailureKind.TIMEOUT),
    ],
)
async def test_a_broken_answer_is_a_failure_and_runs_nothing(plays: Plays, fault: FaultKind, kind: FailureKind) -> None:
    async with playing(plays) as (engine, server):
        server.faults.add(fault)
        events = await heard(engine)
        assert failure_of(events).kind is kind
        assert not calls(events)
        assert not any(isinstance(event, Done) for event in events)


@BOTH
class TestTraps:
    async def test_a_call_in_an_answer_that_ran_out_of_tokens_is_not_trusted(self, plays: Plays) -> None:
        async with playing(plays) as (engine, server):
            server.faults.add(FaultKind.CUT_CALL)
            events = await heard(engine)
            assert not calls(events)
            assert events[-1] == Done("length")

    async def test_the_mark_of_a_call_is_not_part_of_the_text(self, plays: Plays) -> None:
        async with playing(plays) as (engine, server):
            server.faults.add(FaultKind.LEAKED_MARK)
            events = await heard(engine)
            assert text(events) == "I write it down."
            assert len(calls(events)) == 1

    @pytest.mark.parametrize("fault", [FaultKind.QUEUED, FaultKind.KEEP_ALIVE])
    async def test_a_queued_stream_is_waited_for_longer_than_silence_in_an_answer(
        self, plays: Plays, fault: FaultKind
    ) -> None:
        async with playing(plays, idle_timeout_s=0.3) as (engine, server):
            server.faults.add(fault, seconds=0.8)
            assert (await heard(engine))[-1] == Done("tool_calls")

    @pytest.mark.parametrize("fault", [FaultKind.QUEUED, FaultKind.KEEP_ALIVE])
    async def test_but_not_for_ever(self, plays: Plays, fault: FaultKind) -> None:
        async with playing(plays, first_token_timeout_s=0.3) as (engine, server):
            server.faults.add(fault, seconds=60)
            failure = failure_of(await heard(engine))
            assert failure.kind is FailureKind.TIMEOUT
            assert "first_token_timeout_s" in failure.message

    async def test_a_line_of_a_megabyte_is_text(self, plays: Plays) -> None:
        async with playing(plays) as (engine, server):
            server.faults.add(FaultKind.HUGE_LINE)
            assert len(text(await heard(engine))) > 1_000_000

    @pytest.mark.parametrize("name", ["", "nope", f"{MODEL}x"])
    async def test_no_prompt_goes_to_a_name_that_is_not_listed(self, plays: Plays, name: str) -> None:
        async with playing(plays) as (engine, server):
            events = await heard(engine, ask(name, messages=(Message(Role.USER, MARKER),)))
            assert failure_of(events).kind is FailureKind.NO_MODEL
            assert not server.heard(MARKER)

    async def test_a_frozen_server_is_not_healthy_once_an_answer_hung(self, plays: Plays) -> None:
        async with playing(plays, first_token_timeout_s=0.3, connect_timeout_s=1.5) as (engine, server):
            server.frozen = True
            assert (await engine.health()).up, "its pages say so"
            assert failure_of(await heard(engine)).kind is FailureKind.TIMEOUT
            assert not (await engine.health()).up
            assert not server.heard(MARKER)[1:], "the probe carries nothing of the prompt"
            server.frozen = False
            assert (await engine.health()).up

    async def test_a_storm_of_503_is_told_as_such(self, plays: Plays) -> None:
        async with playing(plays) as (engine, server):
            server.faults.add(FaultKind.BUSY, times=20)
            answers = await asyncio.gather(*[heard(engine) for _ in range(20)])
            assert {failure_of(events).kind for events in answers} == {FailureKind.BUSY}
            assert (await heard(engine))[-1] == Done("tool_calls")

    async def test_it_is_known_to_be_simulated(self, plays: Plays) -> None:
        async with playing(plays) as (engine, _):
            assert (await engine.health()).simulated

    async def test_a_server_that_dies_and_comes_back(self, plays: Plays) -> None:
        async with playing(plays) as (engine, server):
            server.faults.add(FaultKind.FORGOTTEN)
            events = engine.chat(request())
            await anext(events)
            await server.down()
            assert failure_of([event async for event in events]).kind is FailureKind.INCOMPLETE
            assert failure_of(await heard(engine)).kind is FailureKind.UNREACHABLE
            assert not (await engine.health()).up
            await server.up()
            assert (await engine.health()).up
            assert (await heard(engine))[-1] == Done("tool_calls")

    async def test_the_key_opens_it_and_without_it_nothing_does(self, plays: Plays) -> None:
        async with playing(plays, server={"key": "k"}, key_env="KEY") as (engine, server):
            assert (await heard(engine))[-1] == Done("tool_calls")
            assert server.chats[0].headers["authorization"] == "Bearer k"
        async with playing(plays, server={"key": "k"}) as (engine, _):
            failure = failure_of(await heard(engine))
            assert (failure.kind, failure.status) == (FailureKind.REFUSED, 401)
            assert "key_env" in failure.message

    async def test_a_prompt_that_is_too_long_is_told_as_such(self, plays: Plays) -> None:
        async with playing(plays, server={"context": 32}) as (engine, _):
            assert failure_of(await heard(engine)).kind is FailureKind.OVERFLOW


async def test_a_server_that_loads_its_model_is_busy() -> None:
    async with playing(Plays.LLAMA_SERVER) as (engine, server):
        server.loading = True
        health = await engine.health()
        assert not health.up
        assert "Loading model" in health.reason
        assert failure_of(await heard(engine)).kind is FailureKind.BUSY
        assert not server.heard(MARKER)
        server.loading = False
        assert (await engine.health()).up
