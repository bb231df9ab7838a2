"""A chat as the gate sees it: every stretch of text that would leave, by name and with its origin; and back again.

What does not leave is not here: thinking of earlier turns, and ids of tool calls, are never sent (see `wire`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from b4tui.engines.reading import clean
from b4tui.engines.types import ChatRequest, Message, ToolCall, ToolSpec
from b4tui.escalation.door.wire.turns import plain_value
from b4tui.gate.types import NamedPart
from b4tui.provenance import Part, Provenance, Source, SourceKind

QUESTION = "the question"
_ASKED = Source(SourceKind.MODEL, "question")
"""What an agent asks: a person is told of it by a word of their own, and not by its place in the request."""

# Sources whose names are ours to choose. Other names (paths, commands) may hold what must not get into a log.
_NAMED = frozenset({SourceKind.BEAD, SourceKind.TOOL, SourceKind.PERSONA, SourceKind.HOUSE})
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,23}")


class PartError(Exception):
    """Texts that do not fit the chat they are for; the words name the part and quote nothing."""


def parts_of(chat: ChatRequest) -> tuple[NamedPart, ...]:
    """Every text of the chat that would leave, in the order it would: messages, their tool calls, tools.

    The same chat gives the same names, and no name comes twice. Raises PartError for what JSON cannot say.
    """
    try:
        return tuple(NamedPart(name, part) for name, part in _named(chat))
    except (TypeError, ValueError, RecursionError):
        raise PartError("the chat holds what cannot be written as JSON") from None


def with_texts(chat: ChatRequest, texts: Mapping[str, str]) -> ChatRequest:
    """The chat with other texts for the parts named; all other parts stay as they are.

    Raises PartError for a name that no part has, and where a tool would no longer be one.
    """
    left = dict(texts)
    names = iter([part.name for part in parts_of(chat)])

    def text_of(old: str) -> tuple[str, str]:
        name = next(names)
        return name, left.pop(name, old)

    messages = tuple(_message_with(message, text_of) for message in chat.messages)
    tools = tuple(_tool_with(tool, *text_of(tool_text(tool))) for tool in chat.tools)
    if left:
        raise PartError(f"there is no part {min(left)!r} in this chat")
    return replace(chat, messages=messages, tools=tools)


def arguments_text(call: ToolCall) -> str:
    """A call's name and arguments as one text."""
    return f"{clean(call.name)} {_json(call.arguments)}"


def tool_text(tool: ToolSpec) -> str:
    """What a model is told of a tool, as one text of JSON."""
    return _json({"name": tool.name, "description": tool.description, "parameters": tool.parameters})


def _named(chat: ChatRequest) -> Iterator[tuple[str, Part]]:
    taken: set[str] = set()
    for wanted, part in _all(chat):
        name, count = wanted, 1
        while name in taken:
            count += 1
            name = f"{wanted} ({count})"
        taken.add(name)
        yield name, part


def _all(chat: ChatRequest) -> Iterator[tuple[str, Part]]:
    counts: dict[str, int] = {}
    for message in chat.messages:
        role = message.role.value
        counts[role] = counts.get(role, 0) + 1
        base = role if role == "system" and counts[role] == 1 else f"{role} {counts[role]}"
        for part in message.origins():
            name = QUESTION if part.source == _ASKED else f"{base}{_suffix(part.source)}"
            yield name, replace(part, text=clean(part.text))
        for call in message.tool_calls:
            source = Source(SourceKind.MODEL, "tool call")
            yield f"{base}.call", Part(arguments_text(call), source, message.provenance)
        if message.tool_name:
            yield f"{base}.tool", Part(clean(message.tool_name), Source(SourceKind.MODEL, "tool"), message.provenance)
    for tool in chat.tools:
        name = tool.name if _PLAIN_NAME.fullmatch(tool.name) else ""
        yield f"tool {name}".rstrip(), Part(tool_text(tool), Source(SourceKind.HOUSE, "tool"), Provenance.PUBLIC)


def _suffix(source: Source) -> str:
    """What a part's name says of its source."""
    if source.kind is SourceKind.UNKNOWN:
        return ""
    word = source.name.partition(":")[0].rpartition("/")[2].strip()
    if source.kind in _NAMED and _PLAIN_NAME.fullmatch(word):
        return f".{source.kind}.{word}"
    return f".{source.kind}"


def _message_with(message: Message, text_of: Callable[[str], tuple[str, str]]) -> Message:
    parts = tuple(replace(part, text=text_of(part.text)[1]) for part in message.origins())
    calls = tuple(_call_with(call, *text_of(arguments_text(call))) for call in message.tool_calls)
    tool = text_of(message.tool_name)[1] if message.tool_name else ""
    content = "".join(part.text for part in parts)
    return replace(message, content=content, parts=parts, tool_calls=calls, tool_name=tool)


def _call_with(call: ToolCall, name: str, text: str) -> ToolCall:
    """The call as its text says. Where that is no call any more, because a number was redacted, it becomes words."""
    if text == arguments_text(call):
        return call
    word, _, rest = text.partition(" ")
    arguments = _object(rest)
    return replace(call, name=word, arguments={"redacted": rest} if arguments is None else arguments)


def _tool_with(tool: ToolSpec, name: str, text: str) -> ToolSpec:
    if text == tool_text(tool):
        return tool
    row = _object(text)
    if row is None or set(row) != {"name", "description", "parameters"} or row["name"] != tool.name:
        raise PartError(f"{name} cannot be redacted and stay a tool: leave the tool out")
    if not isinstance(row["description"], str) or not isinstance(row["parameters"], dict):
        raise PartError(f"{name} cannot be redacted and stay a tool: leave the tool out")
    return ToolSpec(tool.name, row["description"], row["parameters"])


def _object(text: str) -> dict[str, Any] | None:
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _json(value: object) -> str:
    return json.dumps(plain_value(value), ensure_ascii=False, allow_nan=False)
