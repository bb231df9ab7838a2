"""The simulated server speaks Ollama's native API (research/runtime.md 1.2 to 1.12)."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from b4tui.demo.catalog import duration_s
from b4tui.demo.listening import Ending
from b4tui.demo.server import SimulatedOllama
from tests.plain_http import PLAIN
from tests.waiting import until

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
MESSAGES = st.lists(st.fixed_dictionaries({}, optional={"role": JSON, "content": JSON, "tool_calls": JSON}), max_size=3)
BODIES = st.fixed_dictionaries(
    {},
    optional={
        "model": st.sampled_from(["qwen3:8b", "x"]) | JSON,
        "messages": MESSAGES | JSON,
        "options": st.dictionaries(st.sampled_from(["num_ctx", "num_predict"]), JSON) | JSON,
        "keep_alive": JSON,
        "stream": JSON,
        "think": JSON,
        "tools": JSON,
    },
)


def said(lines: list[dict[str, Any]], key: str = "content") -> str:
    return "".join(line["message"].get(key, "") for line in lines)


class TestWhatItSaysOfItself:
    @pytest.mark.parametrize("path", ["/", "/api/version", "/api/status", "/api/tags", "/api/ps", "/nowhere"])
    async def test_every_answer_says_that_it_is_simulated(self, client, path):
        assert (await client.http.get(path)).headers["x-b4tui-simulated"] == "1"

    async def test_the_root_is_ollamas_and_has_a_head(self, client):
        assert (await client.http.get("/")).text == "Ollama is running"
        head = await client.http.head("/")
        assert (head.status_code, head.content) == (200, b"")
        assert (await client.http.get("/api/version")).json() == {"version": "0.33.3", "simulated": True}

    async def test_its_cloud_is_switched_off(self, client):
        assert (await client.http.get("/api/status")).json()["cloud"] == {"disabled": True, "source": "env"}
        canary = await client.http.post("/api/show", json={"model": "b4tui-canary:cloud"})
        assert canary.status_code == 403
        assert "cloud is disabled" in canary.json()["error"]

    async def test_it_lists_the_models_of_the_built_in_roles(self, client):
        models = (await client.http.get("/api/tags")).json()["models"]
        assert {model["name"] for model in models} == {"qwen3-coder-next:latest", "qwen3:8b", "qwen3:1.7b"}
        assert all(model["details"]["format"] == "gguf" and "remote_host" not in model for model in models)
        assert len({model["digest"] for model in models}) == 3

    async def test_show_tells_what_a_model_can_do(self, client):
        shown = (await client.http.post("/api/show", json={"model": "qwen3-coder-next"})).json()
        assert shown["model_info"]["general.architecture"] == "qwen3next"
        assert shown["capabilities"] == ["completion", "tools"]
        assert (await client.http.post("/api/show", json={"model": "nobody"})).status_code == 404

    async def test_a_host_header_of_another_machine_is_refused(self, client):
        assert (await client.http.get("/api/tags", headers={"Host": "rebind.invalid"})).status_code == 403


class TestChat:
    async def test_an_answer_is_streamed_in_pieces_and_ends_with_figures(self, client):
        *pieces, last = await client.chat()
        assert said(pieces, "thinking") == "Let me see."
        assert said(pieces) == "I write it down."
        assert len(pieces) > 5
        assert not any(piece["done"] for piece in pieces)
        assert (last["done"], last["done_reason"]) == (True, "stop")
        for key in ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration"):
            assert isinstance(last[key], int)
            assert last[key] > 0
        assert last["prompt_eval_count"] > 0
        assert last["prompt_eval_cached_count"] == 0
        assert last["eval_count"] >= len(pieces)

    async def test_a_tool_call_comes_whole_with_an_object_of_arguments(self, client):
        calls = [call for line in await client.chat() for call in line["message"].get("tool_calls", ())]
        (call,) = calls
        assert call["id"].startswith("call_")
        assert call["function"] == {"index": 0, "name": "write", "arguments": {"path": "a.txt", "content": "b\n"}}

    async def test_without_stream_it_is_one_document(self, client):
        response = await client.http.post("/api/chat", json=client.request(stream=False))
        answer = response.json()
        assert answer["done"] is True
        assert answer["message"]["content"] == "I write it down."
        assert answer["message"]["tool_calls"][0]["function"]["name"] == "write"

    async def test_thinking_is_on_unless_it_is_switched_off(self, client):
        silent = await client.chat(think=False)
        assert said(silent, "thinking") == ""
        body = client.request()
        del body["think"]
        response = await client.http.post("/api/chat", json=body | {"stream": False})
        assert response.json()["message"]["thinking"] == "Let me see."

    async def test_the_turn_before_counts_as_cached(self, client):
        history = [
            *client.request()["messages"],
            {"role": "assistant", "content": "I write it down."},
            {"role": "tool", "content": "written", "tool_name": "write"},
        ]
        last = (await client.chat(messages=history))[-1]
        assert 0 < last["prompt_eval_cached_count"] < last["prompt_eval_count"]

    async def test_num_predict_bounds_the_answer(self, client):
        lines = await client.chat(options={"num_predict": 2})
        assert lines[-1]["done_reason"] == "length"
        assert lines[-1]["eval_count"] == 2

    async def test_no_messages_load_the_model_and_keep_alive_0_unloads_it(self, client):
        empty = {"model": "qwen3:1.7b", "messages": [], "options": {"num_ctx": 512}}
        assert (await client.http.post("/api/chat", json=empty)).json()["done_reason"] == "load"
        (loaded,) = (await client.http.get("/api/ps")).json()["models"]
        assert (loaded["name"], loaded["context_length"], loaded["size_vram"]) == ("qwen3:1.7b", 512, 0)
        gone = await client.http.post("/api/chat", json=empty | {"keep_alive": 0})
        assert gone.json()["done_reason"] == "unload"
        assert (await client.http.get("/api/ps")).json()["models"] == []

    async def test_the_local_suffix_is_understood(self, client):
        assert (await client.chat(model="qwen3:8b:local"))[-1]["done"]

    async def test_the_log_keeps_what_came(self, client):
        await client.chat()
        (exchange,) = client.server.chats
        assert (exchange.bead, exchange.status, exchange.ending) == ("x-1", 200, Ending.ANSWERED)
        assert exchange.body["options"]["num_ctx"] == 4096
        assert exchange.headers["content-type"] == "application/json"

    async def test_many_answers_at_once_do_not_mix(self, client):
        answers = await asyncio.gather(*(client.chat() for _ in range(20)))
        assert {said(lines) for lines in answers} == {"I write it down."}


class TestRefusals:
    async def test_an_unknown_model_is_404(self, client):
        assert await client.refused(model="nobody") == (404, "model 'nobody' not found")

    @pytest.mark.parametrize("name", ["qwen3:cloud", "qwen3:8b-cloud", "qwen3:8b:CLOUD"])
    async def test_a_cloud_name_is_403(self, client, name):
        status, message = await client.refused(model=name)
        assert (status, "cloud is disabled" in message) == (403, True)

    async def test_a_prompt_that_does_not_fit_is_400_with_json_in_the_message(self, client):
        long = [{"role": "user", "content": "# x-1: Try\n" + "x" * 4000}]
        status, message = await client.refused(messages=long, options={"num_ctx": 512})
        inner = json.loads(message)["error"]
        assert (status, inner["type"], inner["n_ctx"]) == (400, "exceed_context_size_error", 512)
        assert inner["n_prompt_tokens"] > 1000

    async def test_without_truncate_false_it_is_cut_in_silence(self, client):
        long = [{"role": "user", "content": "# x-1: Try\n" + "x" * 4000}]
        lines = await client.chat(messages=long, options={"num_ctx": 512}, truncate=True)
        assert lines[-1]["prompt_eval_count"] == 512

    @pytest.mark.parametrize("value", ["4096", 1.5, True])
    async def test_an_option_of_the_wrong_type_is_500(self, client, value):
        assert await client.refused(options={"num_ctx": value}) == (500, 'option "num_ctx" must be of type integer')

    async def test_thinking_is_refused_where_the_model_cannot(self, client):
        status, message = await client.refused(model="qwen3-coder-next")
        assert (status, message) == (400, '"qwen3-coder-next" does not support thinking')

    @pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'{"messages": 3, "model": "qwen3:8b"}', b"{}"])
    async def test_a_body_that_is_no_request_is_400(self, client, body):
        assert (await client.http.post("/api/chat", content=body)).status_code == 400

    @pytest.mark.parametrize(
        "sent",
        [b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"],
    )
    async def test_bytes_that_are_no_http_get_a_400(self, client, sent):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(client.server.address.rpartition(":")[2]))
        writer.write(sent)
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()

    async def test_an_endless_head_ends_the_connection(self, client):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(client.server.address.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nX: " + b"x" * 300_000)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()

    @given(body=BODIES, path=st.sampled_from(["/api/chat", "/api/show", "/api/pull", "/api/copy"]))
    @settings(max_examples=60, deadline=None)
    def test_no_body_breaks_the_server(self, body, path):
        async def ask() -> None:
            async with SimulatedOllama([], speed=0) as server, httpx.AsyncClient(**PLAIN) as http:
                answer = await http.post(server.address + path, content=json.dumps(body))
                assert answer.status_code in (200, 400, 403, 404, 500)
                assert (await http.get(server.address)).status_code == 200

        asyncio.run(ask())

    async def test_a_body_in_chunks_is_read(self, client):
        async def parts():
            yield b'{"model": "qwen3:'
            yield b'8b", "messages": []}'

        assert (await client.http.post("/api/chat", content=parts())).json()["done_reason"] == "load"


class TestPace:
    @pytest.mark.usefixtures("own_time")
    async def test_a_client_that_leaves_cancels_its_answer(self):
        async with SimulatedOllama(speed=0.05) as server, httpx.AsyncClient(**PLAIN) as http:
            body = {"model": "qwen3:8b", "messages": [{"role": "user", "content": "# hub-q1k: Research"}]}
            with pytest.raises(httpx.ReadTimeout):
                await http.post(f"{server.address}/api/chat", json=body, timeout=0.3)
            await until(lambda: server.chats[0].ending is Ending.CANCELLED)

    async def test_the_speed_scales_the_time_an_answer_takes(self, client):
        async with SimulatedOllama(speed=4, tokens_per_s=50) as server, httpx.AsyncClient(**PLAIN) as http:
            body = {"model": "qwen3:8b", "messages": [{"role": "user", "content": "# hub-n8h: Invite"}]}
            lines = (await http.post(f"{server.address}/api/chat", json=body)).text.splitlines()
        last = json.loads(lines[-1])
        assert last["eval_count"] / last["eval_duration"] * 1e9 <= 200.5
        assert last["load_duration"] >= 0.6e9 / 4

    @pytest.mark.parametrize("speed", [-1, math.nan])
    def test_a_speed_that_is_none_is_refused(self, speed):
        with pytest.raises(ValueError, match="speed"):
            SimulatedOllama(speed=speed)

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [(None, 300), (-1, -1), ("24h", 86_400), ("30s", 30), ("500ms", 0.5), ("-1m", -60), ("7", 7)],
    )
    def test_keep_alive_is_a_duration_or_a_number_of_seconds(self, text, seconds):
        assert duration_s(text) == seconds

    async def test_a_keep_alive_that_is_neither_is_400(self, client):
        assert (await client.refused(keep_alive="soon"))[0] == 400
