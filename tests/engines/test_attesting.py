"""Asking a server where it computes: which questions go out, what an answer is worth, and for how long."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from b4tui.config import EngineConfig, PolicyConfig
from b4tui.engines.attestation import Step
from b4tui.engines.attesting import CANARY
from b4tui.engines.ollama import OllamaEngine
from b4tui.engines.pins import Pin, PinnedBy, Pins
from b4tui.engines.types import Done, Failure, FailureKind, LoadedModel, Message, Provenance, Role, Text
from b4tui.events import Locality
from tests.engines.conftest import (
    HONEST,
    SHOWN,
    TAGS,
    Connection,
    Script,
    ScriptedServer,
    answers,
    ask,
    done,
    lines,
    said,
    scripted,
)

NOW = datetime(2026, 8, 21, tzinfo=UTC)
QUESTIONS = ["version", "status", "tags", "show", "show"]
REFUSED = lines({"error": "ollama cloud is disabled: remote model details are unavailable"}, status=403)


def server_that(**paths: Script) -> Script:
    """An honest server, but for the answers to these paths (`tags=...` is /api/tags)."""

    async def script(connection: Connection) -> None:
        path = connection.request.path
        chosen = paths.get(path.removeprefix("/api/")) or HONEST.get(path) or lines(said("a"), done())
        await chosen(connection)

    return script


def shows(reply: object, status: int = 200) -> Script:
    """What is said of the model; the canary is refused."""

    async def script(connection: Connection) -> None:
        canary = connection.request.json["model"] == CANARY
        await (REFUSED if canary else lines(reply, status=status))(connection)

    return script


PUBLIC = ask(messages=(Message(Role.USER, "hello", provenance=Provenance.PUBLIC),))
CLOUD_ON = server_that(status=lines({"cloud": {"disabled": False}}))
PS = lines({"models": [{"model": "tiny:latest", "digest": TAGS[0]["digest"], "size": 5, "size_vram": 0}]})


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def engine_at(
    server: ScriptedServer, folder: Path, *, clock: Clock | None = None, slots: int = 0, **policy: object
) -> OllamaEngine:
    config = EngineConfig(address=server.address, slots=slots, first_token_timeout_s=20, idle_timeout_s=20)
    return OllamaEngine(
        "here",
        config,
        {},
        pins=Pins(folder / "pins.json"),
        policy=PolicyConfig.model_validate(policy),
        clock=clock or Clock(),
        now=lambda: NOW,
    )


def paths(server: ScriptedServer) -> list[str]:
    return [request.path.removeprefix("/api/") for request in server.requests]


async def refused(script: Script, folder: Path) -> Failure:
    """The failure of a chat that never got as far as sending its prompt."""
    async with scripted(script, local=False) as server:
        (event,) = await answers(engine_at(server, folder))
    assert isinstance(event, Failure)
    assert "chat" not in paths(server)
    assert not any(b"hello" in request.body for request in server.requests)
    return event


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
        assert "no prompt was sent" in failure.message
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
        monkeypatch.setattr("b4tui.engines.attesting.ANSWER_S", 0.2)
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


class TestSlots:
    async def test_are_one_unless_the_settings_say_more(self, tmp_path: Path) -> None:
        async with scripted(server_that(), local=False) as server:
            assert await engine_at(server, tmp_path).slots("tiny") == 1
            assert server.requests == [], "nothing needs to be asked"
            engine = engine_at(server, tmp_path, slots=4)
            assert [await engine.slots("tiny") for _ in range(3)] == [4, 4, 4]
            await engine.aclose()
        assert paths(server) == QUESTIONS

    async def test_are_one_for_a_kind_of_model_that_has_no_more(self, tmp_path: Path) -> None:
        card = {**SHOWN, "model_info": {"general.architecture": "qwen3next"}}
        async with scripted(server_that(show=shows(card)), local=False) as server:
            engine = engine_at(server, tmp_path, slots=4)
            assert [await engine.slots("tiny") for _ in range(3)] == [1, 1, 1]
            await engine.aclose()
        assert paths(server) == QUESTIONS

    async def test_of_a_server_that_does_not_answer_are_the_settings_word(self, tmp_path: Path) -> None:
        async with scripted(server_that(), local=False) as server:
            pass
        engine = engine_at(server, tmp_path, slots=4)
        assert await engine.slots("tiny") == 4
        assert await engine.load() is None
        await engine.aclose()


class TestLoadedModels:
    async def loaded(self, show: Script, folder: Path) -> tuple[LoadedModel, list[str]]:
        async with scripted(server_that(ps=PS, show=show), local=False) as server:
            engine = engine_at(server, folder)
            (first,) = await engine.loaded()
            assert await engine.loaded() == (first,)
            await engine.aclose()
        return first, paths(server)

    async def test_name_the_file_they_came_from_asked_for_once(self, tmp_path: Path) -> None:
        modelfile = "# FROM tiny:latest\n\nFROM /some where/sha256-ab\nTEMPLATE {{ .Prompt }}\n"
        model, asked = await self.loaded(shows({**SHOWN, "modelfile": modelfile}), tmp_path)
        assert model.weights == "/some where/sha256-ab"
        assert asked == ["ps", "show", "ps"]

    async def test_are_listed_even_when_that_cannot_be_known(self, tmp_path: Path) -> None:
        model, _ = await self.loaded(lines({"error": "oh"}, status=500), tmp_path)
        assert (model.name, model.weights) == ("tiny:latest", "")
