"""The three forms in which the simulated cloud provider speaks: what an answer and an error look like on the wire.

Facts: Anthropic's "Streaming Messages" and "Errors", OpenAI's "Streaming", Ollama's "Chat" (see escalation/wire).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from b4tui.demo.chat import Piece
from b4tui.demo.wire import EVENTS, NDJSON


@dataclass(frozen=True, slots=True)
class CloudTurn:
    """All that is known before the first token; sizes in tokens. `reason` is why it ends, in OpenAI's words."""

    model: str
    pieces: Sequence[Piece]
    prompt: int
    cached: int
    stem: str
    reason: str

    @property
    def generated(self) -> int:
        """The tokens of the answer."""
        return sum(piece.tokens for piece in self.pieces)


class Form(ABC):
    """One form. `paths` are where it is served, `kind` the content type of its streams."""

    paths: tuple[str, ...]
    kind: str

    @abstractmethod
    def key(self, headers: Mapping[str, str]) -> str:
        """The API key of a request, "" where there is none."""

    @abstractmethod
    def asked(self, body: Mapping[str, Any]) -> str:
        """The last thing that the user said."""

    @abstractmethod
    def error(self, status: int, kind: str, message: str) -> Mapping[str, Any]:
        """An error as a whole body."""

    @abstractmethod
    def error_event(self, message: str) -> bytes:
        """An overload in the middle of a stream."""

    @abstractmethod
    def events(self, turn: CloudTurn) -> Iterator[bytes]:
        """The answer, one event for each piece and some around them."""


class AnthropicForm(Form):
    """The Messages API."""

    paths = ("/v1/messages",)
    kind = EVENTS

    def key(self, headers: Mapping[str, str]) -> str:
        """From `x-api-key`."""
        return headers.get("x-api-key", "")

    def asked(self, body: Mapping[str, Any]) -> str:
        """Text, or the blocks of text."""
        return _last_text(body)

    def error(self, status: int, kind: str, message: str) -> Mapping[str, Any]:
        """With the type in it."""
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_simulated"}

    def error_event(self, message: str) -> bytes:
        """An event of its own."""
        return _named("error", {"error": {"type": "overloaded_error", "message": message}})

    def events(self, turn: CloudTurn) -> Iterator[bytes]:
        """Blocks that start, grow and stop."""
        usage = {
            "input_tokens": turn.prompt - turn.cached,
            "cache_read_input_tokens": turn.cached,
            "cache_creation_input_tokens": 0,
            "output_tokens": 1,
        }
        message = {"id": f"msg_{turn.stem}", "type": "message", "role": "assistant", "model": turn.model, "content": []}
        yield _named("message_start", {"message": {**message, "stop_reason": None, "usage": usage}})
        yield _named("ping", {})
        at, open_kind = -1, ""
        for piece in turn.pieces:
            kind, block, delta = _block(piece)
            if kind != open_kind or kind == "tool_use":
                if at >= 0:
                    yield _named("content_block_stop", {"index": at})
                at, open_kind = at + 1, kind
                yield _named("content_block_start", {"index": at, "content_block": block})
            yield _named("content_block_delta", {"index": at, "delta": delta})
        if at >= 0:
            yield _named("content_block_stop", {"index": at})
        reason = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}.get(turn.reason, "refusal")
        end = {"delta": {"stop_reason": reason, "stop_sequence": None}, "usage": {"output_tokens": turn.generated}}
        yield _named("message_delta", end)
        yield _named("message_stop", {})


