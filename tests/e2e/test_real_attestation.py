"""Attestation against the real Ollama 0.33 with a tiny model, read from its own log (research/runtime.md 1.7, 1.12)."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from b4tui.config import EngineConfig, PolicyConfig
from b4tui.engines.attestation.ollama import Step, proof_of
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.types import (
    ChatRequest,
    Done,
    Failure,
    FailureKind,
    Message,
    Role,
    StreamEvent,
    Usage,
)
from b4tui.events import Locality
from b4tui.provenance import Provenance
from tests.e2e.conftest import RealOllama, running_ollama, until

pytestmark = pytest.mark.peers

NOW = datetime(2026, 8, 21, tzinfo=UTC)
_ANSWERED = re.compile(r'\| (\d{3}) \|.*\| (GET|POST|DELETE) +"(\S+)"')


class Log:
    """What the server wrote down of the requests since a moment: `(status, path)` in order."""

    def __init__(self, server: RealOllama) -> None:
        self._path = server.log
        self._from = self._path.stat().st_size

    def requests(self) -> list[tuple[int, str]]:
        text = self._path.read_bytes()[self._from :].decode(errors="replace")
        return [(int(status), path) for status, _, path in _ANSWERED.findall(text)]

    async def written(self, first: str, count: int) -> list[str]:
        """The paths of so many requests from the first of this path on, once they are there.

        A line is written after its answer was sent, so that of an earlier request may still come.
        """

        def paths() -> list[str]:
            found = [path for _, path in self.requests()]
            return found[found.index(first) :] if first in found else []

        await asyncio.to_thread(until, lambda: len(paths()) >= count, f"{count} lines in the log")
        return paths()

    def count(self, path: str, status: int | None = None) -> int:
        return sum(row[1] == path and status in (None, row[0]) for row in self.requests())


def ask(model: str = "tiny", *, provenance: Provenance = Provenance.PRIVATE, keep_alive: str = "5m") -> ChatRequest:
    return ChatRequest(
        model=model,
        messages=(Message(Role.USER, "hello", provenance=provenance),),
        num_ctx=1024,
        num_predict=16,
        temperature=1.0,
        seed=1,
        keep_alive=keep_alive,
        options={"num_thread": 1},
    )


async def last(engine: OllamaEngine, request: ChatRequest | None = None) -> StreamEvent:
    return [event async for event in engine.chat(request or ask())][-1]


def engine_at(server: RealOllama, folder: Path, **policy: object) -> OllamaEngine:
    config = EngineConfig(address=server.address, first_token_timeout_s=60, idle_timeout_s=30)
    pins = Pins(folder / "pins.json")
    return OllamaEngine("real", config, {}, pins=pins, policy=PolicyConfig.model_validate(policy))


@pytest.fixture(scope="module")
def own_folder(ollama_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models of this file's own, that its tests change."""
    folder = tmp_path_factory.mktemp("attested")
    shutil.copytree(ollama_folder / "models", folder / "models")
    return folder


@pytest.fixture(scope="module")
def server(own_folder: Path) -> Iterator[RealOllama]:
    with running_ollama(own_folder) as running:
        yield running


@pytest_asyncio.fixture
async def engine(server: RealOllama, tmp_path: Path) -> AsyncIterator[OllamaEngine]:
    opened = engine_at(server, tmp_path)
    yield opened
    await opened.aclose()


async def make(server: RealOllama, path: str, **body: object) -> None:
    async with httpx.AsyncClient(base_url=server.address, trust_env=False, timeout=60) as client:
        (await client.post(path, json={**body, "stream": False})).raise_for_status()


def loaded_rows(server: RealOllama) -> list[str]:
    """The names of the models in its memory."""
    rows = httpx.get(f"{server.address}/api/ps", trust_env=False, timeout=10).json()["models"]
    return [row["name"] for row in rows]


async def empty_memory(server: RealOllama) -> None:
    """Have it put every model out."""
    for name in loaded_rows(server):
        await make(server, "/api/chat", model=name, messages=[], keep_alive=0)
    await asyncio.to_thread(until, lambda: not loaded_rows(server), "an empty memory")


async def delete(server: RealOllama, model: str) -> None:
    async with httpx.AsyncClient(base_url=server.address, trust_env=False, timeout=60) as client:
        (await client.request("DELETE", "/api/delete", json={"model": model})).raise_for_status()


