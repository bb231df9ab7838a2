"""Ask a model once and gather its answer from the stream, piece by piece."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from b4tui.engines.streams import closing
from b4tui.engines.types import (
    ChatRequest,
    Done,
    Engine,
    Failure,
    FailureKind,
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


async def ask(
    engine: Engine,
    request: ChatRequest,
    slot: Callable[[], AbstractAsyncContextManager[object]],
    streamed: Callable[[Text | Thinking], None],
) -> Answer:
    """One answer, holding a slot while it streams. Raises AnswerFailed; on cancellation the stream is closed."""
    async with slot(), closing(engine.chat(request)) as stream:
        return await _gather(stream, streamed)


async def _gather(stream: AsyncIterator[StreamEvent], streamed: Callable[[Text | Thinking], None]) -> Answer:
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
                streamed(event)
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
