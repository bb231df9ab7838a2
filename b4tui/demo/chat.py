"""A chat request checked, and the model's answer cut into the pieces a real server streams."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from b4tui.demo.faults import FaultKind
from b4tui.demo.script import Call, Step

DEFAULT_CONTEXT = 4096
CHARS_PER_TOKEN = 4
CALL_OVERHEAD = 6  # tokens that frame a call in the model's own syntax
_PIECE = re.compile(r"\s*\S{1,6}|\s+")
_OPTION_TYPES: Mapping[str, tuple[type, ...]] = {
    "num_ctx": (int,),
    "num_predict": (int,),
    "num_gpu": (int,),
    "num_thread": (int,),
    "seed": (int,),
    "top_k": (int,),
    "temperature": (int, float),
    "top_p": (int, float),
    "min_p": (int, float),
    "repeat_penalty": (int, float),
}


class ChatRefused(Exception):
    """The server will not answer; `status` and message as Ollama gives them."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a request asks of the model. Sizes in tokens; `cached` is the part the server saw in the turn before."""

    messages: Sequence[Mapping[str, Any]]
    tokens: int
    cached: int
    num_ctx: int
    num_predict: int
    stream: bool
    think: bool
    tools: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Piece:
    """What goes into one line of the stream, and how many tokens it took to make."""

    message: Mapping[str, Any]
    tokens: int


def read_prompt(body: Mapping[str, Any], *, name: str, thinks: bool) -> Prompt:
    """Check a chat request as Ollama 0.33.3 does. Raises ChatRefused."""
    messages = body.get("messages") or []
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise ChatRefused(400, "json: cannot unmarshal into field ChatRequest.messages")
    options = _options(body)
    think = body.get("think")
    if think and not thinks:
        raise ChatRefused(400, f'"{name}" does not support thinking')
    last_answer = max((at for at, message in enumerate(messages) if message.get("role") == "assistant"), default=-1)
    frame = count_tokens(body.get("tools") or "")
    tokens = frame + sum(count_tokens(message) for message in messages)
    cached = frame + sum(count_tokens(message) for message in messages[: last_answer + 1]) if last_answer >= 0 else 0
    num_ctx, num_predict = options.get("num_ctx"), options.get("num_predict")
    num_ctx = DEFAULT_CONTEXT if num_ctx is None else num_ctx
    if tokens > num_ctx and body.get("truncate") is False:
        raise ChatRefused(400, _overflow(tokens, num_ctx))
    return Prompt(
        messages=messages,
        tokens=min(tokens, num_ctx),
        cached=min(cached, num_ctx),
        num_ctx=num_ctx,
        num_predict=-1 if num_predict is None else num_predict,
        stream=body.get("stream", True) is not False,
        think=thinks and think is not False,
        tools=tool_names(body),
    )


def tool_names(body: Mapping[str, Any]) -> frozenset[str]:
    """The names of the tools that a request offers; entries of another shape are left out."""
    tools = body.get("tools")
    functions = [tool.get("function") for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    return frozenset(str(one.get("name")) for one in functions if isinstance(one, dict))


def _options(body: Mapping[str, Any]) -> Mapping[str, Any]:
    options = body.get("options") or {}
    if not isinstance(options, dict):
        raise ChatRefused(400, "json: cannot unmarshal into field ChatRequest.options")
    for name, kinds in _OPTION_TYPES.items():
        value = options.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, kinds)):
            wanted = "float32" if float in kinds else "integer"
            raise ChatRefused(500, f'option "{name}" must be of type {wanted}')
    return options


def count_tokens(part: object) -> int:
    """About how many tokens a part of a prompt is."""
    text = part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)
    return len(text) // CHARS_PER_TOKEN


def _overflow(tokens: int, num_ctx: int) -> str:
    """The server's own text: JSON inside the string (research/runtime.md 1.12)."""
    return json.dumps(
        {
            "error": {
                "code": 400,
                "message": f"request ({tokens} tokens) exceeds the available context size ({num_ctx} tokens), "
                "try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": tokens,
                "n_ctx": num_ctx,
            }
        }
    )


def pieces(step: Step, *, think: bool, id_stem: str, fault: FaultKind | None = None) -> Iterator[Piece]:
    """The answer as it is streamed: thinking, then text, then each call whole in a piece of its own."""
    if think:
        for text in _PIECE.findall(step.think):
            yield Piece({"role": "assistant", "content": "", "thinking": text}, 1)
    for text in _PIECE.findall(step.say):
        yield Piece({"role": "assistant", "content": text}, 1)
    for index, call in enumerate(step.calls):
        if fault is FaultKind.LEAKED_CALL:
            for text in _PIECE.findall(leaked(call)):
                yield Piece({"role": "assistant", "content": text}, 1)
        else:
            yield _call_piece(call, index, id_stem, malformed=fault is FaultKind.MALFORMED_CALL)


def up_to(num_predict: int, made: Iterable[Piece]) -> tuple[list[Piece], bool]:
    """The pieces that so many tokens suffice for (0 and less: all), and whether any were left out."""
    taken: list[Piece] = []
    total = 0
    for piece in made:
        total += piece.tokens
        if 0 < num_predict < total:
            return taken, True
        taken.append(piece)
    return taken, False


def _call_piece(call: Call, index: int, id_stem: str, *, malformed: bool) -> Piece:
    arguments: object = call.arguments
    function = {"index": index, "name": call.tool, "arguments": json.dumps(arguments) if malformed else arguments}
    row = {"id": f"call_{id_stem}{index}", "function": function}
    return Piece(
        {"role": "assistant", "content": "", "tool_calls": [row]}, count_tokens(call.arguments) + CALL_OVERHEAD
    )


def leaked(call: Call) -> str:
    """A call as qwen3-coder writes it when the server misses its opening tag (research/runtime.md 1.8)."""
    lines = [f"<function={call.tool}>"]
    for name, value in call.arguments.items():
        lines += [f"<parameter={name}>", value if isinstance(value, str) else json.dumps(value), "</parameter>"]
    return "\n".join([*lines, "</function>", "</tool_call>"])
