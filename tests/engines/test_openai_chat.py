"""One answer of an OpenAI-compatible server over real HTTP: when it is whole, and what keeps it from that."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from b4tui.config import ConfigError, EngineConfig
from b4tui.engines.openai.engine import OpenAiEngine
from b4tui.engines.types import (
    Done,
    FailureKind,
    Text,
    Thinking,
    ToolCall,
    ToolSpec,
    Usage,
)
from tests.engines.conftest import Connection, Script, ask, lines
from tests.engines.openai_serving import (
    PAGES,
    TINY,
    called,
    chats,
    chatting,
    failed,
    failure_of,
    figures,
    heard,
    said,
    sse,
    stream,
)

pytestmark = pytest.mark.usefixtures("own_time")

READ = ToolSpec("read", "Read", {"type": "object", "properties": {"path": {"type": "string"}}})
BROKEN = {"error": {"message": "EngineCore encountered an issue.", "type": "InternalServerError", "code": 500}}


def silent_after(*parts: bytes) -> Script:
    """A stream that begins and then says nothing any more."""

    async def script(connection: Connection) -> None:
        await connection.head()
        for part in parts:
            await connection.chunk(part)
        await connection.hang()

    return script


def without_end(*parts: bytes) -> Script:
    """A stream whose server dies."""

    async def script(connection: Connection) -> None:
        await connection.head()
        for part in parts:
            await connection.chunk(part)

    return script


class TestAnAnswer:
    async def test_streams_thinking_and_text_and_ends_with_figures_and_done(self) -> None:
        events = await heard(
            stream(
                said(role="assistant"),
                said(reasoning="Hm"),
                said("Hel"),
                said("lo", "stop"),
                figures(prompt_tokens=3, completion_tokens=2),
            )
        )
        *pieces, usage, done = events
        assert pieces == [Thinking("Hm"), Text("Hel"), Text("lo")]
        assert isinstance(usage, Usage)
        assert (usage.prompt_tokens, usage.generated_tokens) == (3, 2)
        assert usage.first_token_seconds is not None
        assert usage.first_token_seconds > 0
        assert done == Done("stop")

    async def test_gives_its_calls_when_it_is_whole(self) -> None:
        events = await heard(
            stream(
                said("I look."), *called('{"path": "a"}'), *called("{}", at=1, call_id="c2"), said(reason="tool_calls")
            ),
            ask(tools=(READ,)),
        )
        calls = [ToolCall("c1", "read", {"path": "a"}), ToolCall("c2", "read", {})]
        assert events == [Text("I look."), *calls, Done("tool_calls")]

    async def test_counts_the_first_token_from_a_call_as_well(self) -> None:
        rows = [*called("{}"), said(reason="stop"), figures(prompt_tokens=1, completion_tokens=1)]
        (usage,) = [event for event in await heard(stream(*rows)) if isinstance(event, Usage)]
        assert usage.first_token_seconds is not None

    async def test_is_timed_here_where_the_server_does_not_time_itself(self) -> None:
        """By a clock that goes on while the reader holds a piece: the end is read when the reader asks for more."""
        now = 100.0
        rows = (said("a"), said("b"), said(reason="stop"), figures(prompt_tokens=1, completion_tokens=2))
        usage = None
        async with chatting(stream(*rows), clock=lambda: now) as (engine, _):
            async for event in engine.chat(ask()):
                if isinstance(event, Text):
                    now += {"a": 3.0, "b": 4.0}[event.text]
                elif isinstance(event, Usage):
                    usage = event
        assert usage is not None
        assert usage.generate_seconds == 14.0, "twice the time from the first of two tokens to the end"
        timed = {**figures(prompt_tokens=1, completion_tokens=2), "metrics": {"generation_time_ms": 7000.0}}
        (usage,) = [event for event in await heard(stream(said("a", "stop"), timed)) if isinstance(event, Usage)]
        assert usage.generate_seconds == 7.0

    async def test_of_one_token_has_no_pace(self) -> None:
        one = stream(said("a"), said(reason="stop"), figures(prompt_tokens=1, completion_tokens=1))
        (usage,) = [event for event in await heard(one) if isinstance(event, Usage)]
        assert usage.generate_seconds is None

    async def test_may_come_in_any_portions_with_comments_between(self) -> None:
        body = b": ping\n\n".join([b"", *sse(said("ü€😀"), said(reason="stop"), b"[DONE]")]).replace(b"\n", b"\r\n")

        async def script(connection: Connection) -> None:
            await connection.head()
            for at in range(len(body)):
                await connection.chunk(body[at : at + 1])
            await connection.end()

        assert await heard(script) == [Text("ü€😀"), Done("stop")]

    async def test_may_hold_an_event_of_a_megabyte(self) -> None:
        assert await heard(stream(said("x" * 1_000_000, "stop"))) == [Text("x" * 1_000_000), Done("stop")]

    async def test_is_whole_with_a_reason_though_done_never_comes(self) -> None:
        assert await heard(stream(said("x", "stop"), done=False)) == [Text("x"), Done("stop")]
        assert await heard(without_end(*sse(said("x", "stop")))) == [Text("x"), Done("stop")]

    async def test_is_whole_with_a_reason_though_the_figures_never_come(self) -> None:
        events = await heard(silent_after(*sse(said("x", "stop"))), idle_timeout_s=0.2)
        assert events == [Text("x"), Done("stop")]

    async def test_drops_the_mark_of_a_call_that_leaked_before_it(self) -> None:
        leak = [said("<tool_call>"), said("\n")]
        events = await heard(
            stream(said("I look."), *leak, *called("{}"), said(reason="tool_calls")), ask(tools=(READ,))
        )
        assert events == [Text("I look."), ToolCall("c1", "read", {}), Done("tool_calls")]

    async def test_keeps_a_call_that_was_written_as_text(self) -> None:
        events = await heard(
            stream(said("<tool_call>"), said('{"name": "read"'), said(reason="stop")), ask(tools=(READ,))
        )
        assert "".join(event.text for event in events if isinstance(event, Text)) == '<tool_call>{"name": "read"'


class TestAnAnswerThatIsNotWhole:
    async def test_done_is_no_success_without_a_reason(self) -> None:
        assert (await failed(stream(said("x")))).kind is FailureKind.INCOMPLETE
        assert (await failed(stream())).kind is FailureKind.INCOMPLETE

    @pytest.mark.parametrize("script", [stream(said("x"), done=False), without_end(*sse(said("x")))])
    async def test_the_end_is_no_success_without_a_reason(self, script: Script) -> None:
        assert (await failed(script)).kind is FailureKind.INCOMPLETE

    async def test_the_last_event_needs_no_blank_line(self) -> None:
        first, last = sse(said("x"), said(reason="stop"))
        for end in (last[:-1], last[:-2]):
            assert (await heard(lines(first, end)))[-1] == Done("stop")

    async def test_half_an_event_is_none(self) -> None:
        first, last = sse(said("x"), said(reason="stop"))
        assert (await failed(lines(first, last[:-20]))).kind is FailureKind.INCOMPLETE

    async def test_an_error_before_done_is_a_failure(self) -> None:
        failure = await failed(stream(said("x"), *called("{}"), BROKEN))
        assert failure.kind is FailureKind.CRASHED
        assert "EngineCore" in failure.message

    async def test_an_error_in_a_field_of_its_own_is_a_failure(self) -> None:
        failure = await failed(lines(b'error: {"code": 500, "message": "peg-native", "type": "server_error"}\n\n'))
        assert failure.kind is FailureKind.CRASHED
        assert "peg-native" in failure.message

    @pytest.mark.parametrize("reason", ["abort", "error"])
    async def test_some_reasons_are_failures(self, reason: str) -> None:
        assert (await failed(stream(said("x", reason)))).kind is FailureKind.CRASHED

    async def test_a_call_is_not_trusted_when_the_answer_was_cut(self) -> None:
        cut = stream(*called('{"path": "a"}'), said(reason="length"))
        assert await heard(cut, ask(tools=(READ,))) == [Done("length")]

    @pytest.mark.parametrize("arguments", ["99", "null", "Infinity", '{"path": '])
    async def test_arguments_that_are_no_object_are_a_failure(self, arguments: str) -> None:
        failure = await failed(stream(*called(arguments), said(reason="tool_calls")), ask(tools=(READ,)))
        assert failure.kind is FailureKind.TOOL_FORMAT
        assert "arguments" in failure.message

    @pytest.mark.parametrize("garbage", [b"nonsense", b"[]", b"\xff\xfe"])
    async def test_garbage_is_not_the_protocol(self, garbage: bytes) -> None:
        assert (await failed(stream(said("x"), garbage))).kind is FailureKind.PROTOCOL

    async def test_an_event_without_end_is_not_the_protocol(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head()
            for _ in range(20):
                await connection.chunk(b"data: " + b"x" * 1024 * 1024)
            await connection.hang()

        assert (await failed(script)).kind is FailureKind.PROTOCOL

    async def test_another_models_answer_is_cut_off(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head()
            for part in sse(said("x") | {"model": "other"}):
                await connection.chunk(part)
            await connection.hang()

        async with chatting(script) as (engine, server):
            events = [event async for event in engine.chat(ask())]
            assert failure_of(events).kind is FailureKind.NO_MODEL
            assert len(events) == 1
            await asyncio.wait_for(server.gone.wait(), 5)


class TestSilence:
    async def test_a_queued_stream_may_wait_for_the_first_token_time_out(self) -> None:
        async def queued(connection: Connection) -> None:
            await connection.head()
            await asyncio.sleep(0.6)  # in the server's queue: longer than the idle time-out
            for part in sse(said("x", "stop"), b"[DONE]"):
                await connection.chunk(part)
            await connection.end()

        assert (await heard(queued, first_token_timeout_s=20, idle_timeout_s=0.2))[-1] == Done("stop")

    async def test_keep_alive_comments_are_no_progress(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head()
            while True:
                await connection.chunk(b": keep-alive\n\n")
                await asyncio.sleep(0.02)

        failure = await failed(script, first_token_timeout_s=0.3, idle_timeout_s=20)
        assert failure.kind is FailureKind.TIMEOUT
        assert "first_token_timeout_s" in failure.message

    async def test_the_role_alone_is_no_first_token(self) -> None:
        failure = await failed(silent_after(*sse(said(role="assistant"))), first_token_timeout_s=0.3, idle_timeout_s=20)
        assert "first_token_timeout_s" in failure.message

    async def test_a_stream_that_a_stopping_server_forgot_is_cut(self) -> None:
        async with chatting(silent_after(*sse(said("x"))), idle_timeout_s=0.3) as (engine, server):
            events = [event async for event in engine.chat(ask())]
            assert events[0] == Text("x")
            assert "idle_timeout_s" in failure_of(events).message
            await asyncio.wait_for(server.gone.wait(), 5)

    async def test_a_slow_loris_is_no_progress(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head()
            while True:
                await connection.chunk(b"d")
                await asyncio.sleep(0.02)

        assert (await failed(script, first_token_timeout_s=0.3)).kind is FailureKind.TIMEOUT

    async def test_closing_the_answer_leaves_the_server(self) -> None:
        async with chatting(silent_after(*sse(said("x")))) as (engine, server):
            async with aclosing(engine.chat(ask())) as events:
                assert await anext(events) == Text("x")
            await asyncio.wait_for(server.gone.wait(), 5)


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "body", "kind"),
        [
            (
                400,
                {"error": {"message": "This model's maximum context length is 512 tokens.", "code": 400}},
                "overflow",
            ),
            (400, {"error": {"message": "request (9 tokens)", "type": "exceed_context_size_error"}}, "overflow"),
            (503, {"error": {"message": "The engine is currently busy", "code": 503}}, "busy"),
            (503, {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}, "busy"),
            (404, {"error": {"message": "The model `tiny` does not exist.", "code": 404}}, "no_model"),
            (404, {"detail": "Not Found"}, "protocol"),
            (405, {"detail": "Method Not Allowed"}, "protocol"),
            (401, {"error": "Unauthorized"}, "refused"),
            (400, {"error": {"message": "max_tokens=5000 cannot be greater than max_model_len=512."}}, "refused"),
            (500, {"error": {"message": "cannot schedule new futures after shutdown"}}, "crashed"),
            (500, {"error": {"message": "CUDA out of memory"}}, "out_of_memory"),
        ],
    )
    async def test_are_sorted_by_what_to_do(self, status: int, body: object, kind: str) -> None:
        failure = await failed(lines(body, status=status))
        assert (failure.kind, failure.status) == (FailureKind(kind), status)
        assert "Ollama" not in failure.message

    @pytest.mark.parametrize(
        ("status", "said_", "advice"),
        [
            (401, "Unauthorized", "key_env"),
            (400, '"auto" tool choice requires --enable-auto-tool-choice', "--tool-call-parser"),
            (400, "max_tokens=5000 cannot be greater than max_model_len=512", "num_predict"),
            (400, "maximum context length is 512", "longer context"),
        ],
    )
    async def test_say_what_to_do(self, status: int, said_: str, advice: str) -> None:
        assert advice in (await failed(lines({"error": said_}, status=status))).message


async def test_a_redirect_is_not_followed() -> None:
    async def elsewhere(connection: Connection) -> None:
        await connection.head(307, "Location: http://elsewhere.invalid/v1/chat/completions")
        await connection.end()

    failure = await failed(elsewhere)
    assert failure.kind is FailureKind.PROTOCOL
    assert "redirects" in failure.message


class TestTheModelsName:
    @pytest.mark.parametrize("name", ["nowhere", "", "TINY"])
    async def test_nothing_is_sent_to_a_model_that_is_not_listed(self, name: str) -> None:
        async with chatting(stream(said("x", "stop"))) as (engine, server):
            events = [event async for event in engine.chat(ask(name))]
            assert failure_of(events).kind is FailureKind.NO_MODEL
            assert not chats(server)

    async def test_the_settings_give_it_another_name_there(self) -> None:
        async with chatting(stream(said("x", "stop")), models={"qwen3:8b": "tiny"}) as (engine, server):
            events = [event async for event in engine.chat(ask("qwen3:8b"))]
            assert events[-1] == Done("stop")
            assert [body["model"] for body in chats(server)] == ["tiny"]
            assert [model.name for model in await engine.models()] == ["qwen3:8b"]

    async def test_an_alias_is_a_name_as_well(self) -> None:
        pages = {**PAGES, "/v1/models": lines({"data": [{**TINY, "aliases": ["small"]}]})}
        assert (await heard(stream(said("x", "stop")), ask("small"), pages=pages))[-1] == Done("stop")

    @pytest.mark.parametrize(("second", "kept"), [({}, True), ({"root": "lora", "parent": "tiny"}, False)])
    async def test_vllm_signs_with_the_first_of_a_models_names(self, second: dict[str, str], kept: bool) -> None:
        """`--served-model-name tiny small` lists both, and every answer bears `tiny`; an adapter is another model."""
        pages = {**PAGES, "/v1/models": lines({"data": [TINY, {**TINY, "id": "small", **second}]})}
        async with chatting(stream(said("x", "stop")), pages) as (engine, server):
            last = [event async for event in engine.chat(ask("small"))][-1]
            assert (last == Done("stop")) is kept, last
            assert [body["model"] for body in chats(server)] == ["small"]
            assert [model.name for model in await engine.models()] == ["tiny", "small"]


class TestTheKey:
    async def test_is_sent_with_every_request_and_nothing_else_is(self, no_proxy_helps: None) -> None:
        async with chatting(stream(said("x", "stop")), key_env="THE_KEY", environ={"THE_KEY": "s3cret"}) as (
            engine,
            server,
        ):
            assert [event async for event in engine.chat(ask())][-1] == Done("stop")
            await engine.load()
            assert {request.headers.get("authorization") for request in server.requests} == {"Bearer s3cret"}

    async def test_is_not_sent_where_none_is_set(self) -> None:
        async with chatting(stream(said("x", "stop")), environ={"OPENAI_API_KEY": "s3cret"}) as (engine, server):
            assert [event async for event in engine.chat(ask())]
            assert not [request for request in server.requests if "authorization" in request.headers]

    async def test_is_in_no_message(self) -> None:
        refused = lines({"error": "Unauthorized"}, status=401)
        failure = await failed(refused, key_env="THE_KEY", environ={"THE_KEY": "s3cret"})
        assert "s3cret" not in repr(failure)

    @pytest.mark.parametrize("environ", [{}, {"THE_KEY": ""}, {"THE_KEY": "s3cret\r\nx: y"}, {"THE_KEY": "s3 cret"}])
    def test_that_is_not_there_or_cannot_be_sent_is_said_at_the_start(self, environ: dict[str, str]) -> None:
        config = EngineConfig(kind="vllm", address="http://127.0.0.1:1", key_env="THE_KEY")
        with pytest.raises(ConfigError, match="THE_KEY") as raised:
            OpenAiEngine("there", config, environ)
        assert "cret" not in str(raised.value)


async def test_what_cannot_be_written_is_not_sent() -> None:
    failure = await failed(stream(said("x", "stop")), ask(options={"top_p": float("nan")}))
    assert failure.kind is FailureKind.REFUSED


async def test_nobody_is_there() -> None:
    engine = OpenAiEngine("there", EngineConfig(kind="vllm", address="http://127.0.0.1:1"), {})
    events = [event async for event in engine.chat(ask())]
    await engine.aclose()
    assert failure_of(events).kind is FailureKind.UNREACHABLE
