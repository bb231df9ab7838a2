"""OpenAI's words for ours: a request to the body of POST /v1/chat/completions, an event of its stream to a Chunk.

Pure. Facts: research/vllm.md 3 to 8, research/runtime.md 2; llama-server's shapes as its version 0.6.0 sends them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from b4tui.engines.openai.flavors import Flavor
from b4tui.engines.reading import (
    Malformed,
    clean,
    clean_value,
    error_text,
    json_object,
    kind_of,
)
from b4tui.engines.types import (
    ChatRequest,
    Message,
    Role,
    ToolCall,
    ToolSpec,
    Usage,
)

DONE = b"[DONE]"
# Load-time options of Ollama, which no other server knows (research/runtime.md 1.5).
_OLLAMA_OPTIONS = frozenset(
    {
        "num_ctx",
        "num_predict",
        "num_gpu",
        "num_thread",
        "num_batch",
        "num_keep",
        "main_gpu",
        "use_mmap",
        "draft_num_predict",
    }
)
# What a role's options may not touch: the request says these itself.
_OURS = frozenset({"model", "messages", "tools", "stream", "stream_options", "n"})


@dataclass(frozen=True, slots=True)
class CallPart:
    """A fragment of a tool call: what came of its id, its name and the text of its arguments."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


# Not frozen: there are thousands a second, and freezing one triples what making it costs.
@dataclass(slots=True, kw_only=True)
class Chunk:
    """One event of the stream. `reason` is the server's word for the end of the answer, `model` its name for itself."""

    model: str = ""
    text: str = ""
    thinking: str = ""
    parts: tuple[CallPart, ...] = ()
    reason: str = ""
    usage: Usage | None = None
    error: str = ""
    status: int | None = None

    @property
    def says_something(self) -> bool:
        """Whether the model got any further: the role alone comes before the first token."""
        return bool(self.text or self.thinking or self.parts or self.reason or self.usage)


