"""Engines that play lists of events, and a dispatcher over them: for tests of the way a prompt takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from b4tui.config import Settings, load
from b4tui.engines.dispatch.dispatcher import Dispatcher, Surroundings
from b4tui.engines.dispatch.placement import Nowhere, Placement
from b4tui.engines.dispatch.queue import Caller
from b4tui.engines.interface import (
    Attestation,
    EngineError,
    Health,
    LoadedModel,
    ModelInfo,
    Proof,
    ServerLoad,
)
from b4tui.engines.types import (
    ChatRequest,
    Done,
    Failure,
    FailureKind,
    Message,
    Placed,
    Role,
    StreamEvent,
    Text,
    Usage,
)
from b4tui.events import Locality
from b4tui.provenance import Provenance

K = FailureKind
PROVEN = (Proof(step="place", holds=True),)
DOUBT = (Proof(step="cloud", holds=False, detail="its cloud is on", fix="start it with OLLAMA_NO_CLOUD=1"),)
WHOLE: tuple[StreamEvent, ...] = (Text("ok"), Usage(prompt_tokens=9, generated_tokens=1), Done("stop"))


def failing(kind: FailureKind, *before: StreamEvent | asyncio.Event) -> tuple[StreamEvent | asyncio.Event, ...]:
    return (*before, Failure(kind, f"it was {kind}"))


class Played:
    """An engine that plays one list of events per question and keeps the questions.

    An asyncio.Event among them is waited for.
    """

    def __init__(self, name: str, *answers: Sequence[StreamEvent | asyncio.Event], kind: str = "ollama") -> None:
        self.name, self.kind, self.address = name, kind, f"http://{name}"
        self.answers = list(answers)
        self.requests: list[ChatRequest] = []
        self.known = Attestation(engine=name, model="m", locality=Locality.ATTESTED, digest="d", proofs=PROVEN)
        self.gone = False

    async def chat(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        self.requests.append(request)
        for event in self.answers.pop(0) if self.answers else WHOLE:
            if isinstance(event, asyncio.Event):
                await event.wait()
            else:
                yield event

    async def attest(self, model: str, *, fresh: bool = False) -> Attestation:
        return replace(self.known, model=model)

    async def slots(self, model: str) -> int:
        return 1

    async def load(self) -> ServerLoad | None:
        return None

    async def health(self) -> Health:
        return Health(up=True)

    async def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo(name="m", context=2048),)

    async def loaded(self) -> tuple[LoadedModel, ...]:
        if self.gone:
            raise EngineError(Failure(K.UNREACHABLE, "gone"))
        return ()

    async def aclose(self) -> None:
        return None


class World:
    """A dispatcher over played engines, in the order given."""

    def __init__(self, *engines: Played, clock: Callable[[], float] = time.monotonic, **policy: Any) -> None:
        self.engines = {engine.name: engine for engine in engines}
        table = {engine.name: {"order": rank, "kind": "ollama"} for rank, engine in enumerate(engines, 1)}
        self.settings: Settings = load(
            use_user_file=False,
            overrides={"engines": table, "roles": {"workhorse": {"model": "m", "num_ctx": 4096}}, "policy": policy},
        )
        self.down: dict[str, str] = {}
        self.failed: list[tuple[str, FailureKind]] = []
        self.worked: list[str] = []
        self.waits: list[float] = []
        around = Surroundings(
            unusable=lambda name: self.down.get(name, ""),
            failed=lambda name, failure: self.failed.append((name, failure.kind)),
            worked=self.worked.append,
            clock=clock,
            random=Random(1),
            sleep=self._sleep,
        )
        self.dispatcher = Dispatcher(self.settings, self.engines, around)

    async def _sleep(self, seconds: float) -> None:
        """Back-offs are noted and not waited for."""
        self.waits.append(seconds)

    async def ask(
        self, provenance: Provenance = Provenance.PRIVATE, *, agent: str = "a", **role: Any
    ) -> list[StreamEvent]:
        request = ChatRequest(
            model="m",
            messages=(Message(Role.USER, "hello", provenance=provenance),),
            num_ctx=4096,
            num_predict=10,
            temperature=0.0,
        )
        wanted = self.settings.roles["workhorse"].model_copy(update=role)
        stream = self.dispatcher.chat(wanted, request, Caller(agent=agent, bead=f"w-{agent}"), lambda waiting: None)
        return [event async for event in stream]

    async def place(self, **role: Any) -> Placement | Nowhere:
        wanted = self.settings.roles["workhorse"].model_copy(update=role)
        return await self.dispatcher.placer.place(wanted, fresh=True)


def last(events: list[StreamEvent]) -> Failure:
    assert isinstance(events[-1], Failure), events
    return events[-1]


def places(events: list[StreamEvent]) -> list[str]:
    return [event.engine for event in events if isinstance(event, Placed)]
