"""Whether an OpenAI-compatible server works. Its pages prove little: they answer while the engine behind them is dead.

A frozen vLLM says that it is healthy, lists its models, and computes nothing (research/vllm.md 8).
"""

from __future__ import annotations

import asyncio

from b4tui.engines import errors
from b4tui.engines.interface import Health
from b4tui.engines.openai.asking import Asking
from b4tui.engines.openai.models import Served
from b4tui.engines.types import (
    Done,
    Failure,
    FailureKind,
    StreamEvent,
    Text,
    Thinking,
)

_SUSPICIOUS = frozenset({FailureKind.TIMEOUT, FailureKind.INCOMPLETE, FailureKind.CRASHED})


class Liveness:
    """What the answers of one server let one think of it.

    After an answer that broke off the server is not up again before it has computed a token.
    """

    def __init__(self, asking: Asking, asked: errors.Asked) -> None:
        self._asking = asking
        self._asked = asked
        self._suspect = ""  # the server's name of the model whose last answer broke off

    def note(self, event: StreamEvent, model: str) -> None:
        """Take in one event of an answer of `model`, the server's own name."""
        match event:
            case Failure(kind=kind) if kind in _SUSPICIOUS:
                self._suspect = model
            case Text() | Thinking() | Done():
                self._suspect = ""

    async def health(self, seconds: float) -> Health:
        """Ask, in at most so many seconds. Never raises."""
        try:
            async with asyncio.timeout(seconds):
                return await self._health(seconds)
        except TimeoutError:
            return _down(errors.no_answer(self._asked.about(self._suspect), seconds))

    async def _health(self, seconds: float) -> Health:
        served = await self._asking.served(fresh=True, within_s=seconds)
        if isinstance(served, Failure):
            return _down(served)
        failure = await self._ailment(served)
        if failure is not None:
            return _down(failure)
        return Health(up=True, version=served.version, simulated=served.simulated)

    async def _ailment(self, served: Served) -> Failure | None:
        """What keeps it from answering, although it lists its models."""
        failure = await self._asking.ready(served.flavor)
        if failure is None and self._suspect:
            failure = await self._asking.computes(self._suspect)
            if failure is None:
                self._suspect = ""
        return failure


def _down(failure: Failure) -> Health:
    return Health(up=False, reason=failure.message)
