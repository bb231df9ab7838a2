"""A slot that never comes free after an answer that was broken off.

When the reader of an answer leaves at the wrong moment, Ollama 0.33.3 keeps the slot of its model for ever: the part
that computes waits to hand on one more piece, to nobody. Every later request to that model then waits in vain, until
the model leaves memory (seen 5 times in 410 cancelled answers of a tiny model; with 3,000 tokens a second).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

from b4tui.engines.interface import EngineError
from b4tui.engines.ollama.leaving import held, put_out
from b4tui.engines.ollama.rehearsal import QUESTION
from b4tui.engines.types import ChatRequest, Done, Failure, FailureKind, StreamEvent

if TYPE_CHECKING:
    from b4tui.engines.ollama.engine import OllamaEngine

PATIENCE_S = 20.0  # for one token of a model that is in memory and has nothing else to do for us


def tried(request: ChatRequest) -> ChatRequest:
    """The request in public words, for one token: what shows whether its model still answers."""
    return replace(request, messages=(QUESTION,), tools=(), num_predict=1)


class BrokenOff:
    """The models whose last answer was broken off: before the next one they must show that they still answer.

    `patience_s` is how long that may take; a model that is silent for so long is put out of memory, and loaded anew by
    whoever asks next. Others that use the server lose nothing by it: a model that is busy leaves when it is done.
    Of several slots one may stay stuck unseen; when all are, the first to wait in vain makes the model a suspect.
    """

    def __init__(self, engine: OllamaEngine, patience_s: float = PATIENCE_S) -> None:
        self._engine = engine
        self._patience_s = patience_s
        self._suspects: set[str] = set()
        self._trying = asyncio.Lock()

    async def noted(self, answer: AsyncGenerator[StreamEvent, None], model: str) -> AsyncGenerator[StreamEvent, None]:
        """The same events; the model is a suspect when they end neither by its word nor by the server's."""
        last: StreamEvent | None = None
        try:
            async for last in answer:
                yield last
        finally:
            if _by_the_server(last):
                self._suspects.discard(model)
            elif last is not None:
                self._suspects.add(model)

    async def freed(self, model: str, attempt: Callable[[], AsyncGenerator[StreamEvent, None]]) -> None:
        """Find out whether a suspect still answers, and put it out of memory where it does not. Never raises.

        `attempt` asks it for one token. That is read to its end: to leave early is what the trouble comes from.
        """
        if model not in self._suspects:
            return
        async with self._trying:
            if model not in self._suspects:
                return
            try:
                if not await self._answers(model, attempt):
                    await put_out(self._engine, model)
            except EngineError:
                return  # the request that follows meets the same trouble, and says so
            self._suspects.discard(model)

    async def _answers(self, model: str, attempt: Callable[[], AsyncGenerator[StreamEvent, None]]) -> bool:
        if not await held(self._engine, model):
            return True  # nothing of it is left to be stuck
        try:
            async with asyncio.timeout(self._patience_s), aclosing(attempt()) as answer:
                async for event in answer:
                    if isinstance(event, Failure) and event.kind is FailureKind.TIMEOUT:
                        return False
        except TimeoutError:
            return False
        return True


def _by_the_server(last: StreamEvent | None) -> bool:
    return isinstance(last, Done) or (isinstance(last, Failure) and last.kind is not FailureKind.TIMEOUT)
