"""A request that is given up at any moment leaves no open answer, no turn taken and nobody in line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from b4tui.engines.dispatch.queue import Caller
from b4tui.engines.interface import Attestation, LoadedModel
from b4tui.engines.types import ChatRequest, Done, StreamEvent, Text
from tests.engines.played import WHOLE, K, Played, World, failing


class Halting(Played):
    """Stops for ever at one place, and counts the answers that are open."""

    def __init__(self, place: str) -> None:
        first = failing(K.CRASHED, Text("half")) if place in ("loaded", "sleep") else WHOLE
        super().__init__("one", first)
        self.place = place
        self.there = asyncio.Event()
        self.open = 0

    async def halt(self, place: str) -> None:
        if place == self.place:
            self.place = ""
            self.there.set()
            await asyncio.Event().wait()

    async def chat(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        self.open += 1
        try:
            await self.halt("chat")
            async for event in super().chat(request):
                yield event
                await self.halt("stream")
        finally:
            await asyncio.sleep(0)  # closing a connection takes a moment
            self.open -= 1

    async def attest(self, model: str, *, fresh: bool = False) -> Attestation:
        await self.halt("attest")
        return await super().attest(model, fresh=fresh)

    async def slots(self, model: str) -> int:
        await self.halt("slots")
        return 1

    async def loaded(self) -> tuple[LoadedModel, ...]:
        await self.halt("loaded")
        return ()


class SlowWorld(World):
    """One whose back-off is waited for."""

    async def _sleep(self, seconds: float) -> None:
        engine = self.engines["one"]
        assert isinstance(engine, Halting)
        await engine.halt("sleep")


@pytest.mark.parametrize("place", ["attest", "slots", "chat", "stream", "loaded", "sleep"])
async def test_cancelled_while_it_waits_for_the_engine(place):
    engine = Halting(place)
    world = SlowWorld(engine)
    asking = asyncio.create_task(world.ask())
    await asyncio.wait_for(engine.there.wait(), 10)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert asking.cancelled()
    assert engine.open == 0
    line = world.dispatcher.lines()["one"]
    assert (line.running, line.waiting) == ((), ())
    assert isinstance((await asyncio.wait_for(world.ask(), 10))[-1], Done), "the next one has its turn"


async def test_closed_in_the_middle_of_its_answer():
    engine = Halting("nowhere")
    world = World(engine)
    request = ChatRequest(model="m", messages=(), num_ctx=1, num_predict=1, temperature=0.0)
    answer = world.dispatcher.chat(
        world.settings.roles["workhorse"], request, Caller(agent="a", bead="w"), lambda waiting: None
    )
    await anext(answer)
    await anext(answer)
    assert engine.open == 1
    await answer.aclose()
    assert engine.open == 0 and world.dispatcher.lines()["one"].running == ()
