"""Health, and models through the `ollama` package, over real HTTP."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping

import pytest

from b4tui.engines.interface import (
    EngineError,
    Health,
    LoadedModel,
    ModelCard,
    ModelInfo,
    PullProgress,
)
from b4tui.engines.types import FailureKind
from tests.engines.conftest import Connection, Script, engine_for, lines, scripted

pytestmark = pytest.mark.usefixtures("own_time")

DETAILS = {"format": "gguf", "family": "qwen3", "parameter_size": "1.7B", "quantization_level": "Q4_K_M"}
TAG = {"name": "a:1b", "model": "a:1b", "size": 5, "digest": "sha256:ab", "details": DETAILS, "capabilities": ["tools"]}


def by_path(replies: Mapping[str, object]) -> Script:
    """A server with one reply per path, 404 for the rest."""

    async def script(connection: Connection) -> None:
        reply = replies.get(connection.request.path)
        await connection.head(404 if reply is None else 200)
        await connection.line({"error": "not found"} if reply is None else reply)
        await connection.end()

    return script


async def health_of(script: Script, connect: float = 5.0) -> Health:
    async with scripted(script, local=False) as server:
        engine = engine_for(server.address, connect=connect)
        try:
            return await engine.health()
        finally:
            await engine.aclose()


async def refusal(script: Script, what: str = "models") -> EngineError:
    async with scripted(script, local=False) as server:
        engine = engine_for(server.address, connect=1.0)
        try:
            with pytest.raises(EngineError) as error:
                await {"models": engine.models, "loaded": engine.loaded}[what]()
        finally:
            await engine.aclose()
    return error.value


class TestHealth:
    async def test_of_a_server_that_keeps_to_itself(self) -> None:
        replies = {"/api/version": {"version": "0.33.3"}, "/api/status": {"cloud": {"disabled": True, "source": "env"}}}
        assert await health_of(by_path(replies)) == Health(up=True, version="0.33.3", cloud_disabled=True)

    async def test_of_a_server_too_old_to_say(self) -> None:
        assert await health_of(by_path({"/api/version": {"version": "0.16.0"}})) == Health(up=True, version="0.16.0")

    async def test_of_a_simulated_server_by_its_word(self) -> None:
        assert (await health_of(by_path({"/api/version": {"version": "1", "simulated": True}}))).simulated

    async def test_of_a_simulated_server_by_its_header(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head(200, "X-B4tui-Simulated: 1")
            await connection.line({"version": "1"})
            await connection.end()

        assert (await health_of(script)).simulated

    @pytest.mark.parametrize(
        "reply", [b"Ollama is running", {"version": 5}, {}, [1], b"\xff", b"x" * 5_000_000, b'{"a":' * 10_000]
    )
    async def test_of_something_else_on_that_port(self, reply: object) -> None:
        health = await health_of(lines(reply))
        assert not health.up
        assert "does not speak Ollama's protocol" in health.reason

    async def test_of_a_server_that_says_nothing(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.hang()

        health = await health_of(script, connect=0.2)
        assert not health.up
        assert "within 0.2 s" in health.reason

    async def test_of_a_server_that_dribbles(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head()
            while True:
                await connection.chunk(b" ")
                await asyncio.sleep(0.01)

        assert not (await health_of(script, connect=0.2)).up

    async def test_of_a_server_that_is_stuck_after_its_version(self) -> None:
        async def script(connection: Connection) -> None:
            if connection.request.path == "/api/status":
                await connection.hang()
            await connection.head()
            await connection.line({"version": "1"})
            await connection.end()

        assert await health_of(script, connect=0.3) == Health(up=True, version="1")

    async def test_of_nobody(self) -> None:
        async with scripted(lines(), local=False) as server:
            address = server.address
        health = await engine_for(address).health()
        assert not health.up
        assert "`OLLAMA_NO_CLOUD=1 ollama serve`" in health.reason

    async def test_of_a_redirect(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head(302, "Location: http://127.0.0.1:1/")
            await connection.end()

        health = await health_of(script)
        assert not health.up
        assert "redirects" in health.reason


class TestModels:
    async def test_are_listed_and_remote_ones_are_marked(self) -> None:
        remote = {"name": "b", "model": "b", "size": 195, "digest": "cd", "details": {"format": ""}, "remote_host": "x"}
        async with scripted(by_path({"/api/tags": {"models": [TAG, remote]}}), local=False) as server:
            engine = engine_for(server.address)
            first, second = await engine.models()
            await engine.aclose()
        assert first == ModelInfo(
            name="a:1b", digest="ab", size=5, format="gguf", parameters="1.7B", quantization="Q4_K_M"
        )
        assert second.remote

    async def test_in_memory(self) -> None:
        row = {"model": "a:1b", "name": "a:1b", "digest": "ab", "size": 9, "size_vram": 4, "context_length": 512}
        row["expires_at"] = "2026-08-21T10:00:00Z"
        async with scripted(by_path({"/api/ps": {"models": [row]}}), local=False) as server:
            engine = engine_for(server.address)
            loaded = await engine.loaded()
            await engine.aclose()
        assert loaded == (
            LoadedModel(name="a:1b", digest="ab", size=9, vram=4, context=512, expires_at="2026-08-21T10:00:00+00:00"),
        )

    async def test_one_is_shown(self) -> None:
        info = {"general.architecture": "qwen3next", "qwen3next.context_length": 262144}
        card = {"details": DETAILS, "model_info": info, "capabilities": ["completion", "tools"], "remote_model": "m"}
        async with scripted(by_path({"/api/show": card}), local=False) as server:
            engine = engine_for(server.address)
            shown = await engine.show("a:1b")
            await engine.aclose()
        assert shown == ModelCard(
            name="a:1b",
            capabilities=frozenset({"completion", "tools"}),
            architecture="qwen3next",
            context=262144,
            format="gguf",
            parameters="1.7B",
            quantization="Q4_K_M",
            remote=True,
        )

    async def test_one_is_pulled_step_by_step(self) -> None:
        layer = {"status": "pulling ab", "digest": "sha256:ab", "total": 10, "completed": 5}
        async with scripted(lines({"status": "pulling manifest"}, layer, {"status": "success"}), local=False) as server:
            engine = engine_for(server.address)
            steps = [step async for step in engine.pull("a:1b")]
            await engine.aclose()
        assert steps[1] == PullProgress(status="pulling ab", digest="ab", completed=5, total=10)
        assert steps[-1].status == "success"

    async def test_a_pull_that_ends_early_has_failed(self) -> None:
        async with scripted(lines({"status": "pulling manifest"}), local=False) as server:
            engine = engine_for(server.address)
            with pytest.raises(EngineError) as error:
                [step async for step in engine.pull("a:1b")]
            await engine.aclose()
        assert error.value.failure.kind is FailureKind.INCOMPLETE

    async def test_a_pull_that_the_server_cannot_do_says_so(self) -> None:
        async with scripted(lines({"error": "pull model manifest: file does not exist"}), local=False) as server:
            engine = engine_for(server.address)
            with pytest.raises(EngineError, match=r"check the name.*file does not exist") as error:
                [step async for step in engine.pull("nowhere")]
            await engine.aclose()
        assert error.value.failure.kind is FailureKind.REFUSED

    async def test_a_pull_whose_registry_is_silent_is_no_crash_of_the_server(self) -> None:
        said = 'pull model manifest: Get "https://127.0.0.1:1/v2/a": dial tcp 127.0.0.1:1: connect: connection refused'
        async with scripted(lines({"error": said})) as server:
            engine = engine_for(server.address)
            with pytest.raises(EngineError, match="may reach its registry") as error:
                [step async for step in engine.pull("a")]
            await engine.aclose()
        assert error.value.failure.kind is FailureKind.REFUSED

    async def test_one_is_put_out_of_memory_without_a_word_of_a_prompt(self) -> None:
        reply = {"model": "a:1b", "message": {"role": "assistant", "content": ""}, "done": True}
        async with scripted(lines({**reply, "done_reason": "unload"})) as server:
            engine = engine_for(server.address)
            await engine.unload("a:1b")
            await engine.aclose()
        (asked,) = server.requests
        assert (asked.path, asked.json["messages"], asked.json["keep_alive"]) == ("/api/chat", [], 0)

    async def test_one_gets_a_second_name_and_loses_it(self) -> None:
        async with scripted(lines(b"")) as server:
            engine = engine_for(server.address)
            await engine.copy("a:1b", "kept/a:1b")
            await engine.delete("kept/a:1b")
            await engine.aclose()
        copy, delete = server.requests
        assert (copy.method, copy.path, copy.json) == (
            "POST",
            "/api/copy",
            {"source": "a:1b", "destination": "kept/a:1b"},
        )
        assert (delete.method, delete.path, delete.json) == ("DELETE", "/api/delete", {"model": "kept/a:1b"})

    async def test_what_is_not_there_has_no_second_name(self) -> None:
        async with scripted(lines({"error": 'model "a:1b" not found'}, status=404)) as server:
            engine = engine_for(server.address)
            for step in (engine.copy("a:1b", "b"), engine.delete("a:1b")):
                with pytest.raises(EngineError) as error:
                    await step
                assert error.value.failure.kind is FailureKind.NO_MODEL
            await engine.aclose()

    async def test_cloud_names_are_refused_unsent(self) -> None:
        async with scripted(lines(), local=False) as server:
            engine = engine_for(server.address)
            with pytest.raises(EngineError, match="cloud model"):
                await engine.copy("a:1b", "a:cloud")
            with pytest.raises(EngineError, match="cloud model"):
                await engine.show("a:cloud")
            with pytest.raises(EngineError, match="cloud model"):
                [step async for step in engine.pull("a:cloud")]
            await engine.aclose()
        assert server.requests == []

    @pytest.mark.parametrize("what", ["models", "loaded"])
    @pytest.mark.parametrize(
        "reply", [b"no json", [1], {"models": 5}, {}, {"models": [{"size": "big"}]}, b"\xff\xfe", b'{"a":' * 10_000]
    )
    async def test_replies_that_cannot_be_read(self, reply: object, what: str) -> None:
        assert (await refusal(lines(reply), what)).failure.kind is FailureKind.PROTOCOL

    async def test_an_error_of_the_server(self) -> None:
        assert (await refusal(lines({"error": "busy"}, status=503))).failure.kind is FailureKind.BUSY

    async def test_a_broken_reply(self) -> None:
        async def script(connection: Connection) -> None:
            await connection.head()
            await connection.chunk(b'{"models"')

        assert (await refusal(script)).failure.kind is FailureKind.INCOMPLETE

    async def test_nobody_there(self) -> None:
        async with scripted(lines(), local=False) as server:
            address = server.address
        with pytest.raises(EngineError, match="ollama serve") as error:
            await engine_for(address).models()
        assert error.value.failure.kind is FailureKind.UNREACHABLE

    @pytest.mark.usefixtures("no_proxy_helps")
    async def test_the_package_sends_no_key_and_uses_no_proxy(self) -> None:
        async with scripted(
            by_path({"/api/tags": {"models": [TAG]}, "/api/ps": {"models": []}}), local=False
        ) as server:
            engine = engine_for(server.address)
            await engine.models()
            await engine.loaded()
            await engine.aclose()
        assert len(server.requests) == 2
        for request in server.requests:
            assert "authorization" not in request.headers
            assert not any("not-a-real-key" in value for value in request.headers.values())

    async def test_the_package_follows_no_redirect(self) -> None:
        async with scripted(by_path({"/api/tags": {"models": []}}), local=False) as elsewhere:

            async def script(connection: Connection) -> None:
                await connection.head(307, f"Location: {elsewhere.address}/api/tags")
                await connection.end()

            refused = await refusal(script)
        assert refused.failure.kind is FailureKind.PROTOCOL
        assert refused.failure.status == 307
        assert elsewhere.requests == []


@pytest.mark.parametrize("variable", ["OLLAMA_HOST=http://[", "ALL_PROXY=nonsense://x", "HTTP_PROXY=http://[::1"])
def test_an_environment_that_the_package_does_not_bear_is_an_engine_error(variable: str) -> None:
    """The `ollama` package reads the environment when it is imported."""
    source = """
        import asyncio
        from pathlib import Path
        from b4tui.config import EngineConfig, PolicyConfig
        from b4tui.engines.ollama.engine import OllamaEngine
        from b4tui.engines.attestation.pins import Pins
        from b4tui.engines.interface import EngineError
        engine = OllamaEngine(
            "here", EngineConfig(address="http://127.0.0.1:1"), {}, pins=Pins(Path("pins.json")), policy=PolicyConfig()
        )
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
