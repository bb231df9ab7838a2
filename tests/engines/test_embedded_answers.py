"""Answers of the embedded engine: the real llama.cpp in a child process, on a tiny model of random weights."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from b4tui.engines.embedded.engine import EmbeddedEngine
from b4tui.engines.toolcalls.recovery import recover
from b4tui.engines.types import (
    Done,
    Failure,
    FailureKind,
    Message,
    Role,
    Text,
    ToolSpec,
    Usage,
)
from b4tui.events import Locality
from tests.engines.conftest import ask
from tests.engines.own_engine import LONG, House, failed, heard, until, whole

READ = ToolSpec(
    "read",
    "read a file",
    {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
)


async def first_piece(engine: EmbeddedEngine, **changes: object) -> None:
    """Ask, and hang up after the first piece of the answer."""
    async with aclosing(engine.chat(ask(**changes))) as answer:
        async for event in answer:
            assert isinstance(event, Text), event
            return


async def test_an_answer_comes_in_pieces_and_ends_with_the_servers_figures(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        events = await heard(engine, ask(num_predict=32))
    *pieces, usage, done = events
    assert len(pieces) > 8
    assert all(isinstance(piece, Text) for piece in pieces)
    assert isinstance(usage, Usage)
    assert (usage.generated_tokens, usage.cached_tokens) == (32, 0)
    assert usage.prompt_tokens > 0
    assert usage.prompt_seconds
    assert usage.generate_seconds
    assert usage.first_token_seconds is not None
    assert done == Done("length")


async def test_what_it_has_read_before_comes_from_its_cache(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        first = [event for event in await heard(engine, ask()) if isinstance(event, Usage)]
        again = [event for event in await heard(engine, ask()) if isinstance(event, Usage)]
    assert first[0].cached_tokens == 0
    assert again[0].cached_tokens == again[0].prompt_tokens - 1  # one token is always computed


async def test_the_same_seed_gives_the_same_answer(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        one, two = [await whole(engine, ask(seed=7, temperature=1.0, options={"cache_prompt": False})) for _ in "ab"]
        other = await whole(engine, ask(seed=8, temperature=1.0, options={"cache_prompt": False}))
    assert one == two != other


async def test_whatever_a_role_calls_its_model_the_file_serves_it(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        assert await whole(engine, ask("qwen3-coder-next:latest"))
        assert await whole(engine, ask("qwen3:1.7b"))
        (model,) = await engine.models()
    assert model.name == "tiny.gguf"


async def test_a_tool_call_that_leaks_as_text_can_be_recovered(house: House, tiny_weights: Path):
    grammar = r'root ::= "<function=read>\n<parameter=path>\na.py\n</parameter>\n</function>"'
    async with house.open(tiny_weights) as engine:
        text = await whole(engine, ask(options={"grammar": grammar}, num_predict=200))
    found = recover(text, (READ,), truncated=False)
    assert [(call.name, dict(call.arguments)) for call in found.calls] == [("read", {"path": "a.py"})]


async def test_tools_can_be_offered(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        events = await heard(engine, ask(tools=(READ,), num_predict=8))
    assert events[-1] == Done("length")


async def test_hanging_up_frees_the_slot(house: House, tiny_weights: Path):
    async with house.open(tiny_weights, window=8192, slots=1) as engine:
        await first_piece(engine, num_predict=LONG)
        # One slot: the next answer can only come once the first has left it.
        assert await whole(engine, ask(num_predict=4))
        load = await engine.load()
        assert load is not None
        assert load.running == 0
        assert load.generated_tokens is not None
        assert load.generated_tokens < LONG


async def test_a_prompt_beyond_the_window_is_refused_with_what_to_raise(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        failure = await failed(engine, ask(messages=(Message(Role.USER, "z" * 2000),)))
    assert failure.kind is FailureKind.OVERFLOW
    assert "raise num_ctx in its role" in failure.message
    assert "512 tokens" in failure.message


async def test_every_slot_has_the_whole_window(house: House, tiny_weights: Path):
    """llama.cpp divides what it is given among its slots: four answers at once must each have all of it."""
    almost_full = Message(Role.USER, "z" * 400)
    async with house.open(tiny_weights, slots=4) as engine:
        requests = [ask(messages=(almost_full,), num_predict=64, seed=seed) for seed in range(4)]
        answers = await asyncio.gather(*(heard(engine, request) for request in requests))
        (loaded,) = await engine.loaded()
    assert loaded.context == 512
    for events in answers:
        (usage,) = (event for event in events if isinstance(event, Usage))
        assert usage.prompt_tokens + usage.generated_tokens > 512 * 3 // 4
        assert isinstance(events[-1], Done)


async def test_four_answers_at_a_time_unless_told_otherwise(house: House, tiny_weights: Path):
    assert await house.engine(tiny_weights).slots("any") == 4
    assert await house.engine(tiny_weights, slots=2).slots("any") == 2


async def test_its_load_is_that_of_its_slots(house: House, tiny_weights: Path):
    async with house.open(tiny_weights, window=8192, slots=1) as engine:
        idle = await engine.load()
        assert idle is not None
        assert (idle.running, idle.waiting) == (0, 0)
        busy = [asyncio.create_task(heard(engine, ask(num_predict=LONG))) for _ in range(2)]
        seen: set[tuple[int | None, int | None]] = set()
        while (1, 1) not in seen:
            assert not all(task.done() for task in busy), seen
            load = await engine.load()
            assert load is not None
            seen.add((load.running, load.waiting))
            await asyncio.sleep(0)
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)


async def test_nothing_is_in_memory_before_the_first_request(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        health = await engine.health()
        assert (health.up, health.reason) == (True, "not started yet; starts with the first request")
        assert health.version.startswith("xllamacpp ")
        await engine.attest("any")
        assert await engine.loaded() == ()
        await whole(engine, ask())
        (loaded,) = await engine.loaded()
        assert (loaded.name, loaded.weights) == ("tiny.gguf", str(tiny_weights))
        assert loaded.size > 400_000
        assert loaded.vram == 0, "gpu_layers is 0"
        assert (await engine.health()).reason == ""


async def test_requests_that_come_together_start_one_child(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        answers = await asyncio.gather(*(whole(engine, ask(seed=seed)) for seed in range(6)))
        assert all(answers)
        assert len(list(house.sockets.iterdir())) == 1


async def test_one_who_gives_up_waiting_does_not_stop_the_start(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        hasty = asyncio.create_task(heard(engine, ask()))
        patient = asyncio.create_task(whole(engine, ask()))
        await until(lambda: any(house.sockets.iterdir()), "a start")
        hasty.cancel()
        assert await patient


async def test_the_answer_is_of_the_attested_file(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        attestation = await engine.attest("qwen3:8b", fresh=True)
    assert attestation.locality is Locality.ATTESTED
    assert attestation.model == "tiny.gguf"
    assert [proof.holds for proof in attestation.proofs] == [True] * 4


@pytest.mark.parametrize("option", ["temperature", "top_k"])
async def test_an_option_of_the_wrong_type_is_refused_and_the_child_lives(
    house: House, tiny_weights: Path, option: str
):
    async with house.open(tiny_weights) as engine:
        events = await heard(engine, ask(options={option: "warm", "grammar": 'root ::= "'}))
        assert isinstance(events[-1], Failure), events
        assert not events[-1].transient
        assert await whole(engine, ask())
