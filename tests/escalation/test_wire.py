"""Answers as providers send them, byte by byte, with the peculiarities of each; and what is no answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from b4tui.engines.reading import Malformed, MalformedCall
from b4tui.engines.types import Done, Text, Thinking, ToolCall, Usage
from b4tui.escalation.providers import Api
from b4tui.escalation.wire.answers import Declined, Said, Unfinished, error_of
from b4tui.escalation.wire.forms import answer_of, decoder_of


def read(api: Api, data: bytes, size: int = 0) -> list[Any]:
    """The events of an answer that came as these bytes, in pieces of `size`."""
    numbers = count(1)
    answer, decoder = answer_of(api, lambda: f"own_{next(numbers)}"), decoder_of(api)
    events: list[Any] = []
    pieces = [data[at : at + size] for at in range(0, len(data), size)] if size else [data]
    for messages in (*map(decoder.feed, pieces), decoder.flush()):
        for message in messages:
            step = answer.take(message)
            events += step.pieces
            if step.over:
                return [*events, *answer.end()]
    return [*events, *answer.end()]


def named(*rows: dict[str, Any]) -> bytes:
    """Events of the Messages API."""
    return b"".join(f"event: {row['type']}\ndata: {json.dumps(row)}\n\n".encode() for row in rows)


def data(*rows: object) -> bytes:
    """Events of chat completions."""
    return b"".join(b"data: %s\n\n" % (row if isinstance(row, bytes) else json.dumps(row).encode()) for row in rows)


def lines(*rows: object) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


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


# -- OpenAI, OpenRouter, Gemini ----------------------------------------------------------------------------------------


def chunk(reason: str | None = None, **fields: object) -> dict[str, Any]:
    return {"model": "m", "choices": [{"index": 0, "delta": fields, "finish_reason": reason}]}


def call(index: int | None, name: str = "", arguments: str = "", call_id: str = "") -> dict[str, Any]:
    row: dict[str, Any] = {"function": {"name": name, "arguments": arguments}, "id": call_id, "type": "function"}
    return row if index is None else {**row, "index": index}


FIGURES = {
    "choices": [],
    "usage": {"prompt_tokens": 9, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}},
}
USED = Usage(prompt_tokens=9, generated_tokens=4, cached_tokens=6)


@pytest.mark.parametrize("size", [0, 1, 13])
def test_openai_calls_come_in_fragments_and_figures_last(size: int) -> None:
    rows = [
        chunk(role="assistant", content=None, refusal=None),
        chunk(content="Let me see."),
        chunk(tool_calls=[call(0, "read", "", "call_a")]),
        chunk(tool_calls=[call(0, arguments='{"path":')]),
        chunk(tool_calls=[call(1, "list", "{}", "call_b")]),
        chunk(tool_calls=[call(0, arguments='"a.md"}')]),
        chunk("tool_calls"),
        FIGURES,
    ]
    assert read(Api.OPENAI, data(*rows, b"[DONE]"), size) == [
        Text("Let me see."),
        ToolCall("call_a", "read", {"path": "a.md"}),
        ToolCall("call_b", "list", {}),
        USED,
        Done("tool_calls"),
    ]


def test_openai_a_refusal_is_no_answer() -> None:
    with pytest.raises(Declined, match="I can't help"):
        read(Api.OPENAI, data(chunk(refusal="I can't "), chunk(refusal="help."), chunk("stop"), b"[DONE]"))
    with pytest.raises(Declined):
        read(Api.OPENAI, data(chunk(content="Well, "), chunk("content_filter"), b"[DONE]"))


def test_openai_done_without_a_reason_is_no_end() -> None:
    with pytest.raises(Unfinished):
        read(Api.OPENAI, data(chunk(content="a"), b"[DONE]"))


def test_openrouter_comments_are_passed_over_and_reasoning_is_thinking() -> None:
    stream = b": OPENROUTER PROCESSING\n\n" * 3 + data(
        {**chunk(role="assistant", content="", reasoning="Hm."), "provider": "X"},
        chunk(content="Yes.", reasoning=None),
        {**chunk("stop", content=""), "native_finish_reason": "STOP"},
        {**FIGURES, "usage": {**FIGURES["usage"], "cost": 0.01, "is_byok": False}},  # type: ignore[dict-item]
        b"[DONE]",
    )
    assert read(Api.OPENAI, stream) == [Thinking("Hm."), Text("Yes."), USED, Done("stop")]


def test_openrouter_an_error_in_mid_stream_comes_beside_a_choice() -> None:
    row = {"error": {"code": 502, "message": "Provider disconnected"}, **chunk("error", content="")}
    with pytest.raises(Said, match="Provider disconnected") as said:
        read(Api.OPENAI, data(chunk(content="a"), row))
    assert said.value.status == 502


def test_openrouter_a_choice_that_ends_with_an_error_is_no_end() -> None:
    with pytest.raises(Unfinished, match="error"):
        read(Api.OPENAI, data(chunk(content="a"), chunk("error"), b"[DONE]"))


WEATHER, CLOCK = '{"city":"Oslo"}', '{"zone":"UTC"}'
GEMINI: list[Callable[[], list[dict[str, Any]]]] = [
    # All calls are number 0, each whole, with an id of its own, in one chunk or several.
    lambda: [chunk(tool_calls=[call(0, "weather", WEATHER, "a"), call(0, "clock", CLOCK, "b")])],
    lambda: [chunk(tool_calls=[call(0, "weather", WEATHER, "a")]), chunk(tool_calls=[call(0, "clock", CLOCK, "b")])],
    # The same with no id, and with no number.
    lambda: [chunk(tool_calls=[call(0, "weather", WEATHER)]), chunk(tool_calls=[call(0, "clock", CLOCK)])],
    lambda: [chunk(tool_calls=[call(None, "weather", WEATHER), call(None, "clock", CLOCK)])],
]


@pytest.mark.parametrize("rows", GEMINI)
@pytest.mark.parametrize("reason", ["stop", "tool_calls"])
def test_gemini_calls_with_one_number_are_told_apart(rows: Callable[[], list[dict[str, Any]]], reason: str) -> None:
    events = read(Api.OPENAI, data(*rows(), chunk(reason, role="assistant"), b"[DONE]"))
    calls = [event for event in events if isinstance(event, ToolCall)]
    assert [(found.name, dict(found.arguments)) for found in calls] == [
        ("weather", {"city": "Oslo"}),
        ("clock", {"zone": "UTC"}),
    ]
    assert len({found.id for found in calls}) == 2 and all(found.id for found in calls)


def test_gemini_an_error_comes_in_a_list() -> None:
    said = error_of(b'[{"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}]')
    assert (said.status, said.kind, said.text) == (429, "RESOURCE_EXHAUSTED", "Quota exceeded")


def test_servers_that_repeat_name_and_id_on_every_fragment_make_one_call() -> None:
    parts = [chunk(tool_calls=[call(0, "read", piece, "a")]) for piece in ('{"path":', '"a.md"}')]
    events = read(Api.OPENAI, data(*parts, chunk("tool_calls"), b"[DONE]"))
    assert events[0] == ToolCall("a", "read", {"path": "a.md"})


@pytest.mark.parametrize(
    "row",
    [[], "text", {"choices": 7}, chunk(content=7), chunk(refusal=7), chunk(tool_calls=[7]), {"choices": [7]}],
)
def test_openai_what_is_no_event_is_said_to_be_none(row: object) -> None:
    with pytest.raises(Malformed):
        read(Api.OPENAI, data(row))


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
