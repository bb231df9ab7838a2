"""Answers as providers send them, byte by byte, with the peculiarities of each; and what is no answer."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.engines.lines import LineTooLong
from b4tui.engines.reading import Malformed, MalformedCall
from b4tui.engines.types import Done, Text, Thinking, ToolCall, Usage
from b4tui.escalation.door.providers import Api
from b4tui.escalation.door.wire.answers import Declined, Said, Unfinished, error_of
from tests.escalation.streams import FIGURES, call, chunk, data, lines, named, read

# -- Anthropic ---------------------------------------------------------------------------------------------------------


def start(**usage: object) -> dict[str, Any]:
    return {"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 10, **usage}}}


def block(kind: str, index: int = 0, **fields: object) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": {"type": kind, **fields}}


def delta(kind: str, index: int = 0, **fields: object) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def ends(reason: str, tokens: int = 5) -> list[dict[str, Any]]:
    end = {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": tokens}}
    return [end, {"type": "message_stop"}]


TOOL_USE = [
    start(cache_read_input_tokens=90, cache_creation_input_tokens=100),
    {"type": "ping"},
    block("thinking", thinking=""),
    delta("thinking_delta", thinking="Hm."),
    delta("signature_delta", signature="abc"),
    {"type": "content_block_stop", "index": 0},
    block("text", 1, text=""),
    delta("text_delta", 1, text="I look "),
    delta("text_delta", 1, text="it up.\u2028Ä"),
    block("tool_use", 2, id="toolu_1", name="read", input={}),
    delta("input_json_delta", 2, partial_json=""),
    delta("input_json_delta", 2, partial_json='{"pa'),
    delta("input_json_delta", 2, partial_json='th": "a.md"}'),
    block("tool_use", 3, id="toolu_2", name="list", input={}),
    {"type": "something_new", "field": 1},
    *ends("tool_use", 33),
]


@pytest.mark.parametrize("size", [0, 1, 7, 64])
def test_anthropic_an_answer_with_thinking_text_and_calls(size: int) -> None:
    assert read(Api.ANTHROPIC, named(*TOOL_USE), size) == [
        Thinking("Hm."),
        Text("I look "),
        Text("it up.\u2028Ä"),
        ToolCall("toolu_1", "read", {"path": "a.md"}),
        ToolCall("toolu_2", "list", {}),
        Usage(prompt_tokens=200, generated_tokens=33, cached_tokens=90),
        Done("tool_calls"),
    ]


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
    ],
)
def test_anthropic_the_reason_of_the_end_is_told_in_our_words(reason: str, word: str) -> None:
    events = read(Api.ANTHROPIC, named(start(), block("text"), delta("text_delta", text="a"), *ends(reason)))
    assert events[-1] == Done(word)


def test_anthropic_a_call_of_an_answer_that_ran_out_of_tokens_is_dropped() -> None:
    rows = [start(), block("tool_use", id="t", name="read"), delta("input_json_delta", partial_json="{}")]
    events = read(Api.ANTHROPIC, named(*rows, *ends("max_tokens")))
    assert not [event for event in events if isinstance(event, ToolCall)]


@pytest.mark.parametrize(
    ("rows", "error"),
    [
        ([start(), *ends("refusal")], Declined),
        ([start(), *ends("pause_turn")], Unfinished),
        ([start(), block("text"), delta("text_delta", text="a")], Unfinished),
        ([start(), {"type": "message_stop"}], Unfinished),
        ([start(), {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}], Said),
        ([{"no": "type"}], Malformed),
        ([start(), delta("text_delta", text=7)], Malformed),
        ([start(), delta("input_json_delta", 9, partial_json="{}")], MalformedCall),
        ([start(), {**block("text"), "index": "0"}], Malformed),
        ([start(), block("tool_use", id="t", name=" "), *ends("tool_use")], MalformedCall),
        (
            [start(), block("tool_use", name="r"), delta("input_json_delta", partial_json="[1]"), *ends("tool_use")],
            MalformedCall,
        ),
    ],
)
def test_anthropic_what_is_no_whole_answer_is_none(rows: list[dict[str, Any]], error: type[Exception]) -> None:
    with pytest.raises(error):
        read(Api.ANTHROPIC, b"".join(b"data: %s\n\n" % json.dumps(row).encode() for row in rows))


# -- Ollama ------------------------------------------------------------------------------------------------------------


def said(content: str = "", **fields: object) -> dict[str, Any]:
    return {"model": "m", "message": {"role": "assistant", "content": content, **fields}, "done": False}


def done(reason: str = "stop") -> dict[str, Any]:
    return {**said(), "done": True, "done_reason": reason, "prompt_eval_count": 7, "eval_count": 3}


@pytest.mark.parametrize("size", [0, 1, 11])
def test_ollama_lines_until_done(size: int) -> None:
    calls = [{"function": {"name": "read", "arguments": {"path": "a.md"}}}]
    rows = [said(thinking="Hm."), said("Yes."), said(tool_calls=calls), done()]
    # In a cloud it says where it computes, which is what was asked for.
    rows = [{**row, "remote_host": "https://ollama.com:443", "remote_model": "m"} for row in rows]
    assert read(Api.OLLAMA, lines(*rows), size) == [
        Thinking("Hm."),
        Text("Yes."),
        ToolCall("own_1", "read", {"path": "a.md"}),
        Usage(prompt_tokens=7, generated_tokens=3),
        Done("stop"),
    ]


def test_ollama_calls_with_one_id_are_told_apart() -> None:
    twice = [{"id": "a", "function": {"name": "read", "arguments": {}}}] * 2
    events = read(Api.OLLAMA, lines(said(tool_calls=twice), done()))
    assert [event.id for event in events if isinstance(event, ToolCall)] == ["a", "own_1"]


def test_ollama_an_error_line_and_an_end_without_done_are_no_answers() -> None:
    with pytest.raises(Said, match="unexpected EOF"):
        read(Api.OLLAMA, lines(said("a"), {"error": "unexpected EOF"}))
    with pytest.raises(Unfinished):
        read(Api.OLLAMA, lines(said("a")))
    assert read(Api.OLLAMA, lines(said("a"), done("length")))[-1] == Done("length")


# -- Anything at all ---------------------------------------------------------------------------------------------------

DEEP = "[" * 100_000
ENDS = (Malformed, Said, Declined, Unfinished, LineTooLong)
WHOLE = {
    Api.ANTHROPIC: TOOL_USE,
    Api.OPENAI: [chunk(content="a"), chunk(tool_calls=[call(0, "read", "{}", "a")]), chunk("tool_calls"), FIGURES],
    Api.OLLAMA: [said("a"), said(tool_calls=[{"id": "a", "function": {"name": "read", "arguments": {}}}]), done()],
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def changed(value: Any, path: list[int], by: object) -> Any:
    """The value with something else in one place of it, at any depth."""
    if not path or not isinstance(value, dict | list) or not value:
        return by
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    at = keys[path[0] % len(keys)]
    copy = value.copy()
    copy[at] = changed(value[at], path[1:], by)
    return copy


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(list(Api)), st.lists(st.integers(0, 30), min_size=2, max_size=6), anything)
def test_whatever_a_provider_sends_is_an_answer_or_one_of_the_known_ends(api: Api, path: list[int], by: object) -> None:
    rows = changed(WHOLE[api], path, by)
    stream = (lines if api is Api.OLLAMA else data)(*rows)
    with contextlib.suppress(ENDS):
        assert isinstance(read(api, stream)[-1], Done)


@pytest.mark.parametrize("api", list(Api))
def test_what_is_nested_without_end_is_no_answer(api: Api) -> None:
    stream = b'{"a":' + DEEP.encode()
    with pytest.raises(Malformed):
        read(api, stream + b"\n" if api is Api.OLLAMA else b"data: " + stream + b"\n\n")


def test_arguments_that_are_nested_without_end_are_no_call() -> None:
    rows = [start(), block("tool_use", id="t", name="r"), delta("input_json_delta", partial_json='{"a":' + DEEP)]
    with pytest.raises(MalformedCall):
        read(Api.ANTHROPIC, named(*rows, *ends("tool_use")))
    with pytest.raises(MalformedCall):
        read(Api.OPENAI, data(chunk(tool_calls=[call(0, "r", '{"a":' + DEEP, "a")]), chunk("tool_calls")))


# -- Errors as whole bodies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        (
            b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}',
            "overloaded_error",
            "Overloaded (overloaded_error)",
        ),
        (
            b'{"error":{"message":"No quota","type":"insufficient_quota","code":"insufficient_quota","param":null}}',
            "insufficient_quota insufficient_quota",
            "No quota (insufficient_quota)",
        ),
        (b'{"error":"model not found"}', "", "model not found"),
        (b"<html>Bad gateway</html>", "", "<html>Bad gateway</html>"),
        (b"", "", ""),
        (b"[]", "", ""),
        (b"7", "", ""),
    ],
)
def test_an_error_is_found_in_whatever_wraps_it(body: bytes, kind: str, text: str) -> None:
    found = error_of(body)
    assert (found.kind, found.text) == (kind, text)
