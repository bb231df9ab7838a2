"""Ollama's words for ours: a request to the body of POST /api/chat, a line of its stream to a Chunk.

Pure. Facts: research/runtime.md 1.3 and 1.12.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from b4tui.engines.reading import Malformed, MalformedCall, call_arguments, clean, error_text, json_object, kind_of
from b4tui.engines.types import ChatRequest, Message, ToolCall, ToolSpec, Usage

_WHOLE_NUMBER = re.compile(r"[+-]?\d{1,18}")


# Not frozen: there are thousands a second, and freezing one triples what making it costs.
@dataclass(slots=True, kw_only=True)
class Chunk:
    """One line of the stream. `usage` and `reason` belong to the last one (`done`); times in seconds."""

    text: str = ""
    thinking: str = ""
    calls: tuple[ToolCall, ...] = ()
    done: bool = False
    reason: str = ""
    usage: Usage | None = None
    error: str = ""
    remote: str = ""


def request_body(request: ChatRequest) -> bytes:
    """The body of POST /api/chat. Nothing is left to the server's defaults, and it may not cut the prompt silently.

    Raises ValueError or TypeError for a request that holds what JSON cannot say.
    """
    options = {
        **request.options,
        "num_ctx": request.num_ctx,
        "num_predict": request.num_predict,
        "temperature": request.temperature,
    }
    if request.seed is not None:
        options["seed"] = request.seed
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
        "think": request.think,
        "keep_alive": _keep_alive(request.keep_alive),
        "truncate": False,
        "shift": False,
        "options": options,
    }
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    # ASCII, so that a lone surrogate in a tool's output is an escape the server mends, and not an error here.
    return json.dumps(body, ensure_ascii=True, allow_nan=False).encode("ascii")


def read_chunk(line: bytes, new_id: Callable[[], str]) -> Chunk:
    """Read one line. `new_id` makes ids for tool calls that have none.

    Figures of the wrong type count as not said; everything else of the wrong type raises Malformed.
    """
    try:
        return _chunk(json_object(line), new_id)
    except RecursionError:
        raise Malformed("a line that is nested too deeply") from None


def _chunk(row: Mapping[str, Any], new_id: Callable[[], str]) -> Chunk:
    message = row.get("message")
    if message is None:
        message = {}
    if not isinstance(message, dict):
        raise Malformed(f"`message` is {kind_of(message)}, not an object")
    done = row.get("done") is True
    return Chunk(
        text=_text(message, "content"),
        thinking=_text(message, "thinking"),
        calls=_calls(message.get("tool_calls"), new_id),
        done=done,
        reason=_word(row.get("done_reason")) if done else "",
        usage=_usage(row) if done else None,
        error=error_text(row["error"]) if row.get("error") else "",
        remote=remote_of(row),
    )


def remote_of(row: Mapping[str, Any]) -> str:
    """Where a model is computed when that is not here, "" when it is: any value in these fields counts (1.7 B)."""
    said = [row.get("remote_host"), row.get("remote_model")]
    return " ".join(clean(str(value)) for value in said if value not in (None, ""))


def weights_of(row: Mapping[str, Any]) -> str:
    """The file that a model of POST /api/show is made from, "" where its modelfile names none."""
    text = row.get("modelfile")
    for line in text.splitlines() if isinstance(text, str) else ():
        word, _, path = line.partition(" ")
        if word == "FROM":
            path = path.strip().strip('"')
            return path if PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute() else ""
    return ""


def _message(message: Message) -> dict[str, Any]:
    row: dict[str, Any] = {"role": message.role.value, "content": message.content}
    if message.thinking:
        row["thinking"] = message.thinking
    if message.tool_calls:
        row["tool_calls"] = [
            {"id": call.id, "function": {"name": call.name, "arguments": dict(call.arguments)}}
            for call in message.tool_calls
        ]
    # Older servers match a result by the tool's name, newer ones by the call's id.
    if message.tool_name:
        row["tool_name"] = message.tool_name
    if message.call_id:
        row["tool_call_id"] = message.call_id
    return row


def _tool(tool: ToolSpec) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _keep_alive(text: str) -> str | int:
    """A bare number is seconds, and Ollama reads it only as a number ("-1" has no unit)."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text.strip()) else text


def _text(message: Mapping[str, Any], key: str) -> str:
    value = message.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"`{key}` is {kind_of(value)}, not text")
    return clean(value)


def _calls(value: object, new_id: Callable[[], str]) -> tuple[ToolCall, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Malformed(f"`tool_calls` is {kind_of(value)}, not a list")
    return tuple(_call(item, new_id) for item in value)


def _call(item: object, new_id: Callable[[], str]) -> ToolCall:
    function = item.get("function") if isinstance(item, dict) else None
    if not isinstance(item, dict) or not isinstance(function, dict):
        raise Malformed("a tool call that is not an object with a `function`")
    name, call_id = function.get("name"), item.get("id")
    if not isinstance(name, str) or not name.strip():
        raise MalformedCall("a tool call without a name")
    return ToolCall(
        id=clean(call_id) if isinstance(call_id, str) and call_id else new_id(),
        name=clean(name),
        arguments=call_arguments(function.get("arguments")),
    )


def _usage(row: Mapping[str, Any]) -> Usage | None:
    prompt, generated = _count(row.get("prompt_eval_count")), _count(row.get("eval_count"))
    if prompt is None and generated is None:
        return None
    return Usage(
        prompt_tokens=prompt or 0,
        generated_tokens=generated or 0,
        cached_tokens=_count(row.get("prompt_eval_cached_count")),
        prompt_seconds=_seconds(row.get("prompt_eval_duration")),
        generate_seconds=_seconds(row.get("eval_duration")),
        load_seconds=_seconds(row.get("load_duration")),
        total_seconds=_seconds(row.get("total_duration")),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _seconds(value: object) -> float | None:
    """Nanoseconds to seconds."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 2**63:
        return None
    return value / 1e9 if math.isfinite(value) else None


def _word(value: object) -> str:
    return clean(value) if isinstance(value, str) else ""
