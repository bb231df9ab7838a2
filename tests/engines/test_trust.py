"""What may go to a model of which something is proven, or nothing, or that is not the one that was trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from b4tui.engines.attestation.pins import Pin, PinnedBy, Pins
from b4tui.engines.types import Done, Failure, FailureKind
from b4tui.events import Locality
from tests.engines.asking import CLOUD_ON, NOW, PUBLIC, engine_at, paths, refused, server_that
from tests.engines.conftest import TAGS, answers, ask, lines, scripted


class TestWhatIsAllowed:
    async def test_public_words_may_go_where_nothing_is_proven(self, tmp_path: Path) -> None:
        async with scripted(CLOUD_ON, local=False) as server:
            assert (await answers(engine_at(server, tmp_path), PUBLIC))[-1] == Done("stop")
            (failure,) = await answers(engine_at(server, tmp_path))
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.UNATTESTED
        assert "OLLAMA_NO_CLOUD=1 ollama serve" in failure.message
        assert paths(server).count("chat") == 1

    async def test_private_words_too_where_the_policy_asks_for_no_proof(self, tmp_path: Path) -> None:
        async with scripted(CLOUD_ON, local=False) as server:
            assert (await answers(engine_at(server, tmp_path, require_attested=False)))[-1] == Done("stop")

    async def test_but_nothing_to_a_remote_model(self, tmp_path: Path) -> None:
        script = server_that(tags=lines({"models": [{**TAGS[0], "remote_host": "https://cloud.invalid"}]}))
        async with scripted(script, local=False) as server:
            (failure,) = await answers(engine_at(server, tmp_path, require_attested=False), PUBLIC)
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.REMOTE
        assert "chat" not in paths(server)

    async def test_a_server_that_knows_no_local_names_gets_the_plain_one(self, tmp_path: Path) -> None:
        async with scripted(server_that(version=lines({"version": "0.16.2"})), local=False) as server:
            await answers(engine_at(server, tmp_path), PUBLIC)
        assert server.requests[-1].json["model"] == "tiny"

    @pytest.mark.parametrize(("name", "sent"), [("tiny", "tiny:local"), ("tiny:LOCAL", "tiny:LOCAL")])
    async def test_any_other_gets_a_name_that_is_never_remote(self, name: str, sent: str, tmp_path: Path) -> None:
        async with scripted(server_that(), local=False) as server:
            await answers(engine_at(server, tmp_path), ask(name))
        assert [request.json["model"] for request in server.requests if request.path == "/api/chat"] == [sent]


class TestTrust:
    async def test_comes_with_the_first_use(self, tmp_path: Path) -> None:
        async with scripted(server_that(), local=False) as server:
            engine = engine_at(server, tmp_path)
            found = await engine.attest("tiny")
            await engine.aclose()
        digest = TAGS[0]["digest"]
        assert (found.digest, found.pinned) == (digest, digest)
        assert Pins(tmp_path / "pins.json").all() == (
            Pin(place=server.address, model="tiny", digest=str(digest), by=PinnedBy.FIRST_USE, at=NOW),
        )

    async def test_is_not_given_to_what_is_no_weights(self, tmp_path: Path) -> None:
        async with scripted(server_that(tags=lines({"models": [{**TAGS[0], "size": 233}]})), local=False) as server:
            engine = engine_at(server, tmp_path)
            await engine.attest("tiny")
            await engine.aclose()
        assert Pins(tmp_path / "pins.json").all() == ()

    async def test_in_another_digest_stops_until_the_operator_accepts_this_one(self, tmp_path: Path) -> None:
        pins = Pins(tmp_path / "pins.json")
        async with scripted(server_that(), local=False) as server:
            pins.pin(server.address, "tiny:latest", "f" * 64, NOW)
            engine = engine_at(server, tmp_path)
            found = await engine.attest("tiny")
            assert (found.locality, found.changed) == (Locality.UNATTESTED, True)
            (failure,) = [event async for event in engine.chat(PUBLIC)]
            assert isinstance(failure, Failure)
            assert "`b4tui models pin tiny`" in failure.message
            assert "chat" not in paths(server)
            pins.pin(server.address, "tiny", found.digest, NOW)
            assert (await engine.attest("tiny")).locality is Locality.ATTESTED
            await engine.aclose()

    async def test_that_cannot_be_read_is_no_trust(self, tmp_path: Path) -> None:
        (tmp_path / "pins.json").write_text("{")
        failure = await refused(server_that(), tmp_path)
        assert failure.kind is FailureKind.UNATTESTED
        assert "mend or remove it" in failure.message
        assert str(tmp_path / "pins.json") in failure.message
