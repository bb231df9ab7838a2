"""What would leave: one byte string that the same chat always gives, and nothing in it that nobody said."""

from __future__ import annotations

import hashlib
import json
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.engines.types import ChatRequest, Message, Role, ToolCall, ToolSpec
from b4tui.escalation.door.parts import PartError, parts_of, with_texts
from b4tui.escalation.door.payloads import PayloadError, build
from b4tui.escalation.door.providers import Api, Provider, open_provider
from b4tui.escalation.types import Payload
from b4tui.outward_sections import EscalationConfig
from b4tui.provenance import Part, Provenance, Source, SourceKind
from tests.escalation.conftest import KEY_ENV, RULES, asks, new_key

ADDRESSES = {
    Api.ANTHROPIC: "https://api.anthropic.com",
    Api.OPENAI: "https://api.openai.com",
    Api.OLLAMA: "https://ollama.com",
}
READ = ToolSpec("read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
CALL = ToolCall("foreign-id-77", "read", MappingProxyType({"path": "a.md", "lines": (1, 2)}))
CONVERSATION = asks(
    messages=(
        Message(Role.SYSTEM, "Be brief."),
        Message(Role.USER, "What does a.md say?"),
        Message(Role.ASSISTANT, "Let me look.", thinking="private thoughts", tool_calls=(CALL,)),
        Message(Role.TOOL, "It says ä.", tool_name="read", call_id="foreign-id-77"),
        Message(Role.USER, "And?"),
    ),
    tools=(READ,),
    seed=7,
    options={"num_gpu": 3},
    think=True,
)


def provider(api: Api, address: str = "", **changes: Any) -> Provider:
    fields = {"kind": api.value, "address": address or ADDRESSES[api], "model": "m", "key_env": KEY_ENV, **changes}
    return open_provider("sim", EscalationConfig.model_validate(fields), {KEY_ENV: new_key()})


def built(api: Api, chat: ChatRequest, **changes: Any) -> Payload:
    return build(provider(api, **changes), chat, rules_sha256=RULES, gate_version=3)


def row(api: Api, chat: ChatRequest = CONVERSATION, **changes: Any) -> dict[str, Any]:
    value = json.loads(built(api, chat, **changes).body)
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize("api", list(Api))
def test_it_is_the_same_bytes_every_time_with_their_hash(api: Api) -> None:
    one, two = built(api, CONVERSATION), built(api, CONVERSATION)
    assert one.body == two.body and one.sha256 == hashlib.sha256(one.body).hexdigest()
    assert (one.rules_sha256, one.gate_version) == (RULES, 3)
    assert one.body.isascii() and b": " not in one.body.replace(b"It says", b"")


@pytest.mark.parametrize("api", list(Api))
def test_n18_nothing_is_in_it_that_nobody_said(api: Api) -> None:
    text = built(api, CONVERSATION).body.decode()
    for absent in ("foreign-id-77", "private thoughts", "num_gpu", "seed", "metadata", "user_id", "temperature"):
        assert absent not in text
    assert "call_1" in text


def test_anthropic_is_told_a_chat_as_messages_of_blocks() -> None:
    body = row(Api.ANTHROPIC)
    assert list(body) == ["model", "max_tokens", "system", "messages", "tools", "stream"]
    assert body["system"] == "Be brief." and body["max_tokens"] == 4096
    assert body["messages"] == [
        {"role": "user", "content": "What does a.md say?"},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Let me look."},
                {"type": "tool_use", "id": "call_1", "name": "read", "input": {"path": "a.md", "lines": [1, 2]}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_1", "content": "It says ä."},
                {"type": "text", "text": "And?"},
            ],
        },
    ]
    assert body["tools"] == [{"name": "read", "description": "Read a file.", "input_schema": READ.parameters}]


def test_chat_completions_are_told_it_as_messages_with_roles() -> None:
    body = row(Api.OPENAI, address="https://vllm.example.com")
    assert list(body) == ["model", "max_tokens", "messages", "tools", "stream", "stream_options"]
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool", "user"]
    call = body["messages"][2]["tool_calls"][0]
    assert call["id"] == body["messages"][3]["tool_call_id"] == "call_1"
    assert json.loads(call["function"]["arguments"]) == {"path": "a.md", "lines": [1, 2]}
    assert body["stream_options"] == {"include_usage": True}


