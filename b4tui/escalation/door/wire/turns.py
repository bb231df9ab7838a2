"""A chat as every provider is told it: turns in order, tool calls numbered anew, nothing that need not leave.

Ids of calls come from other servers and models; here they become `call_1`, `call_2`, and mean nothing to anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from b4tui.engines.reading import clean
from b4tui.engines.types import ChatRequest, Message, Role, ToolSpec


class Unsayable(Exception):
    """The chat cannot be said in a provider's API; the words say what is wrong and quote nothing of it."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call of an earlier turn."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """What a tool gave back to the call of this id."""

    id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said. Only the assistant's turns have calls, only the user's have results, which come first."""

    role: Role
    text: str = ""
    calls: tuple[Call, ...] = ()
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """A chat: instructions, turns that alternate and begin with the user's, and tools."""

    system: str
    turns: tuple[Turn, ...]
    tools: tuple[ToolSpec, ...]


def told(chat: ChatRequest) -> Told:
    """The chat in turns. Raises Unsayable."""
    system = "\n\n".join(text for m in chat.messages if m.role is Role.SYSTEM and (text := clean(m.content)).strip())
    turns: list[Turn] = []
    numbers = _Numbers()
    for message in chat.messages:
        if message.role is not Role.SYSTEM:
            _add(turns, _turn(message, numbers))
    if not turns or turns[0].role is not Role.USER or turns[0].results:
        raise Unsayable("a chat with a cloud model begins with something said to it")
    for turn, after in zip_longest(turns, turns[1:]):
        if {call.id for call in turn.calls} != {result.id for result in (after.results if after else ())}:
            raise Unsayable("a tool call in the chat has no result, and no cloud model goes on without it")
    return Told(system, tuple(turns), tuple(_tool(tool) for tool in chat.tools))


@dataclass(slots=True)
class _Numbers:
    """The new ids. A result belongs to the latest call of its id: servers use the same ids again in every turn."""

    used: int = 0
    latest: dict[str, Call] = field(default_factory=dict)

    def call(self, old: str, name: str, arguments: Mapping[str, Any]) -> Call:
        self.used += 1
        call = Call(f"call_{self.used}", clean(name), arguments)
        self.latest[old] = call
        return call

    def result(self, message: Message) -> Result:
        call = self.latest.pop(message.call_id, None)
        if call is None:
            raise Unsayable("a tool's result in the chat belongs to no call before it")
        return Result(call.id, clean(message.tool_name) or call.name, clean(message.content))


def _turn(message: Message, numbers: _Numbers) -> Turn:
    if message.role is Role.TOOL:
        return Turn(Role.USER, results=(numbers.result(message),))
    calls = tuple(numbers.call(call.id, call.name, _mapping(call.arguments)) for call in message.tool_calls)
    return Turn(message.role, clean(message.content), calls)


def _add(turns: list[Turn], turn: Turn) -> None:
    """Put a turn behind the others; what the same side said in a row becomes one turn."""
    last = turns[-1] if turns else None
    if last is None or last.role is not turn.role:
        if turn.text.strip() or turn.calls or turn.results:
            turns.append(turn)
        return
    text = "\n\n".join(text for text in (last.text, turn.text) if text.strip())
    turns[-1] = Turn(last.role, text, last.calls + turn.calls, last.results + turn.results)


def _tool(tool: ToolSpec) -> ToolSpec:
    return ToolSpec(clean(tool.name), clean(tool.description), _mapping(tool.parameters))


def plain_value(value: object) -> object:
    """A value as JSON has it, in the same order: mappings and sequences of any kind as dicts and lists, texts clean."""
    if isinstance(value, Mapping):
        return {clean(str(key)): plain_value(item) for key, item in value.items()}
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [plain_value(item) for item in value]
    return value


def _mapping(value: Mapping[str, Any]) -> dict[str, Any]:
    plain = plain_value(value)
    assert isinstance(plain, dict)
    return plain
