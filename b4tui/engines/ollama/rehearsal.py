"""Before private words a model is asked to be in memory, and is seen there (research/runtime.md 1.7, step 7).

Only when a model answers does it show whether the server computes it. So one that is not in memory is asked beforehand,
just as it will be asked: first with no words at all, which loads it, and where that does not show it, with words that
anybody may read. What passes prompts on, names another host or has another version in memory is found out by that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, replace

from b4tui.engines.attestation.confirming import confirmed
from b4tui.engines.types import ChatRequest, Failure, FailureKind, Message, Role, StreamEvent, Usage
from b4tui.provenance import Provenance

QUESTION = Message(Role.USER, "Say ok.", provenance=Provenance.PUBLIC)
ANSWER_TOKENS = 8  # long enough for the server to be asked about its memory meanwhile


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of it: why the prompt must not follow, None where it may; how long it took, in seconds."""

    failure: Failure | None
    seconds: float

    def counted(self, usage: Usage) -> Usage:
        """The figures of the answer with this wait in them: it was the model's load, which the answer did without."""
        return replace(
            usage,
            load_seconds=self._more(usage.load_seconds or 0.0),
            first_token_seconds=self._more(usage.first_token_seconds),
            total_seconds=self._more(usage.total_seconds),
        )

    def _more(self, seconds: float | None) -> float | None:
        return None if seconds is None else seconds + self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """How to ask, whether the model is in memory, and what to make of an answer that is being given (`confirmed`)."""

    ask: Callable[[ChatRequest], AsyncGenerator[StreamEvent, None]]
    loaded: Callable[[], Awaitable[bool]]
    confirm: Callable[[], Awaitable[Failure | None]]
    clock: Callable[[], float]


class Rehearsals:
    """The rehearsals on one server. Those who want the same model wait for one of them."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Lock] = {}

    async def before(self, request: ChatRequest, stage: Stage) -> Rehearsed | None:
        """Rehearse a request; None where its model is in memory already. Never raises."""
        if await stage.loaded():
            return None
        began = stage.clock()
        running = self._running.setdefault(request.model, asyncio.Lock())
        others = running.locked()
        async with running:
            done = others and await stage.loaded()
            failure = None if done else await _rehearse(request, stage)
        return Rehearsed(failure, stage.clock() - began)


async def _rehearse(request: ChatRequest, stage: Stage) -> Failure | None:
    failure: Failure | None = None
    # One that was loaded may have had to go for another model before it is looked for; one that answers cannot go.
    for messages in ((), (QUESTION,)):
        asked = replace(request, messages=messages, tools=(), num_predict=ANSWER_TOKENS)
        failure = await _outcome(asked, stage)
        if failure is None or failure.kind is not FailureKind.REMOTE:
            return failure
    assert failure is not None
    return replace(failure, message=f"{failure.message}. It was asked in public words first: yours were not sent")


async def _outcome(request: ChatRequest, stage: Stage) -> Failure | None:
    async with (
        aclosing(stage.ask(request)) as stream,
        aclosing(confirmed(stream, stage.confirm)) as answer,
    ):
        async for event in answer:
            if isinstance(event, Failure):
                return event
    return None
