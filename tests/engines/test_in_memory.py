"""A model must be in memory before it is told anything, and still while it answers (1.7, step 7)."""

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
    Usage,
)
from b4tui.events import Locality
from tests.engines.asking import NOW, PUBLIC, Clock, engine_at, paths, server_that
from tests.engines.conftest import HONEST, SHOWN, TAGS, Connection, Script, answers, ask, done, lines, said, scripted

CALL = {"id": "c1", "function": {"name": "read", "arguments": {"path": "a"}}}
NOTHING = lines({"models": []})


def memory_with(**row: object) -> Script:
    return lines({"models": [{"model": "tiny:latest", "digest": TAGS[0]["digest"], **row}]})


def memories(*scripts: Script) -> Script:
    """/api/ps answers in this order, and honestly afterwards. The first look is before anything is said."""
    left = list(scripts)

    async def ps(connection: Connection) -> None:
        await (left.pop(0) if left else HONEST["/api/ps"])(connection)

    return ps


SEEN_BEFORE = HONEST["/api/ps"]
OLDER = memory_with(digest="f" * 64)


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
    asked = [path for path in paths(server) if path in {"chat", "ps"}]
    assert asked == ["ps", "chat", "ps", "chat", "chat", "ps", "chat", "ps"], "before and beside the first answer"


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
    [
        NOTHING,
        lines({"models": None}),
        memory_with(model="other", digest="f" * 64),
        memory_with(digest=3),
        memory_with(digest=""),
    ],
    ids=["empty", "null", "another model", "no digest", "empty digest"],
)
async def test_an_answer_of_what_is_not_there_is_cut_off(memory: Script, tmp_path: Path) -> None:
    text, failure = await heard(server_that(ps=memories(SEEN_BEFORE, memory)), tmp_path)
    assert text == Text("a")
    assert is_remote(failure)


async def test_the_stream_does_not_wait_for_the_look_and_is_cut_in_the_middle(tmp_path: Path) -> None:
    """The server goes on for ever; the client hears it, asks beside it, and closes the connection."""
    asked, gone = asyncio.Event(), asyncio.Event()

    async def beside(connection: Connection) -> None:
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

    events = await heard(server_that(ps=memories(SEEN_BEFORE, beside), chat=chat), tmp_path)
    assert is_remote(events[-1])
    assert all(event == Text("a") for event in events[:-1])
    assert asked.is_set()
    await asyncio.wait_for(gone.wait(), 10)


async def test_nothing_is_handed_out_as_done_before_the_answer_is_known(tmp_path: Path) -> None:
    asked, may_tell, piece = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def beside(connection: Connection) -> None:
        asked.set()
        await may_tell.wait()
        await NOTHING(connection)

    chat = lines(said("a"), said(tool_calls=[CALL]), done())
    async with scripted(server_that(ps=memories(SEEN_BEFORE, beside), chat=chat), local=False) as server:
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
    chat = lines(said(tool_calls=[CALL]), done())
    (only,) = await heard(server_that(ps=memories(SEEN_BEFORE, NOTHING), chat=chat), tmp_path)
    assert is_remote(only)


class TestAModelThatWasCaught:
    """Whatever it says of itself afterwards, no second prompt goes there."""

    @staticmethod
    def server() -> Script:
        return server_that(ps=memories(SEEN_BEFORE, NOTHING))

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
    failing = lines({"error": "oh"}, status=500)
    text, failure = await heard(server_that(ps=memories(SEEN_BEFORE, failing)), tmp_path)
    assert text == Text("a")
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.CRASHED


async def test_an_answer_that_breaks_says_why_it_broke(tmp_path: Path) -> None:
    ps = memories(SEEN_BEFORE, Connection.hang)
    _, failure = await heard(server_that(ps=ps, chat=lines(said("a"))), tmp_path)
    assert isinstance(failure, Failure)
    assert failure.kind is FailureKind.INCOMPLETE
    ps = memories(SEEN_BEFORE, NOTHING)
    (alone,) = await heard(server_that(ps=ps, chat=lines({"error": "unexpected EOF"})), tmp_path)
    assert isinstance(alone, Failure)
    assert alone.kind is FailureKind.CRASHED