class OpenAiForm(Form):
    """Chat completions, at the paths of several providers."""

    paths = ("/v1/chat/completions", "/api/v1/chat/completions", "/v1beta/openai/chat/completions")
    kind = EVENTS

    def key(self, headers: Mapping[str, str]) -> str:
        """A bearer token."""
        return headers.get("authorization", "").removeprefix("Bearer ")

    def asked(self, body: Mapping[str, Any]) -> str:
        """Text."""
        return _last_text(body)

    def error(self, status: int, kind: str, message: str) -> Mapping[str, Any]:
        """With type and code."""
        return {"error": {"message": message, "type": kind, "param": None, "code": kind}}

    def error_event(self, message: str) -> bytes:
        """As OpenRouter sends it: an error beside a choice that ends with one."""
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
        return _data({"error": {"code": 503, "message": message}, "choices": [choice]})

    def events(self, turn: CloudTurn) -> Iterator[bytes]:
        """Chunks; a call comes as its name, then its arguments."""
        head = {"id": f"chatcmpl-{turn.stem}", "object": "chat.completion.chunk", "model": turn.model}

        def chunk(delta: Mapping[str, Any], reason: str | None = None) -> bytes:
            return _data({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

        yield b": SIMULATED PROCESSING\n\n"
        yield chunk({"role": "assistant", "content": ""})
        calls = 0
        for piece in turn.pieces:
            message = piece.message
            if rows := message.get("tool_calls"):
                name, arguments = rows[0]["function"]["name"], json.dumps(rows[0]["function"]["arguments"])
                begin = {"index": calls, "id": rows[0]["id"], "type": "function", "function": {"name": name}}
                yield chunk({"tool_calls": [begin]})
                yield chunk({"tool_calls": [{"index": calls, "function": {"arguments": arguments}}]})
                calls += 1
            elif thinking := message.get("thinking"):
                yield chunk({"reasoning": thinking})
            else:
                yield chunk({"content": message["content"]})
        yield chunk({}, turn.reason)
        usage = {
            "prompt_tokens": turn.prompt,
            "completion_tokens": turn.generated,
            "prompt_tokens_details": {"cached_tokens": turn.cached},
        }
        yield _data({**head, "choices": [], "usage": usage})
        yield b"data: [DONE]\n\n"


class OllamaForm(Form):
    """Ollama's own chat."""

    paths = ("/api/chat",)
    kind = NDJSON

    def key(self, headers: Mapping[str, str]) -> str:
        """A bearer token."""
        return headers.get("authorization", "").removeprefix("Bearer ")

    def asked(self, body: Mapping[str, Any]) -> str:
        """Text."""
        return _last_text(body)

    def error(self, status: int, kind: str, message: str) -> Mapping[str, Any]:
        """A sentence."""
        return {"error": message}

    def error_event(self, message: str) -> bytes:
        """A line of its own."""
        return _line({"error": message})

    def events(self, turn: CloudTurn) -> Iterator[bytes]:
        """Lines; the last one says done."""
        for piece in turn.pieces:
            yield _line({"model": turn.model, "message": piece.message, "done": False})
        done = {"done": True, "done_reason": "length" if turn.reason == "length" else "stop"}
        figures = {"prompt_eval_count": turn.prompt, "eval_count": turn.generated}
        yield _line({"model": turn.model, "message": {"role": "assistant", "content": ""}, **done, **figures})


FORMS: tuple[Form, ...] = (AnthropicForm(), OpenAiForm(), OllamaForm())


def form_at(path: str) -> Form | None:
    """The form that is served at this path."""
    return next((form for form in FORMS if path in form.paths), None)


def _block(piece: Piece) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """A piece as Anthropic's kind of block, the block as it starts, and the piece of it."""
    message = piece.message
    if rows := message.get("tool_calls"):
        function = rows[0]["function"]
        block = {"type": "tool_use", "id": rows[0]["id"], "name": function["name"], "input": {}}
        return "tool_use", block, {"type": "input_json_delta", "partial_json": json.dumps(function["arguments"])}
    if thinking := message.get("thinking"):
        return "thinking", {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": thinking}
    return "text", {"type": "text", "text": ""}, {"type": "text_delta", "text": message["content"]}


def _last_text(body: Mapping[str, Any]) -> str:
    """What the user said last; of blocks, their texts."""
    messages = body.get("messages")
    for message in reversed(messages if isinstance(messages, list) else []):
        content = message.get("content") if isinstance(message, dict) and message.get("role") == "user" else None
        if isinstance(content, str):
            return content
        if isinstance(content, list):
            return "\n".join(str(block.get("text", "")) for block in content if isinstance(block, dict))
    return ""


def _named(kind: str, row: Mapping[str, Any]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **row})}\n\n".encode()


def _data(row: Mapping[str, Any]) -> bytes:
    return b"data: " + json.dumps(row).encode() + b"\n\n"


def _line(row: Mapping[str, Any]) -> bytes:
    return json.dumps(row).encode() + b"\n"