async def test_without_a_cloud_every_step_holds_and_the_canary_is_refused(
    engine: OllamaEngine, server: RealOllama
) -> None:
    log = Log(server)
    found = await engine.attest("tiny")
    assert found.locality is Locality.ATTESTED, found.missing
    assert log.requests() == [
        (200, "/api/version"),
        (200, "/api/status"),
        (200, "/api/tags"),
        (200, "/api/show"),
        (403, "/api/show"),
    ]
    assert await last(engine) == Done("length")
    assert all(proof.holds for proof in (await engine.attest("tiny")).proofs)
    await log.written("/api/version", 10)
    # It is looked for, loaded and seen before anything is said, and seen once more while it answers.
    assert (log.count("/api/chat", 200), log.count("/api/ps", 200)) == (2, 3)


async def test_list_and_memory_show_the_digest_that_was_pinned(engine: OllamaEngine, server: RealOllama) -> None:
    assert await last(engine) == Done("length")
    found = await engine.attest("tiny")
    (loaded,) = await engine.loaded()
    assert found.pinned == found.digest == loaded.digest
    assert len(found.digest) == 64
    assert await asyncio.to_thread(Path(loaded.weights).is_file)
    assert loaded.weights.startswith(str(server.log.parent / "models"))


async def test_a_model_that_leaves_at_once_is_seen_all_the_same(engine: OllamaEngine) -> None:
    for _ in range(2):
        assert await last(engine, ask(keep_alive="0")) == Done("length")


async def test_a_copy_that_shares_its_weights_is_attested_although_memory_lists_the_other(
    engine: OllamaEngine, server: RealOllama
) -> None:
    await make(server, "/api/create", model="warm", **{"from": "tiny"}, parameters={"temperature": 0.1})
    try:
        assert await last(engine) == Done("length")
        assert await last(engine, ask("warm")) == Done("length")
        found = await engine.attest("warm")
        assert found.digest not in {loaded.digest for loaded in await engine.loaded()}
        memory = proof_of(found, Step.IN_MEMORY)
        assert memory is not None
        assert memory.holds
        assert "same weights" in memory.detail
    finally:
        await delete(server, "warm")


async def test_an_alias_with_a_remote_host_gets_no_prompt(engine: OllamaEngine, server: RealOllama) -> None:
    await make(server, "/api/create", model="homely", **{"from": "gpt-oss:120b"}, remote_host="https://ollama.com:443")
    log = Log(server)
    try:
        for provenance in Provenance:
            failure = await last(engine, ask("library/HOMELY", provenance=provenance))
            assert isinstance(failure, Failure)
            assert failure.kind is FailureKind.REMOTE
            assert "ollama.com" in failure.message
        found = await engine.attest("homely")
        assert found.locality is Locality.REMOTE
        assert found.missing is not None
        assert found.missing.step == Step.OWN
        assert log.count("/api/chat") == 0
    finally:
        await delete(server, "homely")


async def test_an_alias_that_takes_an_attested_models_place_is_refused_by_its_local_name(
    engine: OllamaEngine, server: RealOllama
) -> None:
    await make(server, "/api/copy", source="tiny", destination="swapped")
    assert (await engine.attest("swapped")).locality is Locality.ATTESTED
    await delete(server, "swapped")
    await make(server, "/api/create", model="swapped", **{"from": "x"}, remote_host="https://ollama.com:443")
    log = Log(server)
    try:
        failure = await last(engine, ask("swapped"))
        assert isinstance(failure, Failure)
        assert (failure.kind, failure.status) == (FailureKind.NO_MODEL, 404)
        assert log.requests() == [(200, "/api/ps"), (404, "/api/chat")]
        assert (await engine.attest("swapped")).locality is Locality.REMOTE
    finally:
        await delete(server, "swapped")


async def test_a_model_made_anew_stops_until_the_operator_pins_it(
    engine: OllamaEngine, server: RealOllama, tmp_path: Path
) -> None:
    await make(server, "/api/copy", source="tiny", destination="anew")
    try:
        assert await last(engine, ask("anew")) == Done("length")
        await make(server, "/api/create", model="anew", **{"from": "tiny"}, parameters={"temperature": 0.2})
        log = Log(server)
        found = await engine.attest("anew", fresh=True)
        assert found.changed
        for provenance in Provenance:
            failure = await last(engine, ask("anew", provenance=provenance))
            assert isinstance(failure, Failure)
            assert failure.kind is FailureKind.UNATTESTED
            assert "`b4tui models pin anew`" in failure.message
        assert log.count("/api/chat") == 0
        Pins(tmp_path / "pins.json").pin(server.address, "anew", found.digest, NOW)
        assert await last(engine, ask("anew")) == Done("length")
    finally:
        await delete(server, "anew")


