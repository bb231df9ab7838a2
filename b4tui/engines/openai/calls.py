"""Tool calls of an OpenAI-compatible stream: fragments put together, and what leaked into the text taken out of it.

Pure. Facts: research/vllm.md 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from b4tui.engines.openai.wire import CallPart
from b4tui.engines.reading import MalformedCall, call_arguments
from b4tui.engines.types import ToolCall, ToolSpec

CALL_LIMIT = 128
ARGUMENTS_LIMIT = 16 * 1024 * 1024
_LEAK = "<tool_call>"


class CallParts:
    """The fragments of one answer's calls, by the index that the server gives each call."""

    def __init__(self) -> None:
        self._ids: dict[int, str] = {}
        self._names: dict[int, str] = {}
        self._arguments: dict[int, list[str]] = {}
        self._size = 0

    def add(self, part: CallPart) -> None:
        """Take one fragment. Raises MalformedCall when it gets out of hand."""
        self._size += len(part.arguments) + len(part.name)
        if self._size > ARGUMENTS_LIMIT:
            raise MalformedCall(f"tool calls of more than {ARGUMENTS_LIMIT} characters")
        pieces = self._arguments.setdefault(part.index, [])
        if len(self._arguments) > CALL_LIMIT:
            raise MalformedCall(f"more than {CALL_LIMIT} tool calls in one answer")
        pieces.append(part.arguments)
        # Some servers repeat id and name on every fragment; none sends them in pieces.
        self._ids.setdefault(part.index, part.id)
        self._names.setdefault(part.index, part.name)
        self._ids[part.index] = self._ids[part.index] or part.id
        self._names[part.index] = self._names[part.index] or part.name

    def whole(self, tools: Iterable[ToolSpec], new_id: Callable[[], str]) -> tuple[ToolCall, ...]:
        """The calls, each with an id of its own. Raises MalformedCall for one that cannot be read."""
        specs = {tool.name: tool for tool in tools}
        taken: set[str] = set()
        calls = []
        for index in sorted(self._arguments):
            name, call_id = self._names[index].strip(), self._ids[index]
            if not name:
                raise MalformedCall("a tool call without a name")
            if not call_id or call_id in taken:
                call_id = new_id()
            taken.add(call_id)
            arguments = call_arguments("".join(self._arguments[index]))
            calls.append(ToolCall(call_id, name, _trimmed(arguments, specs.get(name))))
        return tuple(calls)


class LeakedMarks:
    """Holds back a `<tool_call>` at the end of the text: some parsers of vLLM send it before the call itself.

    What was held is dropped when a call follows, and given out when text does.
    """

    def __init__(self, *, watch: bool) -> None:
        self._watch = watch
        self._held = ""

    def text(self, piece: str) -> str:
        """What may be shown of the text so far."""
        if not self._watch:
            return piece
        text = self._held + piece
        at = _start_of_mark(text)
        self._held = text[at:]
        return text[:at]

    def call(self) -> None:
        """A call has come: what was held was its mark."""
        self._held = ""

    def end(self) -> str:
        """No call has come: what was held is part of the answer."""
        held, self._held = self._held, ""
        return held


def _start_of_mark(text: str) -> int:
    """Where a mark begins that the text ends with, whole or in part; the text's length where there is none."""
    bare = text.rstrip()
    if bare.endswith(_LEAK):
        return len(bare) - len(_LEAK)
    for length in range(min(len(_LEAK) - 1, len(text)), 0, -1):
        if text.endswith(_LEAK[:length]):
            return len(text) - length
    return len(text)


def _trimmed(arguments: dict[str, Any], tool: ToolSpec | None) -> dict[str, Any]:
    """The arguments, with the white space gone that vLLM's XML parsers put around a choice of several words."""
    properties = tool.parameters.get("properties") if tool else None
    if not isinstance(properties, Mapping):
        return arguments
    return {key: _choice(value, properties.get(key)) for key, value in arguments.items()}


def _choice(value: object, schema: object) -> object:
    choices = schema.get("enum") if isinstance(schema, Mapping) else None
    if isinstance(value, str) and isinstance(choices, list | tuple) and value not in choices:
        return value.strip() if value.strip() in choices else value
    return value
