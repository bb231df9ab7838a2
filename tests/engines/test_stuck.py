"""A slot that never comes free after a broken-off answer: its model is put out of memory, and loaded by the next."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from b4tui.demo.faults import FaultKind
from b4tui.demo.server import SimulatedOllama
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.types import ChatRequest, Done, Failure, FailureKind, StreamEvent
from tests.engines.conftest import ask, engine_for

pytestmark = pytest.mark.usefixtures("own_time")

MODEL = "qwen3:8b"
OUR_TRY = "Say ok."


@asynccontextmanager
async def patient_for_a_moment(server: SimulatedOllama) -> AsyncIterator[OllamaEngine]:
    engine = engine_for(server.address, first_token=0.3)
    yield engine
    await engine.aclose()


async def heard(engine: OllamaEngine, request: ChatRequest | None = None) -> StreamEvent:
    """The last event of a whole answer."""
    return [event async for event in engine.chat(request or ask(MODEL))][-1]


async def break_off(engine: OllamaEngine) -> None:
    async with aclosing(engine.chat(ask(MODEL))) as stream:
        await anext(stream)


def told(server: SimulatedOllama) -> list[str]:
    """What each chat said last, without those that only load a model or show that it is one."""
    return [exchange.body["messages"][-1]["content"] for exchange in server.chats]


async def test_a_stuck_model_is_put_out_and_answers_again() -> None:
    async with SimulatedOllama(speed=0) as server, patient_for_a_moment(server) as engine:
        server.faults.add(FaultKind.STUCK)
        await break_off(engine)
        assert await heard(engine) == Done("stop")
        assert told(server) == ["hello", OUR_TRY, "hello"]


async def test_one_that_still_answers_stays_in_memory_and_is_tried_once() -> None:
    async with SimulatedOllama(speed=0) as server, patient_for_a_moment(server) as engine:
        await break_off(engine)
        assert await heard(engine) == Done("stop")
        assert await heard(engine) == Done("stop")
        assert told(server) == ["hello", OUR_TRY, "hello", "hello"]
        unloads = [one for one in server.requests if isinstance(one.body, dict) and one.body.get("keep_alive") == 0]
        assert not unloads


async def test_an_answer_to_its_end_leaves_nothing_to_try() -> None:
    async with SimulatedOllama(speed=0) as server, patient_for_a_moment(server) as engine:
        assert await heard(engine) == Done("stop")
        assert await heard(engine) == Done("stop")
        assert OUR_TRY not in told(server)


async def test_a_server_that_ends_an_answer_itself_is_no_suspect() -> None:
    async with SimulatedOllama(speed=0) as server, patient_for_a_moment(server) as engine:
        server.faults.add(FaultKind.NO_DONE)
        assert isinstance(await heard(engine), Failure)
        assert await heard(engine) == Done("stop")
        assert OUR_TRY not in told(server)


async def test_who_found_it_stuck_by_waiting_in_vain_mends_it_for_the_next() -> None:
    async with SimulatedOllama(speed=0) as server:
        server.faults.add(FaultKind.STUCK)
        other = engine_for(server.address)
        await break_off(other)
        await other.aclose()
        engine = engine_for(server.address, first_token=0.3)
        failure = await heard(engine)
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.TIMEOUT
        assert await heard(engine) == Done("stop")
        await engine.aclose()


async def test_several_that_wait_share_one_try() -> None:
    async with SimulatedOllama(speed=0) as server, patient_for_a_moment(server) as engine:
        server.faults.add(FaultKind.STUCK)
        await break_off(engine)
        assert await asyncio.gather(*(heard(engine) for _ in range(3))) == [Done("stop")] * 3
        assert told(server).count(OUR_TRY) == 1


async def test_a_model_that_left_memory_meanwhile_is_not_tried() -> None:
    async with SimulatedOllama(speed=0) as server, patient_for_a_moment(server) as engine:
        await heard(engine)
        await break_off(engine)
        server.forget()
        before = len(told(server))
        assert await heard(engine, ask(MODEL, messages=ask().messages)) == Done("stop")
        assert told(server)[before:] == ["hello"]
