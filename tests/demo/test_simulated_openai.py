"""The simulated vLLM and llama-server behave as the real ones were measured to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b4tui.demo.faults import FaultKind
from b4tui.demo.listening import Ending
from b4tui.demo.openai_pages import Plays
from b4tui.demo.openai_server import CHAT, SimulatedOpenAi
from tests.demo.conftest import SCRIPT
from tests.plain_http import PLAIN

BOTH = pytest.mark.parametrize("plays", list(Plays))
ASKED = [{"role": "user", "content": "# x-1: Try\n\nDo it."}]


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[tuple[SimulatedOpenAi, httpx.AsyncClient]]:
    async with (
        SimulatedOpenAi([SCRIPT], speed=0, **settings) as server,
        httpx.AsyncClient(base_url=server.address, **PLAIN, timeout=60) as client,
    ):
        yield server, client


def body(**changes: Any) -> dict[str, Any]:
    row = {"model": "qwen3-coder-next:latest", "messages": ASKED, "stream": True, "max_tokens": 512}
    return row | {"stream_options": {"include_usage": True}} | changes


async def stream(client: httpx.AsyncClient, **changes: Any) -> list[str]:
    """The data of every event."""
    async with client.stream("POST", CHAT, json=body(**changes)) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"] == "text/event-stream"
        return [line.removeprefix("data: ") async for line in response.aiter_lines() if line.startswith("data: ")]


def choices(events: list[str]) -> list[dict[str, Any]]:
    rows = [json.loads(event) for event in events if event != "[DONE]"]
    return [choice for row in rows for choice in row.get("choices", ())]


@BOTH
async def test_a_stream_has_text_a_call_in_fragments_a_reason_figures_and_done(plays: Plays) -> None:
    async with serving(plays=plays) as (_, client):
        events = await stream(client)
    assert events[-1] == "[DONE]"
    deltas = [choice["delta"] for choice in choices(events)]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content") or "" for delta in deltas) == "I write it down."
    parts = [part for delta in deltas for part in delta.get("tool_calls", ())]
    assert parts[0]["function"] == {"name": "write"}
    arguments = "".join(part["function"].get("arguments", "") for part in parts)
    assert json.loads(arguments) == {"path": "a.txt", "content": "b\n"}
    assert len(parts) > 2
    assert choices(events)[-1]["finish_reason"] == "tool_calls"
    figures = json.loads(events[-2])
    assert figures["choices"] == []
    assert figures["usage"]["completion_tokens"] > 0
    assert ("timings" in figures, "metrics" in figures) == (plays is Plays.LLAMA_SERVER, plays is Plays.VLLM)


@BOTH
async def test_a_whole_answer(plays: Plays) -> None:
    async with serving(plays=plays) as (_, client):
        row = (await client.post(CHAT, json=body(stream=False))).json()
    message = row["choices"][0]["message"]
    assert message["content"] == "I write it down."
    assert json.loads(message["tool_calls"][0]["function"]["arguments"])["path"] == "a.txt"


@BOTH
async def test_it_says_that_it_is_simulated(plays: Plays) -> None:
    async with serving(plays=plays) as (_, client):
        for path in ("/v1/models", "/health", "/metrics", "/nowhere"):
            assert (await client.get(path)).headers["x-b4tui-simulated"] == "1"


@pytest.mark.parametrize(
    ("plays", "path", "status", "body_"),
    [
        (Plays.VLLM, "/nowhere", 404, {"detail": "Not Found"}),
        (Plays.VLLM, "/props", 404, {"detail": "Not Found"}),
        (Plays.LLAMA_SERVER, "/version", 404, None),
        (Plays.VLLM, "/version", 200, {"version": "0.32.0"}),
        (Plays.LLAMA_SERVER, "/health", 200, {"status": "ok"}),
    ],
)
async def test_pages_are_those_of_the_server_it_plays(plays: Plays, path: str, status: int, body_: object) -> None:
    async with serving(plays=plays) as (_, client):
        response = await client.get(path)
        assert response.status_code == status
        assert body_ is None or response.json() == body_


async def test_vllm_looks_at_the_models_name_but_takes_none_for_its_own() -> None:
    async with serving(plays=Plays.VLLM) as (_, client):
        refused = await client.post(CHAT, json=body(model="nope"))
        assert refused.status_code == 404
        assert refused.json()["error"]["param"] == "model"
        assert (await stream(client, model=""))[-1] == "[DONE]"


async def test_llama_server_answers_to_any_name_with_its_own() -> None:
    async with serving(plays=Plays.LLAMA_SERVER) as (server, client):
        events = await stream(client, model="nope")
        assert json.loads(events[0])["model"] == server.model.name


@BOTH
async def test_a_prompt_that_is_too_long(plays: Plays) -> None:
    async with serving(plays=plays, context=64) as (_, client):
        refused = await client.post(CHAT, json=body(messages=[{"role": "user", "content": "x" * 1000}]))
        assert refused.status_code == 400
        said = refused.json()["error"]
        if plays is Plays.VLLM:
            assert "maximum context length is 64" in said["message"]
        else:
            assert (said["type"], said["n_ctx"]) == ("exceed_context_size_error", 64)


async def test_the_key_guards_chats() -> None:
    async with serving(key="k") as (_, client):
        assert (await client.post(CHAT, json=body())).json() == {"error": "Unauthorized"}
        assert (await client.get("/metrics")).status_code == 200, "research/vllm.md 9: open without a key"
        right = await client.post(CHAT, json=body(stream=False), headers={"authorization": "Bearer k"})
        assert right.status_code == 200


async def test_more_streams_than_slots_wait_with_a_head() -> None:
    async with serving(slots=1) as (server, client):
        server.faults.add(FaultKind.FORGOTTEN)
        async with client.stream("POST", CHAT, json=body()) as first:
            lines = first.aiter_lines()
            await anext(lines)
            async with client.stream("POST", CHAT, json=body()) as second:
                assert second.status_code == 200, "the head comes although nothing is being made"
                metrics = (await client.get("/metrics")).text
                assert 'num_requests_running{engine="0",model_name="qwen3-coder-next:latest"} 1.0' in metrics
                assert 'num_requests_waiting{engine="0",model_name="qwen3-coder-next:latest"} 1.0' in metrics
                await first.aclose()
                waited = [line async for line in second.aiter_lines() if line]
                assert waited[-1] == "data: [DONE]", "the slot was freed by the client that left"
        assert [exchange.ending for exchange in server.chats] == [Ending.CANCELLED, Ending.ANSWERED]


@pytest.mark.usefixtures("own_time")
async def test_frozen_it_is_healthy_and_answers_nothing() -> None:
    async with serving() as (server, client):
        server.frozen = True
        for path in ("/health", "/v1/models", "/metrics"):
            assert (await client.get(path)).status_code == 200
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream(client), 0.3)


@BOTH
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    changes=st.dictionaries(
        st.sampled_from(sorted(body())),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(st.sampled_from(["role", "content", "include_usage", "x"]), inner, max_size=2)
            ),
        ),
        max_size=4,
    )
)
async def test_no_body_breaks_it(plays: Plays, changes: dict[str, Any]) -> None:
    async with serving(plays=plays) as (_, client):
        refused = await client.post(CHAT, json=body(**changes))
        assert refused.status_code in {200, 400, 404}
        assert (await stream(client))[-1] == "[DONE]"


async def test_what_it_cannot_read_it_refuses() -> None:
    async with serving() as (_, client):
        assert (await client.post(CHAT, content=b"{")).status_code == 400
        assert (await client.post(CHAT, json=body(messages="x"))).status_code == 400
        assert (await client.post("/v1/models", json={})).status_code == 404
        assert (await stream(client))[-1] == "[DONE]"
