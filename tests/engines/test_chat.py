"""One answer over real HTTP: what is sent, what comes back, and everything that can go wrong on the way."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import pytest

from b4tui.engines.types import (
    Done,
    Failure,
    FailureKind,
    Message,
    Role,
    StreamEvent,
    Text,
    Thinking,
    ToolCall,
    ToolSpec,
    Usage,
)
from tests.engines.conftest import Connection, Script, answers, ask, done, engine_for, lines, said, scripted

pytestmark = pytest.mark.usefixtures("own_time")


async def heard(script: Script, **times: float) -> list[StreamEvent]:
    async with scripted(script) as server:
        return await answers(engine_for(server.address, **times))


async def failed(script: Script, **times: float) -> Failure:
    events = await heard(script, **times)
    last = events[-1]
    assert isinstance(last, Failure), events
    assert not any(isinstance(event, (ToolCall, Done)) for event in events)
    return last


def call(name: str = "read", call_id: str | None = "call_1", **arguments: object) -> dict[str, object]:
    row: dict[str, object] = {"function": {"index": 0, "name": name, "arguments": arguments}}
    return row if call_id is None else {"id": call_id, **row}


class TestAnAnswer:
    async def test_streams_thinking_and_text_and_ends_with_done(self) -> None:
        events = await heard(lines(said(thinking="Hm"), said("Hel"), said("lo"), done()))
        assert events == [Thinking("Hm"), Text("Hel"), Text("lo"), Done("stop")]

    async def test_says_figures_in_seconds(self) -> None:
        figures = {
            "total_duration": 3_000_000_000,
            "load_duration": 500_000_000,
            "prompt_eval_count": 42,
            "prompt_eval_cached_count": 40,
            "prompt_eval_duration": 1_000_000,
            "eval_count": 7,
            "eval_duration": 2_000_000_000,
        }
        _, usage, _ = await heard(lines(said("x"), done(**figures)))
        assert isinstance(usage, Usage)
        assert (usage.prompt_tokens, usage.cached_tokens, usage.generated_tokens) == (42, 40, 7)
        assert (usage.total_seconds, usage.load_seconds) == (3.0, 0.5)
        assert (usage.prompt_seconds, usage.generate_seconds) == (0.001, 2.0)
        assert usage.first_token_seconds is not None
        assert usage.first_token_seconds > 0

    async def test_gives_tool_calls_of_several_lines_and_of_the_last_line(self) -> None:
        rows = [said("a", tool_calls=[call(path="a")]), said(tool_calls=[call(call_id="call_2", path="b")])]
        last = done() | {"message": {"role": "assistant", "content": "", "tool_calls": [call(call_id="call_3")]}}
        events = await heard(lines(*rows, last))
        assert events == [
            Text("a"),
            ToolCall("call_1", "read", {"path": "a"}),
            ToolCall("call_2", "read", {"path": "b"}),
            ToolCall("call_3", "read", {}),
            Done("stop"),
        ]

    async def test_gives_every_call_an_id_of_its_own(self) -> None:
        events = await heard(lines(said(tool_calls=[call(call_id=None), call(call_id=""), call(), call()]), done()))
        ids = [event.id for event in events if isinstance(event, ToolCall)]
        assert len(set(ids)) == 4
        assert all(ids)

    async def test_may_come_in_any_portions(self) -> None:
        stream = b"".join(json.dumps(row).encode() + b"\r\n\n" for row in [said("ü€😀"), done()])

        async def script(connection: Connection) -> None:
            await connection.head()
            for at in range(len(stream)):
                await connection.chunk(stream[at : at + 1])
            await connection.end()

        assert await heard(script) == [Text("ü€😀"), Done("stop")]

    async def test_may_end_without_a_last_newline(self) -> None:
        assert await heard(lines(json.dumps(done()).encode())) == [Done("stop")]

    async def test_may_hold_a_line_of_a_megabyte(self) -> None:
        assert await heard(lines(said("x" * 1_000_000), done())) == [Text("x" * 1_000_000), Done("stop")]

    @pytest.mark.parametrize(
        "row",
        [
            {"message": None},
            {},
            {"message": {"content": None, "thinking": None, "tool_calls": None}},
            {"message": {}, "error": None, "remote_host": "", "unknown": [1]},
        ],
    )
    async def test_may_hold_lines_that_say_nothing(self, row: object) -> None:
        assert await heard(lines(row, done())) == [Done("stop")]

    async def test_counts_figures_of_the_wrong_type_as_not_said(self) -> None:
        row = done(eval_count="x", prompt_eval_count=5, eval_duration=[], total_duration=-1, load_duration=True)
        usage, _ = await heard(lines(row))
        assert usage == Usage(prompt_tokens=5, generated_tokens=0)

    async def test_has_no_lone_surrogates(self) -> None:
        text, made, _ = await heard(lines(said("a\ud800", tool_calls=[call(path="\udfff")]), done()))
        assert text == Text("a\ufffd")
        assert isinstance(made, ToolCall)
        assert made.arguments == {"path": "\ufffd"}

    async def test_what_follows_done_is_not_read(self) -> None:
        assert await heard(lines(done(), said("more"), b"garbage\n")) == [Done("stop")]


class TestWhatIsSent:
    async def test_nothing_is_left_to_the_servers_defaults(self) -> None:
        tool = ToolSpec("read", "Read a file", {"type": "object", "properties": {"path": {"type": "string"}}})
        messages = (
            Message(Role.SYSTEM, "s"),
            Message(Role.USER, "u \ud800"),
            Message(Role.ASSISTANT, "", thinking="t", tool_calls=(ToolCall("c1", "read", {"path": "a"}),)),
            Message(Role.TOOL, "r", tool_name="read", call_id="c1"),
        )
        async with scripted(lines(done())) as server:
            request = ask(messages=messages, tools=(tool,), seed=3, keep_alive="-1", options={"top_k": 5, "num_ctx": 9})
            assert await answers(engine_for(server.address), request) == [Done("stop")]
        (sent,) = server.requests
        assert (sent.method, sent.path) == ("POST", "/api/chat")
        assert sent.json == {
            "model": "tiny:local",
            "stream": True,
            "think": False,
            "keep_alive": -1,
            "truncate": False,
            "shift": False,
            "options": {"num_ctx": 512, "num_predict": 64, "temperature": 0.0, "seed": 3, "top_k": 5},
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "read", "description": "Read a file", "parameters": dict(tool.parameters)},
                }
            ],
            "messages": [
                {"role": "system", "content": "s"},
                {"role": "user", "content": "u \ud800"},
                {
                    "role": "assistant",
                    "content": "",
                    "thinking": "t",
                    "tool_calls": [{"id": "c1", "function": {"name": "read", "arguments": {"path": "a"}}}],
                },
                {"role": "tool", "content": "r", "tool_name": "read", "tool_call_id": "c1"},
            ],
        }

    async def test_a_duration_stays_text_and_a_seed_is_sent_only_when_given(self) -> None:
        async with scripted(lines(done())) as server:
            await answers(engine_for(server.address), ask(keep_alive="30m", think="low"))
        body = server.requests[0].json
        assert (body["keep_alive"], body["think"]) == ("30m", "low")
        assert body["options"] == {"num_ctx": 512, "num_predict": 64, "temperature": 0.0}
        assert "tools" not in body

    @pytest.mark.usefixtures("no_proxy_helps")
    async def test_no_proxy_and_no_key_of_the_environment_is_used(self) -> None:
        async with scripted(lines(done())) as server:
            assert await answers(engine_for(server.address)) == [Done("stop")]
        headers = server.requests[0].headers
        assert "authorization" not in headers
        assert headers["accept-encoding"] == "identity"
        assert not any("not-a-real-key" in value for value in headers.values())

    @pytest.mark.parametrize("name", ["qwen3:cloud", "gpt-oss:20b-CLOUD", "x:Cloud:local", "x:20b:cloud", "my-cloud"])
    async def test_the_name_of_a_cloud_model_is_refused_before_anything_is_sent(self, name: str) -> None:
        async with scripted(lines(done())) as server:
            (event,) = await answers(engine_for(server.address), ask(name))
        assert isinstance(event, Failure)
        assert event.kind is FailureKind.REMOTE
        assert server.requests == []

    async def test_a_request_that_json_cannot_say_is_a_failure(self) -> None:
        async with scripted(lines(done())) as server:
            (event,) = await answers(engine_for(server.address), ask(options={"x": float("nan")}))
        assert isinstance(event, Failure)
        assert event.kind is FailureKind.REFUSED
        assert server.requests == []


class TestBrokenAnswers:
    async def test_an_end_without_done_is_incomplete_and_its_tool_calls_are_never_seen(self) -> None:
        broken = await failed(lines(said("I will"), said(tool_calls=[call()])))
        assert broken.kind is FailureKind.INCOMPLETE
        assert broken.transient

    async def test_an_end_in_the_middle_of_a_line(self) -> None:
        assert (await failed(lines(said("a"), b'{"message":{"con'))).kind is FailureKind.INCOMPLETE

    async def test_a_connection_that_breaks(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head()
            await connection.line(said("a"))
            connection.writer.transport.abort()

        assert (await failed(script)).kind is FailureKind.INCOMPLETE

    async def test_a_connection_that_is_closed_without_an_answer(self) -> None:
        async def script(connection: Connection) -> None:
            connection.writer.close()

        assert (await failed(script)).kind is FailureKind.INCOMPLETE

    @pytest.mark.parametrize("field", ["remote_host", "remote_model"])
    async def test_a_part_that_was_computed_elsewhere_is_not_shown(self, field: str) -> None:
        events = await heard(lines(said("a"), said("secret") | {field: "https://elsewhere.invalid"}, done()))
        assert events[0] == Text("a")
        assert len(events) == 2
        assert isinstance(events[1], Failure)
        assert events[1].kind is FailureKind.REMOTE
        assert not events[1].transient

    @pytest.mark.parametrize(
        "garbage",
        [
            b"<!doctype html>\n",
            b"\xff\xfe\x00\n",
            b"[1]\n",
            b'"text"\n',
            b"null\n",
            b"{" * 100_000 + b"\n",
            b'{"a":' * 100_000 + b"\n",
            b'{"message":{"content":"x"},"eval_count":NaN}\n',
            b'{"message":"x"}\n',
            b'{"message":{"content":5}}\n',
            b'{"message":{"thinking":{}}}\n',
            b'{"message":{"tool_calls":"x"}}\n',
            b'{"message":{"tool_calls":[5]}}\n',
            b'{"message":{"tool_calls":[{"function":"f"}]}}\n',
            b"9" * 10_000 + b"\n",
        ],
        ids=lambda line: line[:24].decode("latin-1"),
    )
    async def test_a_line_that_is_not_the_protocol(self, garbage: bytes) -> None:
        assert (await failed(lines(said("a"), garbage, done()))).kind is FailureKind.PROTOCOL

    @pytest.mark.parametrize(
        "function", [{"name": "f", "arguments": "not json"}, {"name": "f", "arguments": [1]}, {"arguments": {}}]
    )
    async def test_a_tool_call_that_cannot_be_read(self, function: object) -> None:
        row = said(tool_calls=[{"id": "c", "function": function}])
        assert (await failed(lines(row, done()))).kind is FailureKind.TOOL_FORMAT

    async def test_a_line_without_end(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head()
            for _ in range(20):
                await connection.chunk(b"x" * 1_000_000)
            await connection.hang()

        assert (await failed(script)).kind is FailureKind.PROTOCOL

    async def test_what_is_no_http(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.raw(b"SSH-2.0-hello\r\n\r\n")

        assert (await failed(script)).kind is FailureKind.PROTOCOL

    async def test_a_compressed_answer(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head(200, "Content-Encoding: gzip")
            await connection.end()

        assert (await failed(script)).kind is FailureKind.PROTOCOL

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_a_redirect_is_not_followed(self, status: int) -> None:
        async with scripted(lines(done())) as elsewhere:

            async def script(connection: Connection) -> None:
                await connection.head(status, f"Location: {elsewhere.address}/api/chat")
                await connection.end()

            redirected = await failed(script)
        assert (redirected.kind, redirected.status) == (FailureKind.PROTOCOL, status)
        assert elsewhere.requests == []


class TestLocalhost:
    """The one name that counts as this machine: where it leads is looked at on the connection itself."""

    async def test_is_used_where_it_is_this_machine(self) -> None:
        async with scripted(lines(done())) as server:
            assert await answers(engine_for(server.address.replace("127.0.0.1", "localhost"))) == [Done("stop")]

    async def test_gets_not_a_byte_where_a_resolver_sends_it_elsewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The end of the connection is taken for another machine's; there is none to connect to in a test."""
        monkeypatch.setattr("b4tui.engines.http.is_this_machine", lambda ip: ip != "127.0.0.1")
        async with scripted(lines(done())) as server:
            (failure,) = await answers(engine_for(server.address.replace("127.0.0.1", "localhost")))
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.REFUSED
        assert "localhost leads to 127.0.0.1 here" in failure.message
        assert "/etc/hosts" in failure.message
        assert server.requests == []