def test_openai_itself_has_another_word_for_the_limit_and_is_asked_to_store_nothing() -> None:
    body = row(Api.OPENAI)
    assert body["max_completion_tokens"] == 4096 and "max_tokens" not in body and body["store"] is False


def test_openrouter_is_asked_for_providers_that_keep_nothing() -> None:
    body = row(Api.OPENAI, address="https://openrouter.ai")
    assert body["provider"] == {"data_collection": "deny"} and body["max_tokens"] == 4096


def test_ollama_is_told_it_as_its_own_engine_is() -> None:
    body = row(Api.OLLAMA)
    assert list(body) == ["model", "messages", "tools", "stream", "options"]
    assert body["options"] == {"num_predict": 4096}
    assert body["messages"][2]["tool_calls"][0]["function"] == {
        "name": "read",
        "arguments": {"path": "a.md", "lines": [1, 2]},
    }
    assert body["messages"][3]["tool_name"] == "read"


def test_an_answer_is_as_long_as_the_shorter_of_what_was_asked_and_what_is_allowed() -> None:
    assert row(Api.ANTHROPIC, asks(num_predict=100))["max_tokens"] == 100
    assert row(Api.ANTHROPIC, max_tokens=50)["max_tokens"] == 50
    assert row(Api.ANTHROPIC, asks(num_predict=-1))["max_tokens"] == 4096


def test_ids_that_come_again_in_every_turn_are_told_apart() -> None:
    again = CONVERSATION.messages[2:4]
    chat = asks(messages=(Message(Role.USER, "Go"), *again, *again))
    ids = [message.get("tool_call_id") for message in row(Api.OPENAI, chat)["messages"]]
    assert [value for value in ids if value] == ["call_1", "call_2"]


def test_what_no_text_can_hold_is_replaced() -> None:
    assert row(Api.OPENAI, asks("half \ud83d a pair"))["messages"][1]["content"] == "half \ufffd a pair"


@pytest.mark.parametrize(
    ("messages", "words"),
    [
        ((Message(Role.SYSTEM, "Be brief."),), "begins with"),
        ((Message(Role.ASSISTANT, "Hello"), Message(Role.USER, "Hi")), "begins with"),
        ((Message(Role.USER, "Hi"), Message(Role.TOOL, "x", call_id="never")), "belongs to no call"),
        ((Message(Role.USER, "Hi"), CONVERSATION.messages[2]), "no result"),
        ((Message(Role.USER, "Hi"), *CONVERSATION.messages[2:4], CONVERSATION.messages[3]), "belongs to no call"),
    ],
)
def test_a_chat_no_cloud_model_takes_is_refused_in_words(messages: tuple[Message, ...], words: str) -> None:
    for api in Api:
        with pytest.raises(PayloadError, match=words):
            built(api, asks(messages=messages))


@pytest.mark.parametrize("value", [float("nan"), object(), b"bytes"])
def test_what_json_cannot_say_is_refused_and_not_quoted(value: object) -> None:
    call = ToolCall("c", "read", {"path": value})
    messages = (Message(Role.USER, "Hi"), Message(Role.ASSISTANT, "", tool_calls=(call,)))
    chat = asks(messages=(*messages, Message(Role.TOOL, "x", call_id="c")))
    with pytest.raises(PayloadError, match="cannot be written as JSON"):
        built(Api.ANTHROPIC, chat)
    with pytest.raises(PartError, match="cannot be written as JSON"):
        parts_of(chat)


BEAD = Source(SourceKind.BEAD, "description")
SHELL = Source(SourceKind.TOOL, "bash: cat /home/anna/notes")


