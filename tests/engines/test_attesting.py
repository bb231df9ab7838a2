"""Asking a server where it computes: which questions go out, what an answer is worth, and for how long."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from b4tui.engines.attestation.ollama import Step
from b4tui.engines.attestation.questions import CANARY
from b4tui.engines.types import Done, FailureKind, Text
from b4tui.events import Locality
from tests.engines.asking import QUESTIONS, Clock, engine_at, paths, refused, server_that, shows
from tests.engines.conftest import SHOWN, TAGS, Connection, Script, answers, lines, scripted


class TestQuestions:
    async def test_are_put_in_order_and_carry_nothing_but_names(self, tmp_path: Path) -> None:
        async with scripted(server_that(), local=False) as server:
            engine = engine_at(server, tmp_path)
            found = await engine.attest("tiny")
            await engine.aclose()
        assert found.locality is Locality.ATTESTED
        assert paths(server) == QUESTIONS
        assert [request.json for request in server.requests if request.body] == [{"model": "tiny"}, {"model": CANARY}]

    @pytest.mark.parametrize(
        "status", [lines({"cloud": {"disabled": False}}), lines({"error": "no"}, status=404), lines({})]
    )
    async def test_the_canary_is_kept_from_a_server_that_might_pass_it_on(self, status: Script, tmp_path: Path) -> None:
        async with scripted(server_that(status=status), local=False) as server:
            engine = engine_at(server, tmp_path)
            found = await engine.attest("tiny")
            await engine.aclose()
        assert found.locality is Locality.UNATTESTED
        assert found.missing is not None
        assert found.missing.step == Step.CLOUD_OFF
        assert not any(CANARY.encode() in request.body for request in server.requests)

    async def test_a_clouds_name_is_not_even_asked_for(self, tmp_path: Path) -> None:
        async with scripted(server_that(), local=False) as server:
            engine = engine_at(server, tmp_path)
            assert (await engine.attest("qwen3:cloud")).locality is Locality.REMOTE
            await engine.aclose()
        assert server.requests == []

    async def test_are_shared_by_those_who_ask_at_the_same_time(self, tmp_path: Path) -> None:
        async with scripted(server_that(), local=False) as server:
            engine = engine_at(server, tmp_path)
            names = ["tiny", "TINY:latest", "library/tiny", "tiny:local"]
            found = await asyncio.gather(*(engine.attest(name, fresh=True) for name in names))
            await engine.aclose()
        assert {one.locality for one in found} == {Locality.ATTESTED}
        assert paths(server) == QUESTIONS

    async def test_go_on_when_one_who_asked_goes_away(self, tmp_path: Path) -> None:
        async with scripted(server_that(), local=False) as server:
            engine = engine_at(server, tmp_path)
            hasty = asyncio.create_task(engine.attest("tiny"))
            patient = asyncio.create_task(engine.attest("tiny"))
            await asyncio.sleep(0)
            hasty.cancel()
            assert (await patient).locality is Locality.ATTESTED
            await engine.aclose()
        assert paths(server) == QUESTIONS

    async def test_are_about_the_model_that_the_name_leads_to(self, tmp_path: Path) -> None:
        """A row that is called `tiny:local` is another one, though it comes first."""
        rows = [{**TAGS[0], "name": "tiny:local", "model": "tiny:local", "digest": "e" * 64}, *TAGS]
        async with scripted(server_that(tags=lines({"models": rows})), local=False) as server:
            engine = engine_at(server, tmp_path)
            assert (await engine.attest("tiny")).digest == TAGS[0]["digest"]
            await engine.aclose()


class TestAnAnswer:
    async def test_is_good_for_half_a_minute_and_for_one_model(self, tmp_path: Path) -> None:
        clock = Clock()
        async with scripted(server_that(), local=False) as server:
            engine = engine_at(server, tmp_path, clock=clock)
            for clock.seconds, model in ((0.0, "tiny"), (29.0, "tiny"), (29.0, "other"), (31.0, "tiny")):
                assert (await engine.attest(model)).locality is Locality.ATTESTED
            await engine.aclose()
        assert paths(server) == QUESTIONS * 3

    async def test_is_not_good_enough_for_one_who_wants_it_fresh(self, tmp_path: Path) -> None:
        async with scripted(server_that(), local=False) as server:
            engine = engine_at(server, tmp_path)
            for _ in range(2):
                await engine.attest("tiny", fresh=True)
            await engine.aclose()
        assert paths(server) == QUESTIONS * 2

    async def test_that_proves_nothing_is_not_kept(self, tmp_path: Path) -> None:
        cloud = [False]

        async def status(connection: Connection) -> None:
            await lines({"cloud": {"disabled": cloud[0]}})(connection)

        async with scripted(server_that(status=status), local=False) as server:
            engine = engine_at(server, tmp_path)
            assert (await engine.attest("tiny")).locality is Locality.UNATTESTED
            cloud[0] = True
            assert (await engine.attest("tiny")).locality is Locality.ATTESTED
            await engine.aclose()


class TestNoPromptIsSent:
    @pytest.mark.parametrize("field", ["remote_host", "remote_model"])
    async def test_to_an_alias_that_shows_itself(self, field: str, tmp_path: Path) -> None:
        failure = await refused(server_that(show=shows({**SHOWN, field: "https://ollama.com:443"})), tmp_path)
        assert failure.kind is FailureKind.REMOTE
        assert "nothing was sent" in failure.message
        assert "ollama.com" in failure.message

    @pytest.mark.parametrize("field", ["remote_host", "remote_model"])
    async def test_to_an_alias_that_is_listed_as_one(self, field: str, tmp_path: Path) -> None:
        failure = await refused(server_that(tags=lines({"models": [{**TAGS[0], field: "x"}]})), tmp_path)
        assert failure.kind is FailureKind.REMOTE

    async def test_to_one_that_the_server_will_not_speak_of(self, tmp_path: Path) -> None:
        said = {"error": "ollama cloud is disabled: remote model details are unavailable"}
        async with scripted(server_that(show=shows(said, 403)), local=False) as server:
            engine = engine_at(server, tmp_path)
            found = await engine.attest("tiny")
            await engine.aclose()
        assert found.locality is Locality.REMOTE
        assert found.failure is not None
        assert found.failure.kind is FailureKind.REMOTE

    @pytest.mark.parametrize("reply", [b"no json", b"[1]", b"{}", b"\xff", b'{"a":' * 10_000], ids=range(5))
    @pytest.mark.parametrize("path", ["tags", "show"])
    async def test_after_an_answer_that_cannot_be_read(self, path: str, reply: bytes, tmp_path: Path) -> None:
        script = lines(reply) if path == "tags" else shows(reply)
        assert (await refused(server_that(**{path: script}), tmp_path)).kind is FailureKind.PROTOCOL

    @pytest.mark.parametrize("reply", [b"no json", b"{}", b"\xff", b'{"cloud": 1}', b'{"version": 3}'], ids=range(5))
    @pytest.mark.parametrize("path", ["version", "status"])
    async def test_to_a_server_that_says_nothing_of_itself(self, path: str, reply: bytes, tmp_path: Path) -> None:
        assert (await refused(server_that(**{path: lines(reply)}), tmp_path)).kind is FailureKind.UNATTESTED

    @pytest.mark.parametrize(
        "rows", ["x", {"a": 1}, [1], [{**TAGS[0], "size": "big"}], [{**TAGS[0], "digest": "../x"}]], ids=range(5)
    )
    async def test_after_a_list_of_nonsense(self, rows: object, tmp_path: Path) -> None:
        failure = await refused(server_that(tags=lines({"models": rows})), tmp_path)
        assert failure.kind in {FailureKind.PROTOCOL, FailureKind.UNATTESTED}

    async def test_to_a_model_that_is_not_there(self, tmp_path: Path) -> None:
        script = server_that(tags=lines({"models": None}), show=shows({"error": "model 'tiny' not found"}, 404))
        failure = await refused(script, tmp_path)
        assert (failure.kind, failure.status) == (FailureKind.NO_MODEL, 404)

    async def test_to_a_server_that_fails_while_it_is_asked(self, tmp_path: Path) -> None:
        for path in ("version", "status", "tags"):
            failure = await refused(server_that(**{path: lines({"error": "oh"}, status=500)}), tmp_path)
            assert failure.kind is FailureKind.CRASHED

    async def test_to_a_server_that_does_not_answer(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setattr("b4tui.engines.attestation.attesting.ANSWER_S", 0.2)
        assert (await refused(server_that(status=Connection.hang), tmp_path)).kind is FailureKind.TIMEOUT

    async def test_when_the_canary_gets_no_answer(self, tmp_path: Path) -> None:
        async def show(connection: Connection) -> None:
            if connection.request.json["model"] == CANARY:
                connection.writer.transport.abort()
            else:
                await lines(SHOWN)(connection)

        failure = await refused(server_that(show=show), tmp_path)
        assert failure.kind is FailureKind.UNATTESTED
        assert "with silence" in failure.message


async def test_a_card_of_a_megabyte_is_read_whole(tmp_path: Path) -> None:
    async with scripted(server_that(show=shows({**SHOWN, "license": "x" * 1_000_000})), local=False) as server:
        assert await answers(engine_at(server, tmp_path)) == [Text("a"), Done("stop")]
