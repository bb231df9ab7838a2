"""Ask a model once and gather its answer from the stream, piece by piece."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from b4tui.engines.types import (
    ChatRequest,
    Done,
    Failure,
    FailureKind,
    Placed,
    Restarted,
    StreamEvent,
    Text,
    Thinking,
    ToolCall,
    Usage,
)

MAX_CHARS = 4_000_000

CUT_OFF = "length"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A finished answer. `cut_off` when it ended because it was too long: its calls must not be carried out."""

    text: str
    thinking: str
    calls: tuple[ToolCall, ...]
    usage: Usage | None
    cut_off: bool


class AnswerFailed(Exception):
    """The model server failed; `failure` says how."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


Chat = Callable[[ChatRequest], AsyncGenerator[StreamEvent, None]]
"""Ask a model; closing what is returned cancels the answer."""
Heard = Text | Thinking | Placed | Restarted


async def ask(chat: Chat, request: ChatRequest, hear: Callable[[Heard], None]) -> Answer:
    """One answer; `hear` gets what comes of it at once. Raises AnswerFailed; on cancellation the stream is closed."""
    async with aclosing(chat(request)) as stream:
        return await _gather(stream, hear)


async def _gather(stream: AsyncIterator[StreamEvent], hear: Callable[[Heard], None]) -> Answer:
    text: list[str] = []
    thinking: list[str] = []
    calls: list[ToolCall] = []
    usage: Usage | None = None
    size = 0
    async for event in stream:
        match event:
            case Text() | Thinking():
                (text if isinstance(event, Text) else thinking).append(event.text)
                size += len(event.text)
                hear(event)
            case Placed():
                hear(event)
            case Restarted():
                text, thinking, calls, usage, size = [], [], [], None, 0
                hear(event)
            case ToolCall():
                calls.append(event)
            case Usage():
                usage = event
            case Failure():
                raise AnswerFailed(event)
            case Done(reason):
                return Answer(
                    text="".join(text),
                    thinking="".join(thinking),
                    calls=tuple(calls),
                    usage=usage,
                    cut_off=reason == CUT_OFF,
                )
        if size > MAX_CHARS:
            raise AnswerFailed(Failure(FailureKind.PROTOCOL, f"the answer went on after {MAX_CHARS} characters"))
    raise AnswerFailed(Failure(FailureKind.INCOMPLETE, "the answer broke off before it was done"))
