"""What an OpenAI-compatible server says of itself: its kind, models, slots, load and health."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from b4tui.engines.interface import EngineError, LoadedModel, ServerLoad
from b4tui.engines.types import Done, FailureKind
from tests.engines.conftest import Connection, Script, ask, lines
from tests.engines.openai_serving import PAGES, TINY, chats, chatting, failure_of, said, sse, stream

pytestmark = pytest.mark.usefixtures("own_time")

ANSWER = stream(said("x", "stop"))
META = {"n_vocab": 277, "n_ctx": 1024, "n_ctx_train": 4096, "n_embd": 64, "n_params": 109568, "size": 438272}
PROPS = {
    "default_generation_settings": {"n_ctx": 1024},
    "total_slots": 2,
    "model_path": "/m/tiny.gguf",
    "build_info": "b11434",
}
LLAMA_SERVER: dict[str, Script] = {
    "/v1/models": lines({"data": [{"id": "tiny", "owned_by": "llamacpp", "meta": META}]}),
    "/props": lines(PROPS),
    "/health": lines({"status": "ok"}),
    "/metrics": lines(b"llamacpp:requests_processing 1\nllamacpp:requests_deferred 2\n"),
}
LOCALAI: dict[str, Script] = {
    "/v1/models": lines({"object": "list", "data": [{"id": "a", "object": "model"}, {"id": "b", "object": "model"}]}),
    "/system": lines({"backends": ["llama-cpp"], "loaded_models": [{"id": "b", "size_vram": 7}]}),
    "/version": lines({"version": "v4.9.0"}),
    "/readyz": lines(b"OK"),
}
PLAIN: dict[str, Script] = {"/v1/models": lines({"data": [{"id": "a"}]})}


class TestModels:
    async def test_of_vllm(self) -> None:
        async with chatting(ANSWER) as (engine, _):
            (model,) = await engine.models()
            assert (model.name, model.context, len(model.digest)) == ("tiny", 512, 64)
            (loaded,) = await engine.loaded()
            assert (loaded.name, loaded.context, loaded.digest) == ("tiny", 512, model.digest)

    async def test_of_llama_server(self) -> None:
        async with chatting(ANSWER, LLAMA_SERVER, kind="llama-server") as (engine, _):
            (model,) = await engine.models()
            assert (model.name, model.context, model.size, model.parameters) == ("tiny", 1024, 438272, "0.1M")
            (loaded,) = await engine.loaded()
            assert (loaded.weights, loaded.size, loaded.context) == ("/m/tiny.gguf", 438272, 1024)
            assert loaded.vram is None, "llama-server does not say what lies on the GPU"

    async def test_of_localai_those_in_memory_are_told_apart(self) -> None:
        async with chatting(ANSWER, LOCALAI, kind="localai") as (engine, _):
            first, second = await engine.models()
            assert (first.name, second.name) == ("a", "b")
            assert await engine.loaded() == (LoadedModel(name="b", digest=second.digest, vram=7),)

    async def test_a_model_with_two_names_of_ours_is_listed_under_both(self) -> None:
        async with chatting(ANSWER, models={"big": "tiny", "small": "tiny"}) as (engine, _):
            assert [model.name for model in await engine.models()] == ["big", "small"]

    @pytest.mark.parametrize(
        ("page", "kind"),
        [
            (lines({"detail": "Not Found"}, status=404), FailureKind.PROTOCOL),
            (lines({"data": {}}), FailureKind.PROTOCOL),
            (lines({"data": [1]}), FailureKind.PROTOCOL),
            (lines(b"garbage"), FailureKind.PROTOCOL),
            (lines({"error": "Unauthorized"}, status=401), FailureKind.REFUSED),
            (lines({"error": {"message": "Loading model"}}, status=503), FailureKind.BUSY),
        ],
    )
    async def test_that_cannot_be_had_are_an_error(self, page: Script, kind: FailureKind) -> None:
        async with chatting(ANSWER, {"/v1/models": page}) as (engine, _):
            with pytest.raises(EngineError) as raised:
                await engine.models()
            assert raised.value.failure.kind is kind

    async def test_hostile_facts_are_not_said(self) -> None:
        row: dict[str, Any] = {
            "id": "tiny\x1b[2J",
            "max_model_len": -5,
            "meta": {"size": "x", "n_ctx": True, "n_params": [], "ftype": 3},
            "aliases": [1, None],
        }
        async with chatting(ANSWER, {"/v1/models": lines({"data": [row, {"id": 4}, {}]})}) as (engine, _):
            (model,) = await engine.models()
            assert "\x1b" not in model.name
            assert (model.context, model.size, model.parameters, model.quantization) == (0, 0, "", "")

    async def test_a_page_that_fails_is_not_a_page_that_is_not_there(self) -> None:
        broken: dict[str, Script] = {**LLAMA_SERVER, "/props": lines({"error": "no"}, status=500)}
        async with chatting(ANSWER, broken, kind="llama-server") as (engine, _):
            assert (await engine.attest("tiny")).failure is not None, "its identity is not known, rather than another"


class TestItsKind:
    @pytest.mark.parametrize(
        ("pages", "version"), [(PAGES, "0.32.0"), (LLAMA_SERVER, "b11434"), (LOCALAI, "v4.9.0"), (PLAIN, "")]
    )
    async def test_is_found_out_where_the_settings_do_not_say(self, pages: dict[str, Script], version: str) -> None:
        async with chatting(ANSWER, pages, kind="openai") as (engine, _):
            health = await engine.health()
            assert (health.up, health.version) == (True, version), health

    async def test_decides_what_is_sent(self) -> None:
        async with chatting(ANSWER, kind="openai") as (engine, server):
            assert [event async for event in engine.chat(ask())][-1] == Done("stop")
            assert chats(server)[0]["chat_template_kwargs"] == {"enable_thinking": False}
        async with chatting(ANSWER, PLAIN, kind="openai") as (engine, server):
            assert [event async for event in engine.chat(ask("a"))][-1] == Done("stop")
            assert "chat_template_kwargs" not in chats(server)[0]


class TestSlots:
    @pytest.mark.parametrize(
        ("pages", "kind", "slots"),
        [(PAGES, "vllm", 8), (LLAMA_SERVER, "llama-server", 2), (LOCALAI, "localai", 1), (PLAIN, "openai", 1)],
    )
    async def test_are_as_the_server_says_or_as_its_kind_can(self, pages: Any, kind: str, slots: int) -> None:
        async with chatting(ANSWER, pages, kind=kind) as (engine, _):
            assert await engine.slots("tiny") == slots

    async def test_are_as_the_settings_say_before_all(self) -> None:
        async with chatting(ANSWER, LLAMA_SERVER, kind="llama-server", slots=5) as (engine, server):
            assert await engine.slots("tiny") == 5
            assert not server.requests

    async def test_of_a_server_that_does_not_answer(self) -> None:
        async with chatting(ANSWER, {}, kind="vllm") as (engine, _):
            assert await engine.slots("tiny") == 8


class TestLoad:
    async def test_is_what_the_metrics_say(self) -> None:
        async with chatting(ANSWER, LLAMA_SERVER, kind="llama-server") as (engine, _):
            assert await engine.load() == ServerLoad(running=1, waiting=2)

    @pytest.mark.parametrize(
        "page",
        [
            lines({"error": {"message": "not enabled", "code": 501}}, status=501),
            lines(b"\x00\xff\n" * 1000),
            lines(b"vllm:num_requests_running 1\n", status=500),
        ],
    )
    async def test_is_none_where_there_are_none(self, page: Script) -> None:
        async with chatting(ANSWER, {**PAGES, "/metrics": page}) as (engine, _):
            assert await engine.load() is None

    async def test_of_a_page_without_end_its_beginning_is_read(self) -> None:
        async def endless(connection: Connection) -> None:
            await connection.head()
            await connection.chunk(b"vllm:num_requests_running 1\n")
            while True:
                await connection.chunk(b"x" * 65536 + b"\n")

        async with chatting(ANSWER, {**PAGES, "/metrics": endless}) as (engine, _):
            assert await engine.load() == ServerLoad(running=1)


class TestHealth:
    async def test_a_server_that_lists_its_models_is_up(self) -> None:
        async with chatting(ANSWER) as (engine, _):
            health = await engine.health()
            assert health.up, health.reason
            assert not health.simulated

    async def test_its_own_word_that_it_is_ill_counts(self) -> None:
        async with chatting(ANSWER, {**PAGES, "/health": lines(b"", status=503)}) as (engine, _):
            health = await engine.health()
            assert not health.up
            assert health.reason

    async def test_is_asked_within_the_connect_time_out(self) -> None:
        async def silent(connection: Connection) -> None:
            await connection.hang()

        async with chatting(ANSWER, {"/v1/models": silent}, connect_timeout_s=0.2) as (engine, _):
            health = await engine.health()
            assert not health.up
            assert "0.2 s" in health.reason

    async def test_after_an_answer_that_broke_off_one_token_must_come_first(self) -> None:
        thawed = asyncio.Event()

        async def frozen_until_thawed(connection: Connection) -> None:
            if not thawed.is_set():
                await connection.head()
                for part in sse(said("x")):
                    await connection.chunk(part)
                await connection.hang()
            elif connection.request.json.get("stream"):
                await ANSWER(connection)
            else:
                await lines({"choices": [{"message": {"content": "ok"}, "finish_reason": "length"}]})(connection)

        async with chatting(frozen_until_thawed, idle_timeout_s=0.2, connect_timeout_s=1.5) as (engine, server):
            assert (await engine.health()).up
            assert not chats(server), "nothing broke off yet, so no token is asked for"
            assert failure_of([event async for event in engine.chat(ask())]).kind is FailureKind.TIMEOUT
            assert not (await engine.health()).up
            probe = chats(server)[-1]
            assert (probe["max_tokens"], probe["model"]) == (1, "tiny")
            assert "hello" not in str(probe), "the probe holds nothing of the prompt"
            thawed.set()
            assert (await engine.health()).up
            before = len(chats(server))
            assert (await engine.health()).up
            assert len(chats(server)) == before, "one token is enough"

    async def test_an_answer_that_comes_clears_the_doubt(self) -> None:
        broken = [stream(said("x"))]

        async def once_broken(connection: Connection) -> None:
            await (broken.pop() if broken else ANSWER)(connection)

        async with chatting(once_broken) as (engine, server):
            assert failure_of([event async for event in engine.chat(ask())]).kind is FailureKind.INCOMPLETE
            assert [event async for event in engine.chat(ask())][-1] == Done("stop")
            before = len(chats(server))
            assert (await engine.health()).up
            assert len(chats(server)) == before

    async def test_a_token_may_take_longer_than_a_look_at_its_health(self) -> None:
        """A model that has to be loaded first, or that computes on a CPU, is not dead."""

        async def slow(connection: Connection) -> None:
            if connection.request.json.get("stream"):
                await stream(said("x"))(connection)
            else:
                await asyncio.sleep(0.7)
                await lines({"choices": [{"message": {"content": "ok"}, "finish_reason": "length"}]})(connection)

        async with chatting(slow, connect_timeout_s=0.3) as (engine, _):
            assert failure_of([event async for event in engine.chat(ask())]).kind is FailureKind.INCOMPLETE
            assert not (await engine.health()).up
            async with asyncio.timeout(15):
                while not (await engine.health()).up:
                    pass

    async def test_a_token_does_not_count_that_was_asked_for_before_another_answer_broke_off(self) -> None:
        async def frozen(connection: Connection) -> None:
            if connection.request.json.get("stream"):
                await stream(said("x"))(connection)
            else:
                await connection.hang()

        async with chatting(frozen, connect_timeout_s=0.3) as (engine, server):
            for _ in range(2):
                failure_of([event async for event in engine.chat(ask())])
                assert not (await engine.health()).up
            assert [body["max_tokens"] for body in chats(server)].count(1) == 2

    async def test_a_model_that_is_not_served_any_more_is_not_asked_for_a_token(self) -> None:
        row = {**TINY}

        async def listed(connection: Connection) -> None:
            await lines({"data": [row]})(connection)

        async with chatting(stream(said("x")), {**PAGES, "/v1/models": listed}) as (engine, server):
            assert failure_of([event async for event in engine.chat(ask())]).kind is FailureKind.INCOMPLETE
            row["id"] = "other"
            health = await engine.health()
            assert health.up, health.reason
            assert len(chats(server)) == 1

    async def test_a_server_that_refuses_the_probe_is_not_up(self) -> None:
        async def broken(connection: Connection) -> None:
            if connection.request.json.get("stream"):
                await stream(said("x"))(connection)
            else:
                await lines({"error": {"message": "EngineCore encountered an issue", "code": 500}}, status=500)(
                    connection
                )

        async with chatting(broken) as (engine, _):
            await anext(events := engine.chat(ask()))
            assert failure_of([event async for event in events]).kind is FailureKind.INCOMPLETE
            health = await engine.health()
            assert not health.up
            assert "EngineCore" in health.reason


async def test_callers_at_the_same_time_share_a_question() -> None:
    async with chatting(ANSWER, {**PAGES, "/v1/models": lines({"data": [TINY]})}) as (engine, server):
        await asyncio.gather(*[engine.attest("tiny", fresh=True) for _ in range(8)])
        assert len([request for request in server.requests if request.path == "/v1/models"]) <= 2