def request_body(request: ChatRequest, model: str, flavor: Flavor) -> bytes:
    """The body of POST /v1/chat/completions; `model` is the server's own name. Nothing is left to its defaults.

    Raises ValueError or TypeError for a request that holds what JSON cannot say.
    """
    body: dict[str, Any] = {
        **_options(request.options, flavor),
        "model": model,
        "messages": [_message(message, flavor) for message in request.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": request.num_predict,
        "temperature": request.temperature,
    }
    if request.seed is not None:
        body["seed"] = request.seed
    if request.tools:
        body["tools"] = [_tool(tool, flavor) for tool in request.tools]
    if flavor.thinking_switch:
        body["chat_template_kwargs"] = {**_mapping(body.get("chat_template_kwargs")), **_thinking(request.think)}
    if flavor.effort and isinstance(request.think, str):
        body["reasoning_effort"] = request.think
    # A lone surrogate in a tool's output is no text: llama-server refuses the whole request for its escape.
    return json.dumps(clean_value(body), ensure_ascii=True, allow_nan=False).encode("ascii")


def read_chunk(event: bytes) -> Chunk:
    """Read one event that is not DONE.

    Figures of the wrong type count as not said; everything else of the wrong type raises Malformed.
    """
    try:
        return _chunk(json_object(event))
    except RecursionError:
        raise Malformed("an event that is nested too deeply") from None


def _chunk(row: Mapping[str, Any]) -> Chunk:
    if row.get("error"):
        status = row["error"].get("code") if isinstance(row["error"], dict) else None
        return Chunk(error=error_text(row), status=status if isinstance(status, int) and status >= 400 else None)
    choice = _first_choice(row.get("choices"))
    delta = choice.get("delta")
    if delta is None:
        delta = {}
    if not isinstance(delta, dict):
        raise Malformed(f"`delta` is {kind_of(delta)}, not an object")
    reason = choice.get("finish_reason")
    model = row.get("model")
    return Chunk(
        model=clean(model) if isinstance(model, str) else "",
        text=_text(delta, "content"),
        thinking=_text(delta, "reasoning") or _text(delta, "reasoning_content"),
        parts=_parts(delta.get("tool_calls")),
        reason=clean(reason) if isinstance(reason, str) else "",
        usage=_usage(row) if "usage" in row or "timings" in row else None,
    )


def _first_choice(choices: object) -> Mapping[str, Any]:
    """The one choice that was asked for; the last event with the figures has none."""
    if choices is None:
        return {}
    if not isinstance(choices, list):
        raise Malformed(f"`choices` is {kind_of(choices)}, not a list")
    if not choices:
        return {}
    if not isinstance(choices[0], dict):
        raise Malformed(f"a choice is {kind_of(choices[0])}, not an object")
    return choices[0]


def _parts(value: object) -> tuple[CallPart, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise Malformed(f"`tool_calls` is {kind_of(value)}, not a list")
    return tuple(_part(item, at) for at, item in enumerate(value))


def _part(item: object, at: int) -> CallPart:
    if not isinstance(item, dict):
        raise Malformed("a tool call that is not an object")
    function = item.get("function")
    if function is None:
        function = {}
    if not isinstance(function, dict):
        raise Malformed("a tool call whose `function` is not an object")
    index = item.get("index", at)
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < 2**31:
        raise Malformed("a tool call whose `index` is no number")
    arguments = function.get("arguments")
    return CallPart(
        index,
        id=_text(item, "id"),
        name=_text(function, "name"),
        # Some servers send the object itself.
        arguments=json.dumps(arguments) if isinstance(arguments, dict) else _text(function, "arguments"),
    )


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Malformed(f"`{key}` is {kind_of(value)}, not text")
    return clean(value)


def _usage(row: Mapping[str, Any]) -> Usage | None:
    """The figures. Chunks are not tokens (research/vllm.md 3): only the server can count them."""
    usage, timings = _mapping(row.get("usage")), _mapping(row.get("timings"))
    prompt, generated = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    cached = _count(_mapping(usage.get("prompt_tokens_details")).get("cached_tokens"))
    fresh, reused = _count(timings.get("prompt_n")), _count(timings.get("cache_n"))
    if cached is None:
        cached = reused
    if prompt is None and fresh is not None:
        prompt = fresh + (reused or 0)
    if generated is None:
        generated = _count(timings.get("predicted_n"))
    if prompt is None and generated is None:
        return None
    metrics = _mapping(row.get("metrics"))
    return Usage(
        prompt_tokens=prompt or 0,
        generated_tokens=generated or 0,
        cached_tokens=cached,
        prompt_seconds=_seconds(timings.get("prompt_ms")),
        generate_seconds=_seconds(timings.get("predicted_ms", metrics.get("generation_time_ms"))),
    )


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _seconds(value: object) -> float | None:
    """Milliseconds to seconds; NaN fails both comparisons."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < 2**53:
        return None
    return value / 1e3


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _options(options: Mapping[str, Any], flavor: Flavor) -> dict[str, Any]:
    """A role's options in this server's words; what only Ollama knows is left out."""
    kept = {key: value for key, value in options.items() if key not in _OLLAMA_OPTIONS | _OURS}
    if "repeat_penalty" in kept:
        kept[flavor.repeat_penalty] = kept.pop("repeat_penalty")
    return kept


def _thinking(think: bool | str) -> dict[str, Any]:
    return {"enable_thinking": bool(think)}


def _message(message: Message, flavor: Flavor) -> dict[str, Any]:
    row: dict[str, Any] = {"role": message.role.value, "content": message.content}
    if message.thinking and flavor.reasoning:
        row[flavor.reasoning] = message.thinking
    if message.tool_calls:
        row["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": _arguments(call)},
            }
            for call in message.tool_calls
        ]
    if message.role is Role.TOOL:
        row["tool_call_id"] = message.call_id
        if message.tool_name:
            row["name"] = message.tool_name
    return row


def _arguments(call: ToolCall) -> str:
    """A call's arguments as the model wrote them; some templates put them into the prompt as they are."""
    return json.dumps(clean_value(dict(call.arguments)), ensure_ascii=False, allow_nan=False)


def _tool(tool: ToolSpec, flavor: Flavor) -> dict[str, Any]:
    parameters = dict(tool.parameters)
    function: dict[str, Any] = {"name": tool.name, "description": tool.description, "parameters": parameters}
    if flavor.strict_tools and _may_be_strict(parameters):
        function["strict"] = True
        parameters["additionalProperties"] = False
    return {"type": "function", "function": function}


def _may_be_strict(parameters: Mapping[str, Any]) -> bool:
    """Strict tools have no optional parameters (research/runtime.md 2)."""
    return set(_mapping(parameters.get("properties"))) == set(parameters.get("required") or ())