async def test_a_model_smaller_than_the_policy_allows_is_not_attested(server: RealOllama, tmp_path: Path) -> None:
    engine = engine_at(server, tmp_path, smallest_model_bytes=50_000_000)
    failure = await last(engine)
    await engine.aclose()
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.UNATTESTED
    assert "policy.smallest_model_bytes" in failure.message


async def test_with_its_cloud_on_nothing_is_proven_and_no_canary_is_sent(own_folder: Path, tmp_path: Path) -> None:
    """The log shows one /api/show, of the model itself: a second one would make the server call out."""
    with running_ollama(own_folder, cloud=True) as server:
        engine = engine_at(server, tmp_path)
        log = Log(server)
        found = await engine.attest("tiny")
        assert found.locality is Locality.UNATTESTED
        assert found.missing is not None
        assert found.missing.step == Step.CLOUD_OFF
        failure = await last(engine)
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.UNATTESTED
        assert "OLLAMA_NO_CLOUD=1 ollama serve" in failure.message
        once = [(200, "/api/version"), (200, "/api/status"), (200, "/api/tags"), (200, "/api/show")]
        assert log.requests() == once * 2
        assert await last(engine, ask(provenance=Provenance.PUBLIC)) == Done("length")
        await engine.aclose()


async def test_a_model_that_is_not_in_memory_is_loaded_before_it_is_told_anything(
    engine: OllamaEngine, server: RealOllama
) -> None:
    """The second request finds it loaded as it wants it: no time goes into loading it again."""
    await empty_memory(server)
    log = Log(server)
    events = [event async for event in engine.chat(ask())]
    assert events[-1] == Done("length")
    asked = (await log.written("/api/version", 10))[5:]  # the first five attest
    assert sorted(asked[:3]) == ["/api/chat", "/api/ps", "/api/ps"], "looked for, loaded, and seen"
    assert sorted(asked[3:]) == ["/api/chat", "/api/ps"], "told, and seen meanwhile"
    (usage,) = [event for event in events if isinstance(event, Usage)]
    assert usage.load_seconds is not None
    assert usage.load_seconds > 0.05, "what the load took is in the figures"
    log = Log(server)
    (warm,) = [event async for event in engine.chat(ask()) if isinstance(event, Usage)]
    assert await log.written("/api/chat", 1) == ["/api/chat"]
    assert warm.load_seconds is not None
    assert warm.load_seconds < usage.load_seconds


async def test_an_older_version_in_memory_gets_nothing_until_it_is_stopped(server: RealOllama, tmp_path: Path) -> None:
    """Made anew on the same weights by somebody else, while the model before is loaded under the name."""
    await make(server, "/api/copy", source="tiny", destination="renewed")
    before = engine_at(server, tmp_path / "before")
    await empty_memory(server)
    assert await last(before, ask("renewed")) == Done("length")
    await before.aclose()
    await make(server, "/api/create", model="renewed", **{"from": "tiny"}, parameters={"temperature": 0.3})
    engine = engine_at(server, tmp_path / "after")
    try:
        log = Log(server)
        for _ in range(2):
            failure = await last(engine, ask("renewed"))
            assert isinstance(failure, Failure)
            assert failure.kind is FailureKind.UNATTESTED
            assert "older version" in failure.message
            assert "`ollama stop renewed`" in failure.message
        assert log.count("/api/chat") == 1, "the load, which said nothing"
        assert (await engine.attest("renewed")).locality is Locality.UNATTESTED
        ended = await asyncio.to_thread(
            subprocess.run, ["ollama", "stop", "renewed"], env={**os.environ, "OLLAMA_HOST": server.address}
        )
        assert ended.returncode == 0
        await asyncio.to_thread(until, lambda: "renewed:latest" not in loaded_rows(server), "the end of the old one")
        assert (await engine.attest("renewed")).locality is Locality.ATTESTED
        assert await last(engine, ask("renewed")) == Done("length")
    finally:
        await engine.aclose()
        await delete(server, "renewed")
