"""When the embedded engine's child dies or cannot start: every cause has a name, and nobody waits for nothing."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

from b4tui.engines.embedded.engine import EmbeddedEngine
from b4tui.engines.embedded.supervisor import LONGEST_PAUSE_S, pause_s
from b4tui.engines.types import Failure, FailureKind, StreamEvent, Text
from tests.engines.conftest import ask
from tests.engines.own_engine import LONG, House, failed, heard, processes, until, whole, with_package, zombies_of

ABORTS_AT_LOAD = """
import os
class CommonParams:
    def __init__(self):
        self.model = self.cpuparams = self.cpuparams_batch = type("Part", (), {})()
def Server(params):
    os.write(2, b"GGML_ASSERT(n_embd > 0) failed\\n")
    os.abort()
"""


async def killed_in_mid_answer(answer: AsyncGenerator[StreamEvent, None], pid: int) -> Failure:
    """Kill a process once the answer has begun; how the answer ends."""
    async with aclosing(answer):
        async for event in answer:
            if isinstance(event, Text) and pid:
                (process,) = (found for found in processes("") if found.pid == pid)
                process.kill()
                pid = 0
            last = event
    assert isinstance(last, Failure), last
    return last


def cut(whole_file: Path, to: Path) -> None:
    """A file as a broken download leaves it."""
    to.write_bytes(whole_file.read_bytes()[:400_000])


async def all_at_work(engine: EmbeddedEngine, count: int) -> None:
    """Wait until this many answers are being computed."""
    running: int | None = None
    while running != count:
        load = await engine.load()
        running = load.running if load else None
        await asyncio.sleep(0)


@pytest.mark.parametrize("which", ["guard", "server"])
async def test_killed_in_mid_answer_it_starts_again_with_the_next_request(house: House, tiny_weights: Path, which: str):
    async with house.open(tiny_weights, window=4096, slots=1) as engine:
        await whole(engine, ask())
        guard, server = processes(str(house.sockets))
        victim = guard if which == "guard" else server
        failure = await killed_in_mid_answer(engine.chat(ask(num_predict=LONG)), victim.pid)
        assert failure.kind is FailureKind.CRASHED
        assert failure.transient
        assert "SIGKILL, as when memory runs out" in failure.message
        assert "starts again with the next request" in failure.message
        health = await engine.health()
        assert (health.up, health.reason) == (True, failure.message)
        assert await whole(engine, ask())
        assert (await engine.health()).reason == ""
        assert not {guard.pid, server.pid} & {process.pid for process in processes(str(house.sockets))}


async def test_killed_while_idle_nobody_notices(house: House, tiny_weights: Path):
    async with house.open(tiny_weights) as engine:
        await whole(engine, ask())
        _, server = processes(str(house.sockets))
        server.kill()
        await until(lambda: not list(house.sockets.iterdir()), "the end of its folder")
        assert await engine.loaded() == ()
        assert await whole(engine, ask())


async def test_one_that_computes_nothing_any_more_is_ended_and_starts_again(house: House, tiny_weights: Path):
    async with house.open(tiny_weights, first_token_timeout_s=20.0, idle_timeout_s=1.5, window=4096) as engine:
        await whole(engine, ask())
        _, server = processes(str(house.sockets))
        answer = engine.chat(ask(num_predict=LONG))
        assert isinstance(await anext(answer), Text)
        server.suspend()
        failure = [event async for event in answer][-1]
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.TIMEOUT
        assert failure.message.endswith("so it was ended: it starts again with the next request")
        assert not processes(str(house.sockets))
        health = await engine.health()
        assert health.up
        assert "llama.cpp ended (by b4tui, after a long silence)" in health.reason
        assert await whole(engine, ask())


async def begun(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[StreamEvent, None]:
    """A long answer that has begun, although a busy machine took longer to load or to begin than the engine waits."""
    monkeypatch.setattr(engine._supervisor, "_patience_s", 60.0)
    while True:
        answer = engine.chat(ask(num_predict=LONG))
        if isinstance(await anext(answer), Text):
            return answer
        await answer.aclose()


async def test_one_that_is_only_slow_is_left_alone(house: House, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch):
    async with house.open(tiny_weights, first_token_timeout_s=0.5, slots=1, window=4096) as engine:
        answer = await begun(engine, monkeypatch)
        (_, server), waiting = processes(str(house.sockets)), asyncio.create_task(failed(engine, ask()))
        while not waiting.done():
            assert await engine.load()
            await asyncio.sleep(0)
        failure = await waiting
        assert failure.kind is FailureKind.TIMEOUT
        assert "sign of life" not in failure.message
        assert server in processes(str(house.sockets))
        await answer.aclose()


async def test_answers_that_a_touched_file_breaks_say_why(house: House, tiny_weights: Path):
    model = house.folder / "model.gguf"
    await asyncio.to_thread(shutil.copy, tiny_weights, model)
    async with house.open(model, window=4096) as engine:
        await whole(engine, ask())
        running = asyncio.create_task(failed(engine, ask(num_predict=LONG)))
        await all_at_work(engine, 1)
        os.utime(model)
        assert await whole(engine, ask())
        assert "llama.cpp ended (by b4tui, to load the model file anew)" in (await running).message


async def test_one_crash_breaks_every_answer_in_flight_and_none_of_the_next(house: House, tiny_weights: Path):
    async with house.open(tiny_weights, window=4096) as engine:
        await whole(engine, ask())
        _, server = processes(str(house.sockets))
        running = [asyncio.create_task(heard(engine, ask(num_predict=LONG, seed=seed))) for seed in range(4)]
        await all_at_work(engine, 4)
        server.kill()
        for events in await asyncio.gather(*running):
            assert isinstance(events[-1], Failure), events[-1]
            assert events[-1].kind is FailureKind.CRASHED
        assert await whole(engine, ask())


async def test_a_file_that_kills_it_at_load_is_left_alone_for_longer_each_time(house: House, tiny_weights: Path):
    house.environ = with_package(house.folder, house.environ, ABORTS_AT_LOAD)
    async with house.open(tiny_weights) as engine:
        first = await failed(engine, ask())
        assert first.kind is FailureKind.CRASHED
        assert "SIGABRT" in first.message
        assert "GGML_ASSERT(n_embd > 0) failed" in first.message
        resting = await failed(engine, ask())
        assert resting.message.endswith("(failed once; tried again in 1 s)")
        health = await engine.health()
        assert (health.up, health.reason) == (False, resting.message)
        house.time += 1
        assert (await engine.health()).up
        await failed(engine, ask())
        assert (await failed(engine, ask())).message.endswith("(failed 2 times in a row; tried again in 2 s)")
        assert not zombies_of(os.getpid())


async def test_a_file_that_is_replaced_is_tried_at_once(house: House, tiny_weights: Path):
    model = house.folder / "model.gguf"
    await asyncio.to_thread(cut, tiny_weights, model)
    async with house.open(model) as engine:
        assert "model is corrupted or incomplete" in (await failed(engine, ask())).message
        assert "tried again in" in (await failed(engine, ask())).message
        house.pins.unpin(engine.address, model.name)
        await asyncio.to_thread(shutil.copy, tiny_weights, model)
        assert await whole(engine, ask())


def test_pauses_double_up_to_a_minute_and_a_first_crash_in_service_is_forgiven():
    assert [pause_s(failures, served=False) for failures in range(5)] == [0, 1, 2, 4, 8]
    assert [pause_s(failures, served=True) for failures in range(5)] == [0, 0, 1, 2, 4]
    assert pause_s(1000, served=False) == LONGEST_PAUSE_S


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "is not there"),
        (b"", "is empty"),
        (b"<html>404</html>" * 9, "is no GGUF file"),
        (b"GGUF\x03", "is no GGUF file"),
    ],
)
async def test_what_is_no_model_is_seen_before_anything_starts(house: House, content: bytes | None, words: str):
    model = house.folder / "model.gguf"
    if content is not None:
        model.write_bytes(content)
    async with house.open(model) as engine:
        failure = await failed(engine, ask())
        assert failure.kind is FailureKind.NO_MODEL
        assert words in failure.message
        assert "mend engines.own.model_file" in failure.message
        health = await engine.health()
        assert (health.up, health.reason) == (False, failure.message)
        assert (await engine.attest("any")).failure == failure


async def test_a_folder_is_no_model(house: House):
    async with house.open(house.folder) as engine:
        assert "is not a file" in (await failed(engine, ask())).message


async def test_garbage_behind_the_magic_is_refused_in_llama_cpps_words(house: House):
    model = house.folder / "garbage.gguf"
    model.write_bytes(b"GGUF\x03\0\0\0" + bytes(range(256)) * 400)
    async with house.open(model) as engine:
        failure = await failed(engine, ask())
    assert failure.kind is FailureKind.REFUSED
    assert "llama.cpp cannot load garbage.gguf: get the file again" in failure.message
    assert "number of tensors" in failure.message


async def test_a_package_that_does_not_load_is_named_with_how_to_install_it(house: House, tiny_weights: Path):
    house.environ = with_package(house.folder, house.environ, "raise ImportError('libcudart.so.13: cannot open')")
    async with house.open(tiny_weights) as engine:
        failure = await failed(engine, ask())
    assert failure.kind is FailureKind.REFUSED
    assert "libcudart.so.13: cannot open" in failure.message
    assert "pip install 'b4tui[embedded]'" in failure.message


async def test_without_the_package_health_says_how_to_install_it(
    house: House, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    async with house.open(tiny_weights) as engine:
        health = await engine.health()
    assert not health.up
    assert health.reason == "a model file needs the package xllamacpp: pip install 'b4tui[embedded]'"


async def test_a_package_that_does_not_know_its_version_serves_all_the_same(
    house: House, tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
):
    def unknown(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", unknown)
    async with house.open(tiny_weights) as engine:
        health = await engine.health()
    assert (health.up, health.version) == (True, "xllamacpp")


async def test_a_start_that_takes_too_long_is_given_up(house: House, tiny_weights: Path):
    house.environ = with_package(house.folder, house.environ, "import time\ntime.sleep(3600)")
    async with house.open(tiny_weights, first_token_timeout_s=0.5) as engine:
        failure = await failed(engine, ask())
        assert failure.kind is FailureKind.TIMEOUT
        assert "raise engines.own.first_token_timeout_s" in failure.message
        assert not processes(str(house.sockets))


async def test_memory_that_does_not_suffice_is_named(house: House, tiny_weights: Path):
    text = ABORTS_AT_LOAD.replace("GGML_ASSERT(n_embd > 0) failed", "0.01.002.003 E ggml: failed to allocate buffer")
    house.environ = with_package(house.folder, house.environ, text)
    async with house.open(tiny_weights) as engine:
        failure = await failed(engine, ask())
    assert failure.kind is FailureKind.OUT_OF_MEMORY
    assert "lower num_ctx" in failure.message
    assert not failure.transient