def of_many_origins() -> ChatRequest:
    parts = (
        Part("# Tides: ", Source(SourceKind.HOUSE, "task"), Provenance.PUBLIC),
        Part("what is known?", BEAD, Provenance.INTERNAL),
        Part(" More.", BEAD, Provenance.INTERNAL),
        Part(" Notes.", Source(SourceKind.FILE, "/home/anna/notes.md")),
    )
    result = Message.of_parts(Role.TOOL, (Part("42", SHELL),), tool_name="read", call_id="foreign-id-77")
    user = Message.of_parts(Role.USER, parts)
    return asks(messages=(Message(Role.SYSTEM, "Be brief."), user, CONVERSATION.messages[2], result), tools=(READ,))


def test_the_gate_sees_every_text_by_name_and_with_its_origin() -> None:
    parts = parts_of(of_many_origins())
    assert [part.name for part in parts] == [
        "system",
        "user 1.house.task",
        "user 1.bead.description",
        "user 1.bead.description (2)",
        "user 1.file",
        "assistant 1",
        "assistant 1.call",
        "tool 1.tool.bash",
        "tool 1.tool",
        "tool read",
    ]
    origins = {part.name: (part.part.source, part.part.provenance) for part in parts}
    assert origins["user 1.bead.description"] == (BEAD, Provenance.INTERNAL)
    assert origins["tool 1.tool.bash"] == (SHELL, Provenance.PRIVATE)
    assert origins["tool read"][1] is Provenance.PUBLIC
    assert "anna" not in " ".join(part.name for part in parts)


@pytest.mark.parametrize("api", list(Api))
def test_nothing_is_sent_that_no_part_holds(api: Api) -> None:
    """Every text in the body, wherever it stands, is a part's or a word of the API's own."""
    chat = of_many_origins()
    seen = " ".join(part.part.text for part in parts_of(chat))
    body = built(api, chat).body
    for text in _texts(json.loads(body)):
        if text not in _API_WORDS and not text.startswith("{"):
            assert all(word in seen for word in text.split())


_API_WORDS = {"m", "system", "user", "assistant", "tool", "text", "tool_use", "tool_result", "call_1", "function"}


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [text for item in value.values() for text in _texts(item)] if isinstance(value, dict) else []


def test_redacted_parts_make_the_chat_again() -> None:
    chat = of_many_origins()
    redacted = with_texts(
        chat,
        {
            "user 1.file": " [[HOST_1]]",
            "assistant 1.call": 'read {"path": "[[PATH_1]]", "lines": [1, 2]}',
            "tool read": '{"name": "read", "description": "[[NAME_1]]", "parameters": {}}',
        },
    )
    assert redacted.messages[1].content == "# Tides: what is known? More. [[HOST_1]]"
    assert redacted.messages[2].tool_calls[0].arguments == {"path": "[[PATH_1]]", "lines": [1, 2]}
    assert redacted.tools[0].description == "[[NAME_1]]"
    assert [part.name for part in parts_of(redacted)] == [part.name for part in parts_of(chat)]
    assert redacted.messages[1].parts[3].source == chat.messages[1].parts[3].source


def test_arguments_that_are_no_json_any_more_go_as_words() -> None:
    redacted = with_texts(CONVERSATION, {"assistant 1.call": 'read {"pin": [[PIN_1]]}'})
    assert redacted.messages[2].tool_calls[0].arguments == {"redacted": '{"pin": [[PIN_1]]}'}


def test_a_part_that_is_not_there_and_a_tool_that_is_none_are_refused() -> None:
    with pytest.raises(PartError, match="user 9"):
        with_texts(CONVERSATION, {"user 9": ""})
    for text in ("{", "[]", '{"name": "write", "description": "", "parameters": {}}'):
        with pytest.raises(PartError, match="leave the tool out"):
            with_texts(CONVERSATION, {"tool read": text})


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([Role.SYSTEM, Role.USER]), st.lists(st.text(max_size=5), max_size=3))))
def test_a_chat_with_the_texts_of_its_own_parts_is_the_same_chat(told: list[tuple[Role, list[str]]]) -> None:
    messages = tuple(Message.of_parts(role, tuple(Part(text) for text in texts)) for role, texts in told)
    chat = asks(messages=messages)
    parts = parts_of(chat)
    again = with_texts(chat, {part.name: part.part.text for part in parts})
    assert len({part.name for part in parts}) == len(parts)
    assert parts_of(again) == parts
