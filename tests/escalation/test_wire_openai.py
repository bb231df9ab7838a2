"""Chat completions as OpenAI, OpenRouter and Gemini's compatible endpoint send them, byte by byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from b4tui.engines.reading import Malformed
from b4tui.engines.types import Done, Text, Thinking, ToolCall
from b4tui.escalation.door.providers import Api
from b4tui.escalation.door.wire.answers import Declined, Said, Unfinished, error_of
from tests.escalation.streams import FIGURES, USED, call, chunk, data, read


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
