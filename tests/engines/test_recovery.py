"""Tool calls that leaked into text: found, given their types, or named as a problem; never guessed."""

from __future__ import annotations

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.engines.toolcalls.leaked_json import PLACE_LIMIT
from b4tui.engines.toolcalls.recovery import Recovered, recover
from b4tui.engines.types import ToolSpec


def tool(name: str, required: tuple[str, ...], **types: str) -> ToolSpec:
    properties = {key: {"type": kind} for key, kind in types.items()}
    return ToolSpec(name, name, {"type": "object", "properties": properties, "required": list(required)})


TOOLS = (
    tool("bash", ("command",), command="string", timeout_s="integer"),
    tool("read", ("path",), path="string", start="integer", all="boolean", share="number"),
    tool("write", ("path", "content"), path="string", content="string"),
    tool("edit", ("path", "old_text", "new_text"), path="string", old_text="string", new_text="string"),
)


TAGS = (
    *("<tool_call>", "</tool_call>", "<function=bash>", "<function=write>", "</function>", "</parameter>"),
    *("<parameter=command>", "<parameter=content>", "<parameter=path>", "\n", "ls", "```", "`", "{"),
    '{"name": "bash", "arguments": {"command": "a"}}',
)


def xml(name: str, **values: str) -> str:
    inner = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in values.items())
    return f"<tool_call>\n<function={name}>\n{inner}</function>\n</tool_call>"


def found(text: str, truncated: bool = False) -> Recovered:
    ids = (f"id{number}" for number in itertools.count(1))
    return recover(text, TOOLS, truncated, new_id=lambda: next(ids))


def calls(text: str, truncated: bool = False) -> list[tuple[str, dict[str, object]]]:
    result = found(text, truncated)
    assert not result.problems
    return [(call.name, dict(call.arguments)) for call in result.calls]