class TestPatience:
    async def test_nobody_there(self) -> None:
        async with scripted(lines(done())) as server:
            address = server.address
        (event,) = await answers(engine_for(address))
        assert isinstance(event, Failure)
        assert event.kind is FailureKind.UNREACHABLE
        assert (
            event.message == f"Ollama does not answer at {address[7:]}: start it with `OLLAMA_NO_CLOUD=1 ollama serve`"
        )

    @pytest.mark.parametrize("begin", ["nothing", "head", "blank lines"])
    async def test_no_first_token(self, begin: str) -> None:
        async def script(connection: Connection) -> None:
            if begin != "nothing":
                await connection.head()
            while begin == "blank lines":
                await connection.chunk(b" \n")
                await asyncio.sleep(0.01)
            await connection.hang()

        late = await failed(script, first_token=0.3)
        assert late.kind is FailureKind.TIMEOUT
        assert "first_token_timeout_s" in late.message

    @pytest.mark.parametrize("dribble", [b" ", b"\n", b"x", b""])
    async def test_silence_in_mid_answer(self, dribble: bytes) -> None:
        async def script(connection: Connection) -> None:
            await connection.head()
            await connection.line(said("a"))
            while dribble:
                await connection.chunk(dribble)
                await asyncio.sleep(0.01)
            await connection.hang()

        late = await failed(script, idle=0.3)
        assert late.kind is FailureKind.TIMEOUT
        assert "idle_timeout_s" in late.message

    async def test_a_slow_reader_is_not_the_servers_silence(self) -> None:
        rows = lines(*[said("x" * 50_000) for _ in range(20)], done())
        async with scripted(rows) as server:
            engine = engine_for(server.address, idle=0.2)
            events = []
            async for event in engine.chat(ask()):
                if not events:
                    await asyncio.sleep(0.4)
                events.append(event)
            await engine.aclose()
        assert events[-1] == Done("stop")

    async def test_closing_the_iterator_closes_the_connection(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head()
            await connection.line(said("a"))
            await connection.hang()

        async with scripted(script) as server:
            engine = engine_for(server.address)
            async with aclosing(engine.chat(ask())) as stream:
                assert await anext(stream) == Text("a")
            await asyncio.wait_for(server.gone.wait(), 10)
            await engine.aclose()

    async def test_a_cancelled_reader_closes_the_connection(self) -> None:
        began = asyncio.Event()

        async def script(connection: Connection) -> None:
            await connection.head()
            began.set()
            await connection.hang()

        async with scripted(script) as server:
            engine = engine_for(server.address)
            reader = asyncio.create_task(answers(engine))
            await asyncio.wait_for(began.wait(), 10)
            reader.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reader
            await asyncio.wait_for(server.gone.wait(), 10)

    async def test_an_engine_can_be_asked_again_after_it_was_closed(self) -> None:
        async with scripted(lines(done())) as server:
            engine = engine_for(server.address)
            assert await answers(engine) == [Done("stop")]
            assert await answers(engine) == [Done("stop")]

    async def test_many_answers_at_the_same_time(self) -> None:
        async with scripted(lines(said("a"), done())) as server:
            engine = engine_for(server.address)

            async def one() -> list[StreamEvent]:
                return [event async for event in engine.chat(ask())]

            assert await asyncio.gather(*[one() for _ in range(20)]) == [[Text("a"), Done("stop")]] * 20
            await engine.aclose()
