"""The way every prompt takes: a place for it, a turn there, the answer, and what to do when that fails.

Nothing above this knows which server answers. An answer that fails is asked for again where that may help
(`retry`), on the CPU when the GPU cannot, and on the next engine when this one is of no use; whoever listens is told to
forget what came so far (`Restarted`). It ends with exactly one `Done` or `Failure`, like an engine's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from random import Random

from b4tui.config import RoleConfig, Settings
from b4tui.engines.dispatch.placement import Nowhere, Placement, Placer
from b4tui.engines.dispatch.queue import Caller, Line, RequestQueue
from b4tui.engines.dispatch.residency import Residency
from b4tui.engines.dispatch.retry import Remedy, advise
from b4tui.engines.interface import Engine, EngineError
from b4tui.engines.types import (
    ChatRequest,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the dispatcher needs of the world. `unusable` as in `Placer`; `failed`, `worked` hear how engines do."""

    unusable: Callable[[str], str]
    failed: Callable[[str, Failure], None]
    worked: Callable[[str], None]
    clock: Callable[[], float]
    random: Random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Dispatcher:
    """Sends prompts to engines. One for a running system; it belongs to one event loop."""

    def __init__(self, settings: Settings, engines: Mapping[str, Engine], around: Surroundings) -> None:
        self._engines = engines
        self._around = around
        self.placer = Placer(settings, engines, around.unusable, around.clock)
        self.residency = {name: Residency() for name in engines}
        self._queues = {name: RequestQueue(around.clock, self.residency[name].fits) for name in engines}

    def lines(self) -> Mapping[str, Line]:
        """Who is answered and who waits, by engine."""
        return {name: queue.line() for name, queue in self._queues.items()}

    def chat(
        self, role: RoleConfig, request: ChatRequest, caller: Caller, waiting: Callable[[bool], None]
    ) -> AsyncGenerator[StreamEvent, None]:
        """Ask on behalf of a role; where it goes, and with which load profile, is decided here.

        Closing the iterator cancels the answer. `waiting` as in `RequestQueue.turn`.
        """
        return _Asking(self, role, request, caller, waiting).events()


class _Asking:
    """One request on its way, through as many attempts as it takes."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        role: RoleConfig,
        request: ChatRequest,
        caller: Caller,
        waiting: Callable[[bool], None],
    ) -> None:
        self._dispatcher = dispatcher
        self._around = dispatcher._around
        self._role = role
        self._request = request
        self._caller = caller
        self._waiting = waiting
        self._failures: dict[tuple[str, FailureKind], int] = {}
        self._useless: dict[str, Failure] = {}
        self._placement: Placement | None = None
        self._heard = False

    async def events(self) -> AsyncGenerator[StreamEvent, None]:
        while True:
            place = await self._place()
            if isinstance(place, Nowhere):
                yield place.failure
                return
            failure: Failure | None = None
            self._placement = None
            async with aclosing(self._attempt(place)) as events:
                async for event in events:
                    if isinstance(event, Failure):
                        failure = event
                        break
                    self._heard |= isinstance(event, Text | Thinking | ToolCall)
                    yield event
            placement = self._placement
            if placement is None:
                continue
            if failure is None:
                self._around.worked(placement.engine)
                self._dispatcher.placer.worked(placement)
                return
            if not await self._mended(failure, placement):
                yield await self._judged(failure, placement)
                return
            if self._heard:
                self._heard = False
                yield Restarted(failure.message)

    async def _place(self) -> Placement | Nowhere:
        return await self._dispatcher.placer.place(self._role, private=self._request.private, besides=self._useless)

    async def _attempt(self, place: Placement) -> AsyncGenerator[StreamEvent, None]:
        """One answer of one engine, in our turn there.

        Nothing at all where the engine went down while we stood in line, and another one is there: then the place is
        looked for again. With nowhere else to go it is asked as it stands, because another request's time-out is no
        reason to lose a run.
        """
        placer, engine = self._dispatcher.placer, self._dispatcher._engines[place.engine]
        queue, caller = self._dispatcher._queues[place.engine], self._caller
        limit = await engine.slots(place.model)
        async with queue.turn(caller, place.served, limit, self._waiting) as waited:
            if not placer.usable(place) and isinstance(await self._place(), Placement):
                return
            self._placement = place = placer.renewed(place)
            yield placed(place)
            async with aclosing(engine.chat(_there(self._request, place))) as events:
                async for event in events:
                    if isinstance(event, Usage):
                        event = replace(event, queue_seconds=waited)
                        computed = event.prompt_tokens - (event.cached_tokens or 0) + event.generated_tokens
                        queue.spend(caller.agent, computed)
                    yield event

    async def _mended(self, failure: Failure, placement: Placement) -> bool:
        """Do what may help; False when nothing does."""
        key = placement.engine, failure.kind
        self._failures[key] = self._failures.get(key, 0) + 1
        engine = self._dispatcher._engines[placement.engine]
        advice = advise(
            failure.kind,
            self._failures[key],
            can_leave_gpu=engine.kind == "ollama" and placement.profile.on_gpu,
            random=self._around.random,
        )
        if advice.remedy is Remedy.GIVE_UP:
            return False
        if advice.remedy is Remedy.ON_CPU:
            self._dispatcher.placer.leave_gpu(placement.engine, placement.model, failure.message)
            return True
        if advice.remedy is Remedy.AGAIN and await self._still_there(engine, failure.kind):
            await self._around.sleep(advice.delay_s)
            return True
        self._around.failed(placement.engine, failure)
        self._useless[placement.engine] = failure
        return isinstance(await self._place(), Placement)

    async def _judged(self, failure: Failure, placement: Placement) -> Failure:
        """What a failure means for who asked: a conversation that was made for a larger window is not at fault."""
        if failure.kind is not FailureKind.OVERFLOW or not placement.instead:
            return failure
        window = await self._dispatcher.placer.window(placement.engine, self._role)
        if not 0 < window < self._request.num_ctx:
            return failure
        why = f"{placement.engine} has a window of {window} tokens, which is too small to go on there"
        return Failure(FailureKind.UNREACHABLE, f"{placement.instead}; {why}")

    async def _still_there(self, engine: Engine, kind: FailureKind) -> bool:
        """After a crash: whether the server answers at all (research/runtime.md 1.11)."""
        if kind is not FailureKind.CRASHED:
            return True
        try:
            await engine.loaded()
        except EngineError:
            return False
        return True


def placed(placement: Placement) -> Placed:
    """A placement as listeners are told of it."""
    return Placed(
        engine=placement.engine,
        model=placement.served,
        locality=placement.attestation.locality,
        digest=placement.attestation.digest,
        profile=placement.profile.name,
        note=placement.note,
    )


def _there(request: ChatRequest, placement: Placement) -> ChatRequest:
    """The request as this engine is asked: the model's name there, and the one profile it is loaded with."""
    profile = placement.profile
    return replace(request, model=placement.model, num_ctx=profile.num_ctx, options=profile.applied(request.options))
