"""The trials: public questions, put to a real server, and what came of them."""

from __future__ import annotations

import itertools
import math
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest

from b4tui.demo.faults import FaultKind
from b4tui.demo.script import Call, Script, Step
from b4tui.demo.server import SimulatedOllama
from b4tui.engines.interface import EngineError
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.trials.run import TrialResult, run_trials
from b4tui.engines.trials.trials import LoadedAs, parse_trials, question, read_trials
from b4tui.engines.types import FailureKind
from b4tui.provenance import Provenance
from tests.engines.conftest import engine_for

RIGHT = {
    "instruction": Step(say="NORTH STREAM LANTERN"),
    "json": Step(say='```json\n{"host": "atlas-2", "down": true, "waiting": 14}\n```'),
    "call": Step(calls=(Call(tool="read", path="docs/setup.md"),)),
    "summary": Step(say="Ice closes the harbour of Vestby to large ships every winter."),
    "function": Step(say="def mean(numbers):\n    return sum(numbers) / len(numbers) if numbers else 0.0"),
    "unknown": Step(say="UNKNOWN"),
}


def scripts(**changes: Step) -> list[Script]:
    """A model that answers everything right, but for the changes."""
    return [Script(bead=f"check-{name}", steps=(step,)) for name, step in (RIGHT | changes).items()]


@asynccontextmanager
async def serving(known: Iterable[Script]) -> AsyncIterator[tuple[SimulatedOllama, OllamaEngine]]:
    async with SimulatedOllama(known, speed=math.inf) as server:
        engine = engine_for(server.address)
        try:
            yield server, engine
        finally:
            await engine.aclose()


async def results(engine: OllamaEngine, model: str = "qwen3:8b") -> list[TrialResult]:
    ticks = itertools.count()
    return [result async for result in run_trials(engine, model, read_trials(), LoadedAs(), lambda: next(ticks))]


def test_the_set_asks_for_six_different_things() -> None:
    kinds = [trial.rule.kind for trial in read_trials().trial]
    assert kinds == ["exact", "json", "call", "summary", "function", "declines"]


def test_a_question_is_public_as_a_whole_and_asked_the_same_way_each_time() -> None:
    trials = read_trials()
    loaded = LoadedAs(num_ctx=8192, keep_alive="24h", options={"num_gpu": 0})
    for trial in trials.trial:
        request = question(trial, trials.system, "m", loaded)
        assert {message.provenance for message in request.messages} == {Provenance.PUBLIC}
        assert not request.private
        assert (request.temperature, request.seed, request.think) == (0.0, 7, False)
        assert (request.num_ctx, request.keep_alive, request.options) == (8192, "24h", {"num_gpu": 0})
        assert request.num_predict <= 256


def test_another_wording_has_another_mark() -> None:
    text = 'system = "s"\n[[trial]]\nname = "a"\ntitle = "A"\nprompt = "{}"\nnum_predict = 8\n'
    text += 'rule = {{ kind = "exact", text = "x" }}\n'
    one, other = parse_trials(text.format("one")), parse_trials(text.format("two"))
    assert one.mark and one.mark != other.mark
    with pytest.raises(ValueError, match="kind"):
        parse_trials(text.format("one").replace("exact", "guess"))


async def test_a_model_that_does_what_is_asked_keeps_every_rule() -> None:
    async with serving(scripts()) as (server, engine):
        found = await results(engine)
    assert {result.trial: result.why for result in found} == dict.fromkeys(RIGHT, "")
    assert all(result.passed and result.tokens and result.rate and result.seconds == 1 for result in found)
    assert found[2].text == '→ read({"path": "docs/setup.md"})'
    assert [exchange.body["options"]["seed"] for exchange in server.chats] == [7] * 6
    assert [bool(exchange.body.get("tools")) for exchange in server.chats] == [False, False, True, False, False, False]


async def test_a_broken_rule_is_named_and_the_rest_is_asked_all_the_same() -> None:
    async with serving(scripts(call=Step(say="I think it says hello."))) as (_, engine):
        found = await results(engine)
    assert [result.trial for result in found if not result.passed] == ["call"]
    assert found[2].why == "no tool was called"


async def test_an_answer_without_an_end_does_not_count() -> None:
    async with serving(scripts(unknown=Step(say="It is UNKNOWN how long it is " * 20))) as (_, engine):
        found = await results(engine)
    assert "not at its end after 48 tokens" in found[-1].why


@pytest.mark.parametrize("kind", [FaultKind.ERROR_LINE, FaultKind.NO_DONE, FaultKind.CRASH, FaultKind.BUSY])
async def test_an_answer_that_failed_is_a_broken_rule_with_its_reason(kind: FaultKind) -> None:
    async with serving(scripts()) as (server, engine):
        server.faults.add(kind, bead="check-json")
        found = await results(engine)
    assert [result.trial for result in found if not result.passed] == ["json"]
    assert "Ollama" in found[1].why


async def test_a_model_that_is_not_there_ends_it() -> None:
    async with serving(scripts()) as (server, engine):
        with pytest.raises(EngineError, match="no model nobody"):
            await results(engine, "nobody")
        assert server.chats == []


async def test_a_remote_model_is_asked_nothing() -> None:
    async with serving(scripts()) as (server, engine):
        with pytest.raises(EngineError) as error:
            await results(engine, "gpt-oss:120b-cloud")
        assert error.value.failure.kind is FailureKind.REMOTE
        assert server.requests == []


async def test_nobody_there_ends_it() -> None:
    async with serving(scripts()) as (server, engine):
        await server.down()
        with pytest.raises(EngineError) as error:
            await results(engine)
        assert error.value.failure.kind is FailureKind.UNREACHABLE