class TestAnOlderVersionOfItself:
    """A model made anew on the same weights answers as it was loaded, until that is out of memory (seen on 0.33.3)."""

    async def test_is_no_cloud_and_gets_nothing_more_whatever_is_private(self, tmp_path: Path) -> None:
        async with scripted(server_that(ps=memories(*[OLDER] * 4)), local=False) as server:
            engine = engine_at(server, tmp_path, require_attested=False)
            for request in (ask(), ask(), PUBLIC):
                (failure,) = [event async for event in engine.chat(request)]
                assert isinstance(failure, Failure)
                assert failure.kind is FailureKind.UNATTESTED
                assert "`ollama stop tiny`" in failure.message
                assert "`b4tui models pin tiny`" in failure.message
            assert not any(b"hello" in request.body for request in server.requests)
            assert [event async for event in engine.chat(ask())][-1] == Done("stop"), "it is out of memory: by itself"
            await engine.aclose()

    async def test_is_not_what_answers_where_the_new_one_comes_into_memory_beside_it(self, tmp_path: Path) -> None:
        """Other weights: the server loads them, and the old ones stay until they have to go."""
        both = lines(
            {"models": [{"model": "tiny:latest", "digest": digest} for digest in ("f" * 64, TAGS[0]["digest"])]}
        )
        assert (await heard(server_that(ps=memories(OLDER, both, both)), tmp_path))[-1] == Done("stop")

    async def test_does_not_make_a_model_that_was_caught_any_better(self, tmp_path: Path) -> None:
        ps = memories(SEEN_BEFORE, NOTHING, *[OLDER] * 9)
        async with scripted(server_that(ps=ps), local=False) as server:
            engine = engine_at(server, tmp_path)
            assert is_remote([event async for event in engine.chat(ask())][-1])
            assert (await engine.attest("tiny")).locality is Locality.REMOTE
            await engine.aclose()


