"""After the first piece of an answer its model must be in memory, or the answer is cut off (1.7, step 7)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from b4tui.engines.attestation.ollama import Step, proof_of
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.types import (
    ChatRequest,
    Done,
    Failure,
    FailureKind,
    StreamEvent,
    Text,
    ToolCall,
)
from b4tui.events import Locality
from tests.engines.asking import NOW, PUBLIC, Clock, engine_at, paths, server_that
from tests.engines.conftest import HONEST, SHOWN, TAGS, Connection, Script, answers, ask, done, lines, said, scripted

CALL = {"id": "c1", "function": {"name": "read", "arguments": {"path": "a"}}}
NOTHING = lines({"models": []})


def memory_with(**row: object) -> Script:
    return lines({"models": [{"model": "tiny:latest", "digest": TAGS[0]["digest"], **row}]})


async def heard(script: Script, folder: Path, request: ChatRequest | None = None) -> list[StreamEvent]:
    async with scripted(script, local=False) as server:
        return await answers(engine_at(server, folder), request)


def is_remote(event: StreamEvent) -> bool:
    return isinstance(event, Failure) and event.kind is FailureKind.REMOTE and "/api/ps lists" in event.message


async def test_it_is_looked_for_once_for_an_attestation(tmp_path: Path) -> None:
    clock = Clock()
    async with scripted(server_that(), local=False) as server:
        engine = engine_at(server, tmp_path, clock=clock)
        for clock.seconds in (0.0, 10.0, 29.0, 31.0):
            assert [event async for event in engine.chat(ask())][-1] == Done("stop")
        await engine.aclose()
    assert [path for path in paths(server) if path in {"chat", "ps"}] == ["chat", "ps", "chat", "chat", "chat", "ps"]


async def test_having_been_seen_it_is_part_of_the_attestation(tmp_path: Path) -> None:
    async with scripted(server_that(), local=False) as server:
        engine = engine_at(server, tmp_path)
        before = proof_of(await engine.attest("tiny"), Step.IN_MEMORY)
        assert before is not None
        assert before.holds is None
        assert [event async for event in engine.chat(ask())][-1] == Done("stop")
        after = proof_of(await engine.attest("tiny"), Step.IN_MEMORY)
        assert after is not None
        assert after.holds is True
        await engine.aclose()


@pytest.mark.parametrize(
    "memory",
    [NOTHING, lines({"models": None}), memory_with(digest="f" * 64), memory_with(digest=3), memory_with(digest="")],
    ids=["empty", "null", "another digest", "no digest", "empty digest"],
)
async def test_an_answer_of_what_is_not_there_is_cut_off(memory: Script, tmp_path: Path) -> None:
    text, failure = await heard(server_that(ps=memory), tmp_path)
    assert text == Text("a")
    assert is_remote(failure)


async def test_the_stream_does_not_wait_for_the_look_and_is_cut_in_the_middle(tmp_path: Path) -> None:
    """The server goes on for ever; the client hears it, asks beside it, and closes the connection."""
    asked, gone = asyncio.Event(), asyncio.Event()

    async def ps(connection: Connection) -> None:
        asked.set()
        await NOTHING(connection)

    async def chat(connection: Connection) -> None:
        await connection.head()
        try:
            while True:
                await connection.line(said("a"))
                await asyncio.sleep(0.001)
        except ConnectionError:
            gone.set()

    events = await heard(server_that(ps=ps, chat=chat), tmp_path)
    assert is_remote(events[-1])
    assert all(event == Text("a") for event in events[:-1])
    assert asked.is_set()
    await asyncio.wait_for(gone.wait(), 10)


async def test_nothing_is_handed_out_as_done_before_the_answer_is_known(tmp_path: Path) -> None:
    asked, may_tell, piece = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def ps(connection: Connection) -> None:
        asked.set()
        await may_tell.wait()
        await NOTHING(connection)

    chat = lines(said("a"), said(tool_calls=[CALL]), done())
    async with scripted(server_that(ps=ps, chat=chat), local=False) as server:
        engine = engine_at(server, tmp_path)
        events: list[StreamEvent] = []

        async def listen() -> None:
            async for event in engine.chat(ask()):
                events.append(event)
                piece.set()

        listening = asyncio.create_task(listen())
        async with asyncio.timeout(10):
            await asked.wait()
            await piece.wait()
        assert events == [Text("a")], "the piece came, the call and the end did not"
        may_tell.set()
        await asyncio.wait_for(listening, 10)
        await engine.aclose()
    assert is_remote(events[-1])
    assert not any(isinstance(event, ToolCall | Done) for event in events)


async def test_a_call_alone_is_held_back_as_well(tmp_path: Path) -> None:
    (only,) = await heard(server_that(ps=NOTHING, chat=lines(said(tool_calls=[CALL]), done())), tmp_path)
    assert is_remote(only)


class TestAModelThatWasCaught:
    """Whatever it says of itself afterwards, no second prompt goes there."""

    @staticmethod
    def server() -> Script:
        memories = [NOTHING]

        async def ps(connection: Connection) -> None:
            await (memories.pop() if memories else HONEST["/api/ps"])(connection)

        return server_that(ps=ps)

    async def test_gets_nothing_again(self, tmp_path: Path) -> None:
        async with scripted(self.server(), local=False) as server:
            engine = engine_at(server, tmp_path)
            assert is_remote([event async for event in engine.chat(ask())][-1])
            for request in (ask(), PUBLIC):
                (failure,) = [event async for event in engine.chat(request)]
                assert isinstance(failure, Failure)
                assert failure.kind is FailureKind.REMOTE
                assert "nothing was sent" in failure.message
            assert (await engine.attest("tiny")).locality is Locality.REMOTE
            assert (await engine.attest("other")).locality is Locality.ATTESTED
            await engine.aclose()
        assert paths(server).count("chat") == 1

    async def test_is_given_another_chance_by_the_operator_alone(self, tmp_path: Path) -> None:
        pins = Pins(tmp_path / "pins.json")
        digest = str(TAGS[0]["digest"])
        async with scripted(self.server(), local=False) as server:
            engine = engine_at(server, tmp_path)
            pins.pin(server.address, "tiny", digest, NOW)
            assert is_remote([event async for event in engine.chat(ask())][-1])
            assert (await engine.attest("tiny")).locality is Locality.REMOTE, "that pin was made before"
            pins.pin(server.address, "tiny", digest, NOW + timedelta(seconds=1))
            assert [event async for event in engine.chat(ask())][-1] == Done("stop")
            await engine.aclose()


async def test_a_look_that_fails_takes_the_end_of_the_answer_with_it(tmp_path: Path) -> None:
    """What is not known is not done; but it is no proof of a cloud either."""
    text, failure = await heard(server_that(ps=lines({"error": "oh"}, status=500)), tmp_path)
    assert text == Text("a")
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.CRASHED


async def test_an_answer_that_breaks_says_why_it_broke(tmp_path: Path) -> None:
    _, failure = await heard(server_that(ps=Connection.hang, chat=lines(said("a"))), tmp_path)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.INCOMPLETE
    (alone,) = await heard(server_that(ps=NOTHING, chat=lines({"error": "unexpected EOF"})), tmp_path)
    assert isinstance(alone, Failure)
    assert alone.kind is FailureKind.CRASHED


class TestSharedWeights:
    """Ollama 0.33 lists a model that shares its weights with a loaded one under that one's name and digest alone."""

    @staticmethod
    def server(other: str, weights: str) -> Script:
        async def show(connection: Connection) -> None:
            name = connection.request.json["model"]
            own = "/blobs/sha256-one" if name == "tiny" else weights
            await lines({**SHOWN, "modelfile": f"FROM {own}\n"})(connection)

        async def show_or_refuse(connection: Connection) -> None:
            cloud = str(connection.request.json["model"]).endswith("cloud")
            await (HONEST["/api/show"] if cloud else show)(connection)

        return server_that(show=show_or_refuse, ps=memory_with(model=other, digest="f" * 64))

    async def test_another_model_of_the_same_weights_stands_for_it(self, tmp_path: Path) -> None:
        assert (await heard(self.server("kept/tiny:latest", "/blobs/sha256-one"), tmp_path))[-1] == Done("stop")

    async def test_one_of_other_weights_does_not(self, tmp_path: Path) -> None:
        assert is_remote((await heard(self.server("kept/tiny:latest", "/blobs/sha256-two"), tmp_path))[-1])

    async def test_nor_does_the_model_itself_with_another_digest(self, tmp_path: Path) -> None:
        """Its weights may be the same: its prompt is not."""
        assert is_remote((await heard(self.server("tiny:latest", "/blobs/sha256-one"), tmp_path))[-1])

    async def test_nor_does_one_that_was_deleted_and_is_still_in_memory(self, tmp_path: Path) -> None:
        async def show(connection: Connection) -> None:
            known = {"tiny": {**SHOWN, "modelfile": "FROM /blobs/sha256-one\n"}}.get(
                str(connection.request.json["model"])
            )
            cloud = str(connection.request.json["model"]).endswith("cloud")
            await lines(known or {"error": "not found"}, status=200 if known else 403 if cloud else 404)(connection)

        script = server_that(show=show, ps=memory_with(model="gone:latest", digest="f" * 64))
        assert is_remote((await heard(script, tmp_path))[-1])

    async def test_nor_does_a_model_of_a_cloud(self, tmp_path: Path) -> None:
        assert is_remote((await heard(self.server("big:cloud", "/blobs/sha256-one"), tmp_path))[-1])


@pytest.mark.parametrize(("keep_alive", "sent"), [("0", "10s"), ("0s", "10s"), ("-1", -1), ("30s", "30s")])
async def test_a_model_that_would_leave_at_once_stays_to_be_seen(keep_alive: str, sent: object, tmp_path: Path) -> None:
    async with scripted(server_that(), local=False) as server:
        engine = engine_at(server, tmp_path)
        for _ in range(2):
            assert [event async for event in engine.chat(ask(keep_alive=keep_alive))][-1] == Done("stop")
        assert (await engine.attest("tiny")).locality is Locality.ATTESTED
        await engine.aclose()
    chats = [request.json["keep_alive"] for request in server.requests if request.path == "/api/chat"]
    assert chats == [sent, 0 if keep_alive == "0" else "0s" if keep_alive == "0s" else sent], "once, and no longer"
