"""Chat completions as OpenAI defined them, and as OpenRouter, vLLM and Gemini's compatible endpoint speak them.

Facts: OpenAI's API reference, pages "Create chat completion" and "Streaming"; OpenRouter's "Streaming", "Errors" and
"Provider routing"; Google's "OpenAI compatibility"; research/vllm.md 3 to 8. Events are read as the engine reads them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from b4tui.engines.openai.calls import CallParts
from b4tui.engines.openai.wire import DONE, CallPart, Chunk, read_chunk
from b4tui.engines.reading import Malformed, MalformedCall, clean
from b4tui.engines.types import Done, Text, Thinking, ToolCall, ToolSpec, Usage
from b4tui.escalation.door.wire.answers import Declined, Ending, Step, Unfinished, row_of, said_in
from b4tui.escalation.door.wire.turns import Call, Told, Turn

_TRUSTED = frozenset({"stop", "tool_calls", "function_call"})
_BROKEN_OFF = frozenset({"error", "abort"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _House:
    """How the API of one host differs: its word for the most tokens of an answer, and what else is sent."""

    limit: str = "max_tokens"
    rest: tuple[tuple[str, Any], ...] = ()


_HOUSES = {
    # `max_tokens` is refused by the reasoning models there; completions are not to be stored.
    "api.openai.com": _House(limit="max_completion_tokens", rest=(("store", False),)),
    # Only providers behind it that do not keep what they are told ("Provider routing").
    "openrouter.ai": _House(rest=(("provider", {"data_collection": "deny"}),)),
}


def request(told: Told, model: str, max_tokens: int, host: str) -> dict[str, Any]:
    """The body of a request, keys in the order they are sent in. Sampling is the provider's."""
    house = _HOUSES.get(host, _House())
    messages: list[dict[str, Any]] = [{"role": "system", "content": told.system}] if told.system else []
    for turn in told.turns:
        messages += _messages(turn)
    body: dict[str, Any] = {"model": model, house.limit: max_tokens, "messages": messages}
    if told.tools:
        body["tools"] = [_tool(tool) for tool in told.tools]
    return {**body, **dict(house.rest), "stream": True, "stream_options": {"include_usage": True}}


def _messages(turn: Turn) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"role": "tool", "tool_call_id": result.id, "content": result.text} for result in turn.results
    ]
    if turn.text.strip() or turn.calls:
        row: dict[str, Any] = {"role": turn.role.value, "content": turn.text}
        if turn.calls:
            row["tool_calls"] = [_call(call) for call in turn.calls]
        rows.append(row)
    return rows


def _call(call: Call) -> dict[str, Any]:
    arguments = json.dumps(call.arguments, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


class OpenAiAnswer:
    """One answer of chat completions, event by event. It is whole once an event names the reason of its end."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._calls = CallParts()
        self._own = _OwnIndexes()
        self._reason = ""
        self._refusal: list[str] = []
        self._usage: Usage | None = None

    @property
    def usage(self) -> Usage | None:
        """The figures so far."""
        return self._usage

    def take(self, message: bytes) -> Step:
        """Read the next event. Raises Malformed, MalformedCall, Said."""
        if message == DONE:
            return Step(over=True)
        row = row_of(message)
        if row.get("error"):
            raise said_in(row)
        chunk = read_chunk(message)
        refusal = _refusal(row)
        if refusal:
            self._refusal.append(refusal)
        for part in chunk.parts:
            self._calls.add(self._own.renumbered(part))
        if chunk.usage is not None:
            self._usage = chunk.usage
        if chunk.reason and not self._reason:
            self._reason = chunk.reason
        return Step(_pieces(chunk), chunk.says_something or bool(refusal), ending=bool(self._reason))

    def end(self) -> Ending:
        """The rest of the answer. Raises MalformedCall, Declined, Unfinished."""
        if self._refusal or self._reason.startswith("content_filter"):
            raise Declined("".join(self._refusal))
        if not self._reason or self._reason in _BROKEN_OFF:
            raise Unfinished(self._reason)
        ending: Ending = []
        if self._reason in _TRUSTED:
            ending += self._whole_calls()
        if self._usage is not None:
            ending.append(self._usage)
        return [*ending, Done(self._reason)]

    def _whole_calls(self) -> tuple[ToolCall, ...]:
        try:
            return self._calls.whole((), self._new_id)
        except RecursionError:
            raise MalformedCall("a tool call whose arguments are nested too deeply") from None


class _OwnIndexes:
    """Indexes of calls that can be trusted.

    Gemini's compatible endpoint sends each call whole and all of them as number 0, and some gateways do the same: a
    part that names another id than the call before it under this number, or a name after whole arguments, begins one.
    """

    def __init__(self) -> None:
        self._at: dict[int, int] = {}
        self._ids: dict[int, str] = {}
        self._texts: dict[int, str] = {}

    def renumbered(self, part: CallPart) -> CallPart:
        """The part under a number of ours."""
        at = self._at.get(part.index)
        if at is None or self._begins(at, part):
            at = len(self._ids)
            self._at[part.index] = at
            self._ids[at] = part.id
            self._texts[at] = ""
        self._ids[at] = self._ids[at] or part.id
        if part.name:
            self._texts[at] += part.arguments
        return replace(part, index=at)

    def _begins(self, at: int, part: CallPart) -> bool:
        if part.id and self._ids[at] and part.id != self._ids[at]:
            return True
        return bool(part.name and not part.id and part.arguments and _is_object(self._texts[at]))


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _pieces(chunk: Chunk) -> tuple[Text | Thinking, ...]:
    pieces: list[Text | Thinking] = []
    if chunk.thinking:
        pieces.append(Thinking(chunk.thinking))
    if chunk.text:
        pieces.append(Text(chunk.text))
    return tuple(pieces)


def _refusal(row: dict[str, Any]) -> str:
    """What the model says instead of an answer it declines; `read_chunk` has seen that the shapes are in order."""
    choices = row.get("choices") or ()
    delta = choices[0].get("delta") if choices else None
    value = delta.get("refusal") if isinstance(delta, dict) else None
    if value is not None and not isinstance(value, str):
        raise Malformed("`refusal` is not text")
    return clean(value or "")