class TestShapesThatAreCalls:
    def test_in_its_tags(self) -> None:
        assert calls(xml("bash", command="pwd && ls -la")) == [("bash", {"command": "pwd && ls -la"})]

    def test_without_the_opening_tag_that_the_server_looks_for(self) -> None:
        text = "I'll read it.\n\n<function=read>\n<parameter=path>\n/a/b.md\n</parameter>\n</function>\n</tool_call>"
        result = found(text)
        assert [dict(call.arguments) for call in result.calls] == [{"path": "/a/b.md"}]
        assert result.rest == "I'll read it."

    def test_a_value_that_is_not_closed(self) -> None:
        text = (
            "<tool_call>\n<function=write>\n<parameter=path>\nx.py\n</parameter>\n"
            "<parameter=content>\nprint(1)\n</function>\n</tool_call>"
        )
        assert calls(text) == [("write", {"path": "x.py", "content": "print(1)"})]

    def test_a_function_that_is_not_closed(self) -> None:
        text = "<tool_call>\n<function=bash>\n<parameter=command>\nls\n</parameter>\n</tool_call>"
        assert calls(text) == [("bash", {"command": "ls"})]

    def test_nothing_closed_but_the_answer_is_whole(self) -> None:
        assert calls("<function=bash>\n<parameter=command>\nls -l\n") == [("bash", {"command": "ls -l"})]

    def test_the_end_of_message_token(self) -> None:
        assert calls("<function=bash>\n<parameter=command>\nls\n<|im_end|>") == [("bash", {"command": "ls"})]

    def test_tags_inside_a_value_are_text(self) -> None:
        content = "Use </parameter> and <b>x</b> and </function> here"
        assert calls(xml("write", path="p.md", content=content)) == [("write", {"path": "p.md", "content": content})]

    def test_a_whole_call_inside_a_value_is_text(self) -> None:
        content = f"# How to call\n{xml('bash', command='rm -rf /')}\nThat is all."
        assert calls(xml("write", path="p.md", content=content)) == [("write", {"path": "p.md", "content": content})]

    def test_a_call_after_one_that_holds_a_call(self) -> None:
        content = f"Example: {xml('bash', command='ls')} end"
        text = xml("write", path="p.md", content=content) + "\n" + xml("read", path="b")
        assert calls(text) == [("write", {"path": "p.md", "content": content}), ("read", {"path": "b"})]

    def test_types_by_the_schema(self) -> None:
        text = (
            "<tool_call><function=read><parameter=path>a</parameter><parameter=start>10</parameter>"
            "<parameter=all>True</parameter><parameter=share>0.5</parameter></function></tool_call>"
        )
        assert calls(text) == [("read", {"path": "a", "start": 10, "all": True, "share": 0.5})]

    def test_a_value_of_the_wrong_type_stays_text_for_the_tool_to_answer(self) -> None:
        assert calls(xml("read", path="a", start="ten")) == [("read", {"path": "a", "start": "ten"})]

    def test_two_calls(self) -> None:
        text = xml("bash", command="ls") + "\n" + xml("read", path="b")
        assert calls(text) == [("bash", {"command": "ls"}), ("read", {"path": "b"})]

    def test_two_calls_with_words_between(self) -> None:
        result = found("First\n" + xml("bash", command="ls") + "\nand then\n" + xml("read", path="b") + "\nDone.")
        assert [call.name for call in result.calls] == ["bash", "read"]
        assert result.rest.split() == ["First", "and", "then", "Done."]

    def test_the_second_call_begins_before_the_first_is_closed(self) -> None:
        text = (
            "<function=bash>\n<parameter=command>\nls\n</parameter>\n<function=read>\n<parameter=path>\nb\n</parameter>"
        )
        assert calls(text) == [("bash", {"command": "ls"}), ("read", {"path": "b"})]

    def test_json_in_tags(self) -> None:
        text = '<tool_call>\n{"name": "bash", "arguments": {"command": "ls"}}\n</tool_call>'
        assert calls(text * 2) == [("bash", {"command": "ls"})] * 2

    def test_json_in_a_fence(self) -> None:
        result = found('Sure:\n```json\n{"name": "bash", "arguments": {"command": "ls"}}\n```')
        assert [dict(call.arguments) for call in result.calls] == [{"command": "ls"}]
        assert result.rest == "Sure:"

    @pytest.mark.parametrize(
        "row",
        [
            {"name": "bash", "arguments": {"command": "ls"}},
            {"name": "bash", "parameters": {"command": "ls"}},
            {"name": "bash", "arguments": '{"command": "ls"}'},
            {"type": "function", "function": {"name": "bash", "arguments": {"command": "ls"}}},
        ],
    )
    def test_json_as_the_whole_answer(self, row: dict[str, object]) -> None:
        assert calls(f"\n{json.dumps(row)}\n") == [("bash", {"command": "ls"})]

    @pytest.mark.parametrize("name", ["Bash", "functions.bash", "default_api:bash", '"bash"'])
    def test_a_name_that_can_mean_only_one_tool(self, name: str) -> None:
        assert calls(xml(name, command="ls")) == [("bash", {"command": "ls"})]

    def test_every_call_has_an_id_of_its_own_and_says_that_it_was_recovered(self) -> None:
        result = found(xml("bash", command="ls") + xml("bash", command="ls"))
        assert [(call.id, call.recovered) for call in result.calls] == [("id1", True), ("id2", True)]


