"""Anthropic's Messages API: the body of POST /v1/messages, and its stream of events.

Facts: Anthropic's API reference, pages "Messages", "Streaming Messages", "Tool use", "Errors", "Stop reasons".
Sampling is the provider's: newer models refuse `temperature` beside their own. Thinking is not asked for.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from b4tui.engines.reading import Malformed, MalformedCall, clean, kind_of
from b4tui.engines.types import Done, Role, Text, Thinking, ToolCall, Usage
from b4tui.escalation.door.wire.answers import Declined, Ending, Step, Unfinished, arguments_of, count, row_of, said_in
from b4tui.escalation.door.wire.turns import Told, Turn

VERSION = "2023-06-01"
_ARGUMENTS_LIMIT = 16 * 1024 * 1024
_BLOCK_LIMIT = 1024
_REASONS = {"end_turn": "stop", "stop_sequence": "stop", "tool_use": "tool_calls", "max_tokens": "length"}
_REASONS["model_context_window_exceeded"] = "length"


def request(told: Told, model: str, max_tokens: int) -> dict[str, Any]:
    """The body of a request, keys in the order they are sent in."""
    body: dict[str, Any] = {"model": model, "max_tokens": max_tokens}
    if told.system:
        body["system"] = told.system
    body["messages"] = [{"role": turn.role.value, "content": _blocks(turn)} for turn in told.turns]
    if told.tools:
        body["tools"] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters} for tool in told.tools
        ]
    body["stream"] = True
    return body


def _blocks(turn: Turn) -> str | list[dict[str, Any]]:
    """The content of a turn; results of tools must come first in it, and no text may be empty."""
    if not turn.calls and not turn.results:
        return _text(turn)
    blocks: list[dict[str, Any]] = [
        {"type": "tool_result", "tool_use_id": result.id, "content": result.text} for result in turn.results
    ]
    if text := _text(turn):
        blocks.append({"type": "text", "text": text})
    blocks += [{"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in turn.calls]
    return blocks


def _text(turn: Turn) -> str:
    """An assistant's last turn may not end in white space ("Prefill Claude's response")."""
    return turn.text.rstrip() if turn.role is Role.ASSISTANT else turn.text


@dataclass(slots=True)
class _Block:
    kind: str
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class AnthropicAnswer:
    """One answer of the Messages API, event by event.

    Kinds of events and blocks that are not known are passed over, as the reference asks of its readers.
    """

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._blocks: dict[int, _Block] = {}
        self._size = 0
        self._reason = ""
        self._prompt: int | None = None
        self._cached: int | None = None
        self._generated: int | None = None

    @property
    def usage(self) -> Usage | None:
        """The figures so far. What the API counts apart, read from and written to its cache, is part of the prompt."""
        if self._prompt is None and self._generated is None:
            return None
        return Usage(prompt_tokens=self._prompt or 0, generated_tokens=self._generated or 0, cached_tokens=self._cached)

    def take(self, message: bytes) -> Step:
        """Read the next event. Raises Malformed, MalformedCall, Said."""
        row = row_of(message)
        match row.get("type"):
            case "message_start":
                self._figures(_mapping(_mapping(row.get("message")).get("usage")))
                return Step(progress=False)
            case "content_block_start":
                return self._start(row)
            case "content_block_delta":
                return self._delta(row)
            case "message_delta":
                return self._message(row)
            case "message_stop":
                return Step(over=True)
            case "error":
                raise said_in(row)
            case str():
                return Step(progress=False)
        raise Malformed("an event without a type")

    def end(self) -> Ending:
        """The rest of the answer. Raises MalformedCall, Declined, Unfinished."""
        if self._reason == "refusal":
            raise Declined
        if self._reason not in _REASONS:
            raise Unfinished(self._reason)
        ending: Ending = []
        if self._reason == "tool_use":
            ending += [self._call(block) for _, block in sorted(self._blocks.items()) if block.kind == "tool_use"]
        if (usage := self.usage) is not None:
            ending.append(usage)
        return [*ending, Done(_REASONS[self._reason])]

    def _start(self, row: Mapping[str, Any]) -> Step:
        block = _mapping(row.get("content_block"))
        if len(self._blocks) >= _BLOCK_LIMIT:
            raise Malformed(f"more than {_BLOCK_LIMIT} blocks in one answer")
        found = _Block(_word(block.get("type")), _word(block.get("id")), _word(block.get("name")))
        # The whole input may come at once; `{}` stands there where it comes in pieces.
        if found.kind == "tool_use" and (whole := block.get("input")):
            found.arguments.append(json.dumps(whole))
        self._blocks[_index(row)] = found
        if found.kind == "text" and (text := _word(block.get("text"))):
            return Step((Text(text),))
        return Step(progress=found.kind == "tool_use")

    def _delta(self, row: Mapping[str, Any]) -> Step:
        delta = _mapping(row.get("delta"))
        match delta.get("type"):
            case "text_delta":
                return Step((Text(_said(delta, "text")),))
            case "thinking_delta":
                return Step((Thinking(_said(delta, "thinking")),))
            case "input_json_delta":
                block = self._blocks.get(_index(row))
                if block is None:
                    raise MalformedCall("a piece of a tool call that never began")
                piece = _said(delta, "partial_json")
                self._size += len(piece)
                if self._size > _ARGUMENTS_LIMIT:
                    raise MalformedCall(f"tool calls of more than {_ARGUMENTS_LIMIT} characters")
                block.arguments.append(piece)
                return Step()
        return Step(progress=False)

    def _message(self, row: Mapping[str, Any]) -> Step:
        self._figures(_mapping(row.get("usage")))
        if reason := _word(_mapping(row.get("delta")).get("stop_reason")):
            self._reason = reason
        return Step(ending=bool(self._reason))

    def _figures(self, usage: Mapping[str, Any]) -> None:
        """Figures are running totals: the last ones hold."""
        fresh = count(usage.get("input_tokens"))
        if fresh is not None:
            self._cached = count(usage.get("cache_read_input_tokens"))
            self._prompt = fresh + (self._cached or 0) + (count(usage.get("cache_creation_input_tokens")) or 0)
        generated = count(usage.get("output_tokens"))
        if generated is not None:
            self._generated = generated

    def _call(self, block: _Block) -> ToolCall:
        if not block.name.strip():
            raise MalformedCall("a tool call without a name")
        return ToolCall(block.id or self._new_id(), block.name.strip(), arguments_of("".join(block.arguments)))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _word(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""


def _said(delta: Mapping[str, Any], key: str) -> str:
    value = delta.get(key)
    if not isinstance(value, str):
        raise Malformed(f"`{key}` is {kind_of(value)}, not text")
    return clean(value)


def _index(row: Mapping[str, Any]) -> int:
    index = count(row.get("index"))
    if index is None:
        raise Malformed("a block whose `index` is no number")
    return index
