"""The forms of APIs by name: what to send, how to ask, how to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from b4tui.engines.lines import LineDecoder
from b4tui.engines.openai.sse import SseDecoder
from b4tui.engines.reply import Decoder
from b4tui.engines.types import ChatRequest
from b4tui.escalation.door.providers import Api, Provider
from b4tui.escalation.door.wire import anthropic, ollama, openai
from b4tui.escalation.door.wire.answers import Answer
from b4tui.escalation.door.wire.turns import told

MESSAGE_LIMIT = 4 * 1024 * 1024
"""Bytes of one event or line; an answer of a few thousand tokens has none that is longer."""


def request_of(provider: Provider, chat: ChatRequest) -> dict[str, Any]:
    """What is said to this provider, keys in the order they are sent in. Raises Unsayable."""
    model, said = provider.destination.model, told(chat)
    most = min(provider.max_tokens, chat.num_predict) if chat.num_predict > 0 else provider.max_tokens
    match provider.api:
        case Api.ANTHROPIC:
            return anthropic.request(said, model, most)
        case Api.OPENAI:
            return openai.request(said, model, most, provider.destination.host)
        case Api.OLLAMA:
            return ollama.request(said, model, most)


def accept_of(api: Api) -> str:
    """The kind of answer to ask for."""
    return "application/x-ndjson" if api is Api.OLLAMA else "text/event-stream"


def decoder_of(api: Api) -> Decoder:
    """What cuts the bytes of an answer into messages."""
    return LineDecoder(MESSAGE_LIMIT) if api is Api.OLLAMA else SseDecoder(MESSAGE_LIMIT)


def answer_of(api: Api, new_id: Callable[[], str]) -> Answer:
    """A reader for one answer."""
    match api:
        case Api.ANTHROPIC:
            return anthropic.AnthropicAnswer(new_id)
        case Api.OPENAI:
            return openai.OpenAiAnswer(new_id)
        case Api.OLLAMA:
            return ollama.OllamaAnswer(new_id)