class TestShapesThatMustNotRun:
    @pytest.mark.parametrize(
        "text",
        [
            "",
            "Nothing to do here.",
            "<function=rm_rf>\n<parameter=x>\n1\n</parameter>\n</function>",
            "The format is `<function=NAME>` with `<parameter=KEY>`.",
            "Call `<function=bash><parameter=command>ls</parameter></function>` to list.",
            "Write <function=bash> to run a command.",
            f"An example:\n```xml\n{xml('bash', command='ls')}\n```\n",
            '{"name": "rm_rf", "arguments": {}}',
            '{"name": "bash"}',
            'The row {"name": "bash", "arguments": {"command": "ls"}} is an example.',
            '[{"name": "bash"}]',
        ],
    )
    def test_text_stays_text(self, text: str) -> None:
        assert found(text) == Recovered((), (), text)

    @pytest.mark.parametrize(
        "cut",
        [
            "<tool_call>\n<function=write>\n<parameter=path>\np.md\n</parameter>\n<parameter=content>\nhalf a fi",
            "<function=write>\n<parameter=path>\np.md\n</parameter>\n<parameter=content>\nUse </function> an",
            "<tool_call>\n<function=bash>\n<parameter=command>\nrm -rf ./build\n</parameter>",
            "<tool_call>\n<function=bash>",
            '<tool_call>\n{"name": "bash", "arguments": {"command": "l',
        ],
    )
    def test_a_call_in_which_the_answer_was_cut_off(self, cut: str) -> None:
        result = found(cut, truncated=True)
        assert not result.calls
        assert result.problems

    def test_calls_before_the_cut_are_whole(self) -> None:
        result = found(xml("bash", command="ls") + "\n<tool_call>\n<function=read>\n<parameter=pa", truncated=True)
        assert [call.name for call in result.calls] == ["bash"]
        assert result.problems

    def test_a_required_parameter_is_missing(self) -> None:
        result = found(xml("write", path="a"))
        assert not result.calls
        assert result.problems == ("write: content is missing",)

    def test_a_parameter_given_twice(self) -> None:
        text = (
            "<function=bash>\n<parameter=command>\nls\n</parameter>\n"
            "<parameter=command>\nrm x\n</parameter>\n</function>"
        )
        result = found(text)
        assert not result.calls
        assert result.problems == ("bash: command is given twice",)

    def test_it_is_unclear_where_a_call_ends(self) -> None:
        text = (
            "<function=bash>\n<parameter=command>\nls\n</parameter>\n</function>\n</tool_call>\n"
            "Then I close it with </parameter> as always."
        )
        result = found(text)
        assert not result.calls
        assert result.problems == ("bash: it is unclear where it ends",)

    def test_a_call_inside_a_value_that_is_never_closed(self) -> None:
        text = "<function=write>\n<parameter=path>\na\n</parameter>\n<parameter=content>\nx\n" + xml(
            "bash", command="ls"
        )
        result = found(text)
        assert not result.calls
        assert result.problems

    def test_arguments_that_are_no_object(self) -> None:
        result = found('<tool_call>{"name": "bash", "arguments": "ls"}</tool_call>')
        assert not result.calls
        assert result.problems == ("bash: its arguments are not a JSON object",)

    def test_numbers_that_json_does_not_have(self) -> None:
        assert not found('<tool_call>{"name": "read", "arguments": {"path": "a", "share": NaN}}</tool_call>').calls


class TestHostileText:
    @pytest.mark.parametrize(
        "text",
        [
            "<function=bash>" * 40_000,
            "<tool_call>{" * 40_000,
            "```json\n{" * 40_000,
            "```{" * 125_000 + '"name"',
            "<tool_call>" + '{"a":' * 50_000,
            "<tool_call>" + " " * 400_000,
            "<function=bash><parameter=command>" + "<" * 400_000,
            "<function=bash></function>" + " " * 300_000 + "x<function=bash>" * 900,
            "<function" + " " * 400_000 + "=",
            '{"name"' * 10_000,
            "x" * 10_000_000 + '"name"',
        ],
        ids=lambda text: text[:24],
    )
    def test_is_answered_soon_and_runs_nothing(self, text: str) -> None:
        assert not found(text, truncated=True).calls

    @pytest.mark.parametrize(("beginnings", "found_one"), [(PLACE_LIMIT - 1, True), (PLACE_LIMIT, False)])
    def test_after_too_many_beginnings_that_cannot_be_read_no_more_is_looked_for(
        self, beginnings: int, found_one: bool
    ) -> None:
        call = '```{"name": "read", "arguments": {"path": "a"}}```'
        assert bool(found("```{ " * beginnings + call).calls) is found_one

    @given(st.text())
    def test_any_text_is_read(self, text: str) -> None:
        result = found(text)
        assert not result.calls

    @given(st.lists(st.sampled_from(TAGS), max_size=25), st.booleans())
    def test_any_mixture_of_tags_is_read(self, parts: list[str], truncated: bool) -> None:
        result = found("".join(parts), truncated)
        required = {spec.name: spec.parameters["required"] for spec in TOOLS}
        assert all(set(required[call.name]) <= call.arguments.keys() for call in result.calls)

    @given(st.text(alphabet=st.characters(exclude_characters="<\x00", exclude_categories=["Cs"]), max_size=200))
    def test_every_value_without_tags_comes_back_as_it_was(self, value: str) -> None:
        assert calls(xml("write", path="p", content=value)) == [("write", {"path": "p", "content": value})]