class TestARehearsal:
    """A model that is not in memory is loaded and seen there before it is told anything."""

    async def test_asks_for_the_model_with_no_words_and_as_it_will_be_asked(self, tmp_path: Path) -> None:
        async with scripted(server_that(ps=memories(NOTHING)), local=False) as server:
            assert (await answers(engine_at(server, tmp_path), ask(options={"num_gpu": 0})))[-1] == Done("stop")
        loads, asks = [request.json for request in server.requests if request.path == "/api/chat"]
        assert loads["messages"] == []
        assert asks["messages"] != []
        same = ("model", "keep_alive", "truncate", "shift", "think")
        assert [loads[key] for key in same] == [asks[key] for key in same]
        differ = {"num_predict"}
        options = [{key: row[key] for key in row.keys() - differ} for row in (loads["options"], asks["options"])]
        assert options[0] == options[1], "else the server would load it twice"

    async def test_uses_public_words_where_a_loaded_model_had_to_go_at_once(self, tmp_path: Path) -> None:
        """Somebody else's model took its place: while it answers it stays."""
        async with scripted(server_that(ps=memories(NOTHING, NOTHING)), local=False) as server:
            assert (await answers(engine_at(server, tmp_path)))[-1] == Done("stop")
        said_to_it = [request.json["messages"] for request in server.requests if request.path == "/api/chat"]
        assert [len(messages) for messages in said_to_it] == [0, 1, 1]  # type: ignore[arg-type]
        assert b"hello" not in [request.body for request in server.requests if request.path == "/api/chat"][1]

    @pytest.mark.parametrize("memory", [NOTHING, lines({"error": "oh"}, status=500)], ids=["empty", "failing"])
    async def test_that_goes_wrong_is_all_that_is_sent(self, memory: Script, tmp_path: Path) -> None:
        async with scripted(server_that(ps=memory), local=False) as server:
            (failure,) = await answers(engine_at(server, tmp_path))
        assert isinstance(failure, Failure)
        assert not any(b"hello" in request.body for request in server.requests)

    async def test_that_the_server_refuses_says_why(self, tmp_path: Path) -> None:
        full = lines({"error": "CUDA error: out of memory"}, status=500)
        (failure,) = await heard(server_that(ps=NOTHING, chat=full), tmp_path)
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.OUT_OF_MEMORY

    async def test_is_one_for_all_who_want_the_model_at_the_same_time(self, tmp_path: Path) -> None:
        loaded = asyncio.Event()

        async def ps(connection: Connection) -> None:
            await (HONEST["/api/ps"] if loaded.is_set() else NOTHING)(connection)

        async def chat(connection: Connection) -> None:
            loaded.set()
            await lines(said("a"), done())(connection)

        async with scripted(server_that(ps=ps, chat=chat), local=False) as server:
            engine = engine_at(server, tmp_path)

            async def last() -> StreamEvent:
                return [event async for event in engine.chat(ask())][-1]

            assert await asyncio.gather(*(last() for _ in range(4))) == [Done("stop")] * 4
            await engine.aclose()
        said_to_it = [request.json["messages"] for request in server.requests if request.path == "/api/chat"]
        assert said_to_it.count([]) == 1

    async def test_counts_as_the_models_load(self, tmp_path: Path) -> None:
        clock = Clock()

        async def chat(connection: Connection) -> None:
            loads = not connection.request.json["messages"]
            clock.seconds += 7.0 if loads else 0.0
            await lines(said("a"), done(prompt_eval_count=3, eval_count=2, load_duration=10**9))(connection)

        async with scripted(server_that(ps=memories(NOTHING), chat=chat), local=False) as server:
            engine = engine_at(server, tmp_path, clock=clock)
            (usage,) = [event async for event in engine.chat(ask()) if isinstance(event, Usage)]
            await engine.aclose()
        assert (usage.load_seconds, usage.first_token_seconds) == (8.0, 7.0)


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
        (failure,) = await heard(self.server("tiny:latest", "/blobs/sha256-one"), tmp_path)
        assert isinstance(failure, Failure)
        assert failure.kind is FailureKind.UNATTESTED

    async def test_nor_does_one_that_was_deleted_and_is_still_in_memory(self, tmp_path: Path) -> None:
        async def show(connection: Connection) -> None:
            known = {"tiny": {**SHOWN, "modelfile": "FROM /blobs/sha256-one\n"}}.get(
                str(connection.request.json["model"])
            )
            cloud = str(connection.request.json["model"]).endswith("cloud")
            await lines(known or {"error": "not found"}, status=200 if known else 403 if cloud else 404)(connection)

        script = server_that(show=show, ps=memory_with(model="gone:latest", digest="f" * 64))
        assert is_remote((await heard(script, tmp_path))[-1])

    async def test_nor_does_one_whose_name_leads_to_another(self, tmp_path: Path) -> None:
        """`tiny:local` is listed, and asking for it shows `tiny:latest`: nobody can say what its weights are."""
        assert is_remote((await heard(self.server("tiny:local", "/blobs/sha256-one"), tmp_path))[-1])
        assert is_remote((await heard(self.server("kept:local", "/blobs/sha256-one"), tmp_path))[-1])

    async def test_nor_does_a_model_of_a_cloud(self, tmp_path: Path) -> None:
        assert is_remote((await heard(self.server("big:cloud", "/blobs/sha256-one"), tmp_path))[-1])


@pytest.mark.parametrize(
    ("keep_alive", "sent"), [("0", "10s"), ("0s", "10s"), ("5ms", "10s"), ("-1", -1), ("30s", "30s")]
)
async def test_a_model_that_would_leave_at_once_stays_to_be_seen(keep_alive: str, sent: object, tmp_path: Path) -> None:
    async with scripted(server_that(), local=False) as server:
        engine = engine_at(server, tmp_path)
        for _ in range(2):
            assert [event async for event in engine.chat(ask(keep_alive=keep_alive))][-1] == Done("stop")
        assert (await engine.attest("tiny")).locality is Locality.ATTESTED
        await engine.aclose()
    chats = [request.json["keep_alive"] for request in server.requests if request.path == "/api/chat"]
    assert chats == [sent, {"0": 0, "-1": -1}.get(keep_alive, keep_alive)], "once, and no longer"
