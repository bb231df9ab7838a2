"""Tool calls put together from fragments, and the mark that leaks into the text before them."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines.openai.calls import CALL_LIMIT, CallParts, LeakedMarks
from b4tui.engines.openai.wire import CallPart
from b4tui.engines.reading import MalformedCall
from b4tui.engines.types import ToolCall, ToolSpec

WEATHER = ToolSpec(
    "weather",
    "Weather of a city",
    {"type": "object", "properties": {"city": {"enum": ["Rome", "Oslo"]}, "note": {"type": "string"}}},
)


def put_together(*parts: CallPart) -> tuple[ToolCall, ...]:
    made = CallParts()
    for part in parts:
        made.add(part)
    ids = iter(range(1000))
    return made.whole((WEATHER,), lambda: f"new{next(ids)}")


def arguments_of(text: str) -> object:
    (call,) = put_together(CallPart(0, "c", "weather", text))
    return call.arguments


class TestFragments:
    @given(st.text(), st.lists(st.integers(0, 40), max_size=6))
    def test_are_put_together_wherever_they_were_cut(self, note: str, places: list[int]) -> None:
        text = json.dumps({"city": "Rome", "note": note})
        cuts = sorted({min(place, len(text)) for place in places} | {0, len(text)})
        pieces = [CallPart(0, "", "", text[a:b]) for a, b in pairwise(cuts)]
        (call,) = put_together(CallPart(0, "c1", "weather"), *pieces)
        assert (call.id, call.name, call.arguments["city"]) == ("c1", "weather", "Rome")

    def test_of_two_calls_may_be_mixed(self) -> None:
        calls = put_together(
            CallPart(1, "b", "weather", '{"city"'),
            CallPart(0, "a", "weather", "{}"),
            CallPart(1, "", "", ': "Oslo"}'),
        )
        assert calls == (ToolCall("a", "weather", {}), ToolCall("b", "weather", {"city": "Oslo"}))

    def test_may_repeat_id_and_name(self) -> None:
        (call,) = put_together(CallPart(0, "c", "weather", "{"), CallPart(0, "c", "weather", "}"))
        assert call == ToolCall("c", "weather", {})

    def test_every_call_gets_an_id_of_its_own(self) -> None:
        calls = put_together(*[CallPart(at, call_id, "weather", "{}") for at, call_id in enumerate(["", "x", "x"])])
        assert len({call.id for call in calls}) == 3

    def test_do_not_grow_without_end(self) -> None:
        with pytest.raises(MalformedCall, match="more than"):
            put_together(*[CallPart(at, "", "weather", "{}") for at in range(CALL_LIMIT + 1)])
        with pytest.raises(MalformedCall, match="more than"):
            put_together(*[CallPart(0, "", "weather", "x" * 1024 * 1024)] * 17)


class TestArguments:
    @pytest.mark.parametrize("text", ["99", "null", "false", "Infinity", '"x"', "[]", "{", '{"city": NaN}', "[" * 9999])
    def test_that_are_no_json_object_are_no_call(self, text: str) -> None:
        with pytest.raises(MalformedCall, match="arguments"):
            arguments_of(text)

    def test_may_be_left_out(self) -> None:
        assert arguments_of("") == {}
        assert arguments_of("  \n") == {}

    def test_white_space_around_one_of_several_words_is_taken_away(self) -> None:
        assert arguments_of(json.dumps({"city": "    \n\n\n\n\nRome\t "})) == {"city": "Rome"}

    def test_any_other_text_stays_as_it_is(self) -> None:
        assert arguments_of(json.dumps({"city": " Paris ", "note": " x "})) == {"city": " Paris ", "note": " x "}

    def test_have_no_lone_surrogates(self) -> None:
        assert arguments_of('{"note": "\\ud800"}') == {"note": "\ufffd"}

    def test_belong_to_a_name(self) -> None:
        with pytest.raises(MalformedCall, match="without a name"):
            put_together(CallPart(0, "c", " ", "{}"))


class TestALeakedMark:
    def shown(self, *pieces: str, call: bool, watch: bool = True) -> str:
        marks = LeakedMarks(watch=watch)
        text = "".join(marks.text(piece) for piece in pieces)
        if call:
            marks.call()
        return text + marks.end()

    def test_before_a_call_is_dropped(self) -> None:
        assert self.shown("I look.", "<tool_call>", "\n", call=True) == "I look."

    def test_without_a_call_is_part_of_the_answer(self) -> None:
        assert self.shown("<tool_call>", "\n{}", call=False) == "<tool_call>\n{}"
        assert self.shown("<tool_call>", "\n", call=False) == "<tool_call>\n"

    def test_is_not_looked_for_where_no_tool_was_offered(self) -> None:
        assert self.shown("<tool_call>", call=True, watch=False) == "<tool_call>"

    @given(st.lists(st.sampled_from(["<tool_call>", "<tool", "_call>", "<", "a", "\n", " "]), max_size=8))
    def test_no_text_is_lost_without_a_call(self, pieces: list[str]) -> None:
        assert self.shown(*pieces, call=False) == "".join(pieces)

    @given(st.sampled_from(["", "I look. ", "a < b\n"]), st.lists(st.integers(0, 12), max_size=4))
    def test_is_found_wherever_it_is_cut(self, before: str, places: list[int]) -> None:
        text = before + "<tool_call>\n"
        cuts = sorted({min(len(before) + place, len(text)) for place in places} | {0, len(text)})
        pieces = [text[a:b] for a, b in pairwise(cuts)]
        assert self.shown(*pieces, call=True) == before
