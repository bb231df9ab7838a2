"""Ollama's own API in its cloud: the body of POST /api/chat, and lines of JSON.

Facts: Ollama's documentation, pages "Cloud", "Authentication" and "Chat"; research/runtime.md 1.3. Lines are read as
the engine reads them, but that an answer from elsewhere is what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from b4tui.engines.ollama.wire import read_chunk
from b4tui.engines.types import Done, Role, Text, Thinking, ToolCall, Usage
from b4tui.escalation.door.wire.answers import Ending, Said, Step, Unfinished
from b4tui.escalation.door.wire.turns import Told, Turn

_TRUSTED = frozenset({"stop", ""})


def request(told: Told, model: str, max_tokens: int) -> dict[str, Any]:
    """The body of a request, keys in the order they are sent in. Sampling is the model's own."""
    messages: list[dict[str, Any]] = [{"role": "system", "content": told.system}] if told.system else []
    for turn in told.turns:
        messages += _messages(turn)
    body: dict[str, Any] = {"model": model, "messages": messages}
    if told.tools:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            }
            for tool in told.tools
        ]
    return {**body, "stream": True, "options": {"num_predict": max_tokens}}


def _messages(turn: Turn) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"role": Role.TOOL.value, "tool_name": result.name, "tool_call_id": result.id, "content": result.text}
        for result in turn.results
    ]
    if turn.text.strip() or turn.calls:
        row: dict[str, Any] = {"role": turn.role.value, "content": turn.text}
        if turn.calls:
            row["tool_calls"] = [
                {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}} for call in turn.calls
            ]
        rows.append(row)
    return rows


class OllamaAnswer:
    """One answer of Ollama's API, line by line; the line that says `done` ends it."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._calls: list[ToolCall] = []
        self._usage: Usage | None = None
        self._reason: str | None = None

    @property
    def usage(self) -> Usage | None:
        """The figures, which come with the last line."""
        return self._usage

    def take(self, message: bytes) -> Step:
        """Read the next line. Raises Malformed, MalformedCall, Said."""
        chunk = read_chunk(message, self._new_id)
        if chunk.error:
            raise Said(chunk.error)
        self._calls += chunk.calls
        pieces: list[Text | Thinking] = []
        if chunk.thinking:
            pieces.append(Thinking(chunk.thinking))
        if chunk.text:
            pieces.append(Text(chunk.text))
        if chunk.done:
            self._reason, self._usage = chunk.reason, chunk.usage
        return Step(tuple(pieces), bool(pieces or chunk.calls or chunk.done), over=chunk.done)

    def end(self) -> Ending:
        """The rest of the answer. Raises Unfinished."""
        if self._reason is None:
            raise Unfinished
        ending: Ending = []
        if self._reason in _TRUSTED:
            ending += self._own_ids()
        if self._usage is not None:
            ending.append(self._usage)
        return [*ending, Done(self._reason or "stop")]

    def _own_ids(self) -> list[ToolCall]:
        """The calls, each with an id of its own."""
        seen: set[str] = set()
        own = []
        for call in self._calls:
            call = replace(call, id=self._new_id()) if call.id in seen else call
            seen.add(call.id)
            own.append(call)
        return own
