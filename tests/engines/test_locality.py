"""Before a prompt is sent: is the model computed by this server? Told from what the servers themselves received."""

from __future__ import annotations

import subprocess
import sys

import pytest

from b4tui.demo.faults import FaultKind
from b4tui.demo.server import SimulatedOllama
from b4tui.engines.types import Done, Failure, FailureKind, StreamEvent
from tests.engines.conftest import Connection, Script, answers, ask, done, engine_for, lines, scripted

LOCAL = {"details": {"format": "gguf"}}


def shows(reply: object, status: int = 200) -> Script:
    """A server that says this of its models and answers every chat."""

    async def script(connection: Connection) -> None:
        if connection.request.path == "/api/show":
            await lines(reply, status=status)(connection)
        else:
            await lines(done())(connection)

    return script


async def refused(script: Script) -> Failure:
    """The failure of a chat that never got as far as sending its prompt."""
    async with scripted(script, local=False) as server:
        (event,) = await answers(engine_for(server.address))
    assert isinstance(event, Failure)
    assert [(request.path, request.json) for request in server.requests] == [("/api/show", {"model": "tiny"})]
    return event


@pytest.mark.parametrize("field", ["remote_host", "remote_model"])
async def test_an_alias_of_a_cloud_model_gets_no_prompt(field: str) -> None:
    failure = await refused(shows({**LOCAL, field: "https://ollama.com:443"}))
    assert failure.kind is FailureKind.REMOTE
    assert "no prompt was sent" in failure.message and "ollama.com" in failure.message


async def test_nor_does_one_that_the_server_will_not_speak_of() -> None:
    said = {"error": "ollama cloud is disabled: remote model details are unavailable"}
    assert (await refused(shows(said, status=403))).kind is FailureKind.REMOTE


@pytest.mark.parametrize("reply", [b"no json", b"[1]", b"{}", b"\xff", b'{"a":' * 10_000])
async def test_an_answer_that_cannot_be_read_is_no_yes(reply: bytes) -> None:
    assert (await refused(shows(reply))).kind is FailureKind.PROTOCOL


async def test_a_model_that_is_not_there() -> None:
    failure = await refused(shows({"error": "model 'tiny' not found"}, status=404))
    assert (failure.kind, failure.status) == (FailureKind.NO_MODEL, 404)


async def test_a_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("b4tui.engines.locality.ANSWER_S", 0.2)

    async def script(connection: Connection) -> None:
        await connection.hang()

    assert (await refused(script)).kind is FailureKind.TIMEOUT


async def test_a_yes_of_a_megabyte_is_read_whole() -> None:
    async with scripted(shows({**LOCAL, "license": "x" * 1_000_000}), local=False) as server:
        assert await answers(engine_for(server.address)) == [Done("stop")]


async def test_a_yes_is_good_for_a_minute_and_for_one_model() -> None:
    now = [0.0]
    async with scripted(shows(LOCAL), local=False) as server:
        engine = engine_for(server.address)
        engine._clock = lambda: now[0]

        async def chat(model: str) -> list[StreamEvent]:
            return [event async for event in engine.chat(ask(model))]

        for at, model in ((0.0, "a"), (59.0, "a"), (59.0, "b"), (61.0, "a")):
            now[0] = at
            assert await chat(model) == [Done("stop")]
        await engine.aclose()
    paths = [request.path.removeprefix("/api/") for request in server.requests]
    assert paths == ["show", "chat", "chat", "show", "chat", "show", "chat"]


async def test_the_simulated_server_sees_no_chat() -> None:
    async with SimulatedOllama(speed=0) as server:
        server.faults.add(FaultKind.REMOTE_MODEL, path="/api/show")
        (event,) = await answers(engine_for(server.address), ask("qwen3:8b"))
    assert isinstance(event, Failure)
    assert event.kind is FailureKind.REMOTE
    assert [exchange.path for exchange in server.requests] == ["/api/show"]


@pytest.mark.parametrize("variable", ["OLLAMA_HOST=http://[", "ALL_PROXY=nonsense://x", "HTTP_PROXY=http://[::1"])
def test_an_environment_that_the_package_does_not_bear_is_an_engine_error(variable: str) -> None:
    """The `ollama` package reads the environment when it is imported."""
    source = """
        import asyncio
        from b4tui.config import EngineConfig
        from b4tui.engines.ollama import OllamaEngine
        from b4tui.engines.types import EngineError
        engine = OllamaEngine("here", EngineConfig(address="http://127.0.0.1:1"), {})
        for ask in (engine.models, engine.loaded, lambda: engine.show("a"), lambda: anext(engine.pull("a"))):
            try:
                asyncio.run(ask())
            except EngineError as error:
                assert "environment" in str(error), error
            else:
                raise AssertionError("no error")
    """
    name, _, value = variable.partition("=")
    done = subprocess.run(
        [sys.executable, "-c", source.replace("\n        ", "\n").strip()],
        env={name: value},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
