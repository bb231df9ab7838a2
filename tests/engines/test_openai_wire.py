"""OpenAI's words for ours: what is sent to each kind of server, and what one event of its stream says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from b4tui.engines.openai.flavors import LLAMA_SERVER, LOCALAI, OTHER, VLLM, Flavor
from b4tui.engines.openai.wire import CallPart, Chunk, read_chunk, request_body
from b4tui.engines.reading import Malformed
from b4tui.engines.types import Message, Role, ToolCall, ToolSpec, Usage
from tests.engines.conftest import ask

READ = ToolSpec("read", "Read a file", {"type": "object", "properties": {"path": {"type": "string"}}})


def sent(flavor: Flavor = VLLM, **changes: Any) -> dict[str, Any]:
    body = json.loads(request_body(ask(**changes), "tiny", flavor))
    assert isinstance(body, dict)
    return body


def event(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def delta(**fields: Any) -> bytes:
    return event(choices=[{"index": 0, "delta": fields, "finish_reason": None}])


class TestWhatIsSent:
    @pytest.mark.parametrize("flavor", [VLLM, LLAMA_SERVER, LOCALAI, OTHER])
    def test_nothing_is_left_to_the_servers_defaults(self, flavor: Flavor) -> None:
        body = sent(flavor, num_predict=7, temperature=0.5, seed=3)
        assert body["model"] == "tiny"
        assert (body["max_tokens"], body["temperature"], body["seed"]) == (7, 0.5, 3)
        assert body["stream"] is True
        assert body["stream_options"] == {"include_usage": True}
        assert "tools" not in body, "vLLM refuses an empty list"

    def test_the_model_is_what_the_server_calls_it(self) -> None:
        assert json.loads(request_body(ask("qwen3:8b"), "Qwen/Qwen3-8B", VLLM))["model"] == "Qwen/Qwen3-8B"

    def test_options_of_a_role_are_passed_on_but_for_those_that_only_ollama_knows(self) -> None:
        options = {"top_k": 5, "num_gpu": 0, "num_thread": 4, "num_ctx": 9, "repeat_penalty": 1.1}
        body = sent(options=options)
        assert body["top_k"] == 5
        assert body["repetition_penalty"] == 1.1
        assert not {"num_gpu", "num_thread", "num_ctx", "repeat_penalty"} & set(body)
        assert sent(LLAMA_SERVER, options=options)["repeat_penalty"] == 1.1

    def test_options_of_a_role_cannot_change_what_is_asked(self) -> None:
        body = sent(options={"model": "other", "stream": False, "messages": [], "n": 4, "max_tokens": 1})
        assert (body["model"], body["stream"], body["max_tokens"]) == ("tiny", True, 64)
        assert body["messages"]
        assert "n" not in body

    @pytest.mark.parametrize("flavor", [VLLM, LLAMA_SERVER])
    def test_thinking_is_switched_where_the_template_can_be_told(self, flavor: Flavor) -> None:
        assert sent(flavor, think=False)["chat_template_kwargs"] == {"enable_thinking": False}
        assert sent(flavor, think=True)["chat_template_kwargs"] == {"enable_thinking": True}
        kept = sent(flavor, options={"chat_template_kwargs": {"builtin_tools": []}})["chat_template_kwargs"]
        assert kept == {"builtin_tools": [], "enable_thinking": False}

    def test_how_much_to_think_is_said_where_it_is_understood(self) -> None:
        assert sent(VLLM, think="low")["reasoning_effort"] == "low"
        assert "reasoning_effort" not in sent(VLLM, think=True)
        assert "reasoning_effort" not in sent(LLAMA_SERVER, think="low")

    @pytest.mark.parametrize("flavor", [LOCALAI, OTHER])
    def test_a_server_of_unknown_ways_is_told_nothing_of_thinking(self, flavor: Flavor) -> None:
        assert "chat_template_kwargs" not in sent(flavor, think=False)

    def test_a_conversation_with_tools(self) -> None:
        call = ToolCall("c1", "read", {"path": "ü"})
        messages = (
            Message(Role.USER, "u \ud800"),
            Message(Role.ASSISTANT, "", thinking="t", tool_calls=(call,)),
            Message(Role.TOOL, "r", tool_name="read", call_id="c1"),
        )
        _, assistant, result = sent(VLLM, messages=messages, tools=(READ,))["messages"]
        function = {"name": "read", "arguments": '{"path": "ü"}'}
        assert assistant["tool_calls"] == [{"id": "c1", "type": "function", "function": function}]
        assert assistant["reasoning"] == "t"
        assert result == {"role": "tool", "content": "r", "tool_call_id": "c1", "name": "read"}
        assert sent(LLAMA_SERVER, messages=messages)["messages"][1]["reasoning_content"] == "t"
        assert set(sent(OTHER, messages=messages)["messages"][1]) == {"role", "content", "tool_calls"}

    def test_what_is_no_text_is_replaced(self) -> None:
        """llama-server refuses a whole request for one lone surrogate."""
        call = ToolCall("c1", "read", {"path": "\ud800"})
        messages = (Message(Role.ASSISTANT, "\udfff", tool_calls=(call,)), Message(Role.TOOL, "a\ud800", call_id="c1"))
        body = request_body(ask(messages=messages), "tiny", LLAMA_SERVER)
        assert b"\\ud8" not in body
        assert b"\\udf" not in body
        assert json.loads(body)["messages"][1]["content"] == "a\ufffd"

    def test_a_tool_is_strict_where_that_pins_its_arguments(self) -> None:
        required = ToolSpec("read", "Read", {**READ.parameters, "required": ["path"]})
        (strict,) = sent(VLLM, tools=(required,))["tools"]
        assert strict["function"]["strict"] is True
        assert strict["function"]["parameters"]["additionalProperties"] is False
        assert "additionalProperties" not in required.parameters, "the tool itself stays as it is"
        (loose,) = sent(VLLM, tools=(READ,))["tools"]
        assert "strict" not in loose["function"], "a strict tool has no optional parameters"
        (plain,) = sent(LLAMA_SERVER, tools=(required,))["tools"]
        assert plain == {
            "type": "function",
            "function": {"name": "read", "description": "Read", "parameters": dict(required.parameters)},
        }

    @pytest.mark.parametrize("option", [float("nan"), float("inf"), object()])
    def test_what_json_cannot_say_is_refused(self, option: object) -> None:
        with pytest.raises((ValueError, TypeError)):
            sent(options={"top_p": option})


class TestAnEvent:
    def test_the_role_alone_says_nothing(self) -> None:
        assert not read_chunk(delta(role="assistant", content="")).says_something
        assert not read_chunk(delta(role="assistant", content=None)).says_something

    def test_text_and_both_names_of_thinking(self) -> None:
        assert read_chunk(delta(content="a")) == Chunk(text="a")
        assert read_chunk(delta(reasoning="a")) == Chunk(thinking="a")
        assert read_chunk(delta(reasoning_content="a")) == Chunk(thinking="a")

    def test_the_last_part_may_carry_text_and_the_reason(self) -> None:
        last = event(choices=[{"delta": {"content": "<"}, "finish_reason": "stop", "stop_reason": "t"}])
        assert read_chunk(last) == Chunk(text="<", reason="stop")

    def test_a_call_in_fragments(self) -> None:
        first = {"id": "c1", "type": "function", "index": 0, "function": {"name": "read"}}
        assert read_chunk(delta(content=None, tool_calls=[first])).parts == (CallPart(0, "c1", "read", ""),)
        more = {"index": 0, "function": {"arguments": '{"'}}
        assert read_chunk(delta(tool_calls=[more])).parts == (CallPart(0, "", "", '{"'),)

    def test_a_call_without_an_index_or_with_an_object_for_arguments(self) -> None:
        calls = [{"function": {"name": "a", "arguments": {"x": 1}}}, {"function": {"name": "b"}}]
        first, second = read_chunk(delta(tool_calls=calls)).parts
        assert (first.index, first.arguments, second.index) == (0, '{"x": 1}', 1)

    @pytest.mark.parametrize(
        "row",
        [
            b"not json",
            b"[]",
            b"\xff",
            b'{"choices": 1}',
            b'{"choices": [1]}',
            b'{"choices": [{"delta": []}]}',
            b'{"choices": [{"delta": {"content": 1}}]}',
            b'{"choices": [{"delta": {"tool_calls": {}}}]}',
            b'{"choices": [{"delta": {"tool_calls": [1]}}]}',
            b'{"choices": [{"delta": {"tool_calls": [{"index": -1}]}}]}',
            b'{"choices": [{"delta": {"tool_calls": [{"index": true}]}}]}',
            b'{"choices": [{"delta": {"tool_calls": [{"function": "x"}]}}]}',
            b'{"choices": [{"delta": {"tool_calls": [{"function": {"arguments": 9}}]}}]}',
            b'{"usage": NaN}',
            b"[" * 100_000,
        ],
    )
    def test_of_the_wrong_type_is_malformed(self, row: bytes) -> None:
        with pytest.raises(Malformed):
            read_chunk(row)

    @pytest.mark.parametrize(
        ("body", "text", "status"),
        [
            ({"error": {"message": "m", "type": "T", "param": None, "code": 500}}, "m (T)", 500),
            ({"error": "Unauthorized"}, "Unauthorized", None),
            ({"error": {"code": "x", "message": "m"}}, "m", None),
        ],
    )
    def test_an_error_in_each_of_its_shapes(self, body: dict[str, Any], text: str, status: int | None) -> None:
        assert read_chunk(event(**body)) == Chunk(error=text, status=status)

    def test_has_no_lone_surrogates(self) -> None:
        assert read_chunk(b'{"choices": [{"delta": {"content": "a\\ud800"}}]}').text == "a\ufffd"


class TestFigures:
    def test_of_vllm(self) -> None:
        usage = {"prompt_tokens": 583, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": 512}}
        metrics = {"time_to_first_token_ms": 20.2, "generation_time_ms": 263.9, "queue_time_ms": 0.07}
        chunk = read_chunk(event(choices=[], usage=usage, metrics=metrics))
        assert chunk.usage == Usage(
            prompt_tokens=583, generated_tokens=8, cached_tokens=512, generate_seconds=pytest.approx(0.2639)
        )

    def test_of_vllm_without_its_flags(self) -> None:
        usage = {"prompt_tokens": 24, "total_tokens": 32, "completion_tokens": 8, "prompt_tokens_details": None}
        assert read_chunk(event(choices=[], usage=usage)).usage == Usage(prompt_tokens=24, generated_tokens=8)

    def test_of_llama_server(self) -> None:
        usage = {"completion_tokens": 4, "prompt_tokens": 19, "prompt_tokens_details": {"cached_tokens": 10}}
        timings = {"cache_n": 10, "prompt_n": 9, "prompt_ms": 3.0, "predicted_n": 4, "predicted_ms": 2.0}
        found = read_chunk(event(choices=[], usage=usage, timings=timings)).usage
        assert found is not None
        assert (found.prompt_tokens, found.cached_tokens, found.generated_tokens) == (19, 10, 4)
        assert (found.prompt_seconds, found.generate_seconds) == (0.003, 0.002)

    def test_of_llama_servers_timings_alone(self) -> None:
        timings = {"cache_n": 10, "prompt_n": 9, "prompt_ms": 3.0, "predicted_n": 4, "predicted_ms": 2.0}
        found = read_chunk(event(choices=[], timings=timings)).usage
        assert found is not None
        assert (found.prompt_tokens, found.cached_tokens, found.generated_tokens) == (19, 10, 4)

    @pytest.mark.parametrize("wrong", ["9", -1, True, None, [], 2**60, 1.5])
    def test_of_the_wrong_type_count_as_not_said(self, wrong: object) -> None:
        usage = {"prompt_tokens": wrong, "completion_tokens": 8, "prompt_tokens_details": {"cached_tokens": wrong}}
        found = read_chunk(event(choices=[], usage=usage)).usage
        assert found == Usage(prompt_tokens=0, generated_tokens=8)
