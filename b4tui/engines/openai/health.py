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
    """What the answers of one server let one think of it. `patience_s` is how long a token may take at most.

    After an answer that broke off the server is not up again before it has computed one. That may take longer than a
    look at its health does, on a CPU or with a model that is to be loaded first: each token that is waited for in vain
    gives the next one twice the time, and the looks meanwhile wait for the same one.
    """

    def __init__(self, asking: Asking, asked: errors.Asked, patience_s: float) -> None:
        self._asking = asking
        self._asked = asked
        self._patience_s = patience_s
        self._suspect = ""  # the server's name of the model whose last answer broke off
        self._probe: asyncio.Task[Failure | None] | None = None
        self._probe_s = 0.0  # how long the last one was waited for in vain

    def note(self, event: StreamEvent, model: str) -> None:
        """Take in one event of an answer of `model`, the server's own name."""
        match event:
            case Failure(kind=kind) if kind in _SUSPICIOUS:
                self._doubt(model)
            case Text() | Thinking() | Done() if self._suspect:
                self._doubt("")

    async def health(self, seconds: float) -> Health:
        """Ask, in at most so many seconds. Never raises."""
        try:
            async with asyncio.timeout(seconds):
                return await self._health(seconds)
        except TimeoutError:
            return _down(errors.no_answer(self._asked.about(self._suspect), seconds))

    async def aclose(self) -> None:
        """Wait for no token any more."""
        probe = self._probe
        self._doubt("")
        if probe is not None:
            await asyncio.gather(probe, return_exceptions=True)

    async def _health(self, seconds: float) -> Health:
        served = await self._asking.served(fresh=True, within_s=seconds)
        if isinstance(served, Failure):
            return _down(served)
        failure = await self._ailment(served, seconds)
        if failure is not None:
            return _down(failure)
        return Health(up=True, version=served.version, simulated=served.simulated)

    async def _ailment(self, served: Served, seconds: float) -> Failure | None:
        """What keeps it from answering, although it lists its models."""
        failure = await self._asking.ready(served.flavor)
        if failure is None and self._suspect:
            if served.find(self._suspect) is None:
                self._doubt("")  # it was started anew with another model, of which no ill is known
            else:
                failure = await self._computes(seconds)
        return failure

    async def _computes(self, seconds: float) -> Failure | None:
        """Wait for a token of the suspect, and for the next one where that came too late; the caller bounds it."""
        while self._suspect:
            if self._probe is None:
                self._probe_s = min(2 * self._probe_s or seconds, self._patience_s)
                self._probe = asyncio.create_task(self._asking.computes(self._suspect, self._probe_s))
            probe = self._probe
            await asyncio.wait((probe,))
            if probe is not self._probe:
                continue  # an answer came meanwhile, or another one broke off
            self._probe = None
            failure = probe.result()
            if failure is None:
                self._doubt("")
            elif failure.kind is not FailureKind.TIMEOUT:
                return failure
        return None

    def _doubt(self, model: str) -> None:
        """Suspect a model, or none; a token that was on its way proves nothing of what came after."""
        self._suspect, self._probe_s = model, 0.0
        if self._probe is not None:
            self._probe.cancel()
            self._probe = None


def _down(failure: Failure) -> Health:
    return Health(up=False, reason=failure.message)
