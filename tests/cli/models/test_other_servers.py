"""`b4tui models` on an OpenAI-compatible server: the operator's word is all there is, and it is asked for."""

from __future__ import annotations

import asyncio
import math

import pytest

from b4tui.demo.openai_pages import Plays
from b4tui.demo.openai_server import SimulatedOpenAi
from tests.cli.models.conftest import RIGHT, answers

NAME = "qwen3-coder-next:latest"
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def vllm(b4tui):
    """Ask about a simulated vLLM beside an Ollama that is down; `vouched` is the operator's word in the settings."""

    async def run(server: SimulatedOpenAi, *arguments: str, vouched: bool = True):
        engine = {"KIND": "vllm", "ADDRESS": server.address, "ORDER": "3", "CONNECT_TIMEOUT_S": "20"}
        engine |= {"PINNED": "true", "VOUCHED": "true"} if vouched else {}
        environ = {f"B4TUI_ENGINES__SERVER__{key}": value for key, value in engine.items()}
        return await asyncio.to_thread(b4tui, "models", *arguments, OLLAMA_HOST=NOWHERE, **environ)

    return run


@pytest.fixture
async def server():
    async with SimulatedOpenAi(answers(), plays=Plays.VLLM, speed=math.inf) as running:
        yield running


async def test_a_model_is_attested_once_the_operator_has_pinned_it(vllm, server):
    def only(answer):
        (model,) = [model for engine in answer.json["engines"] for model in engine["models"]]
        return model

    before = only(await vllm(server, "list", "--json"))
    assert (before["locality"], before["pin"]) == ("unattested", "not pinned")
    assert "b4tui models pin" in before["fix"]
    pinned = await vllm(server, "pin", NAME, "--json")
    assert pinned.code == 0, pinned.err
    assert pinned.json["engine"] == "server" and pinned.json["digest"] == before["digest"]
    after = only(await vllm(server, "list", "--json"))
    assert (after["locality"], after["pin"]) == ("attested", "pinned")
    assert (await vllm(server, "unpin", NAME)).code == 0
    assert only(await vllm(server, "list", "--json"))["locality"] == "unattested"


async def test_a_server_that_nobody_vouches_for_may_be_checked_because_the_questions_are_public(vllm, server):
    answer = await vllm(server, "check", NAME, "--json", vouched=False)
    assert answer.code == 0, answer.err
    assert [trial["name"] for trial in answer.json["trials"]] == list(RIGHT)
    assert len(server.chats) == 6


async def test_it_is_given_its_model_where_it_is_started(vllm, server):
    answer = await vllm(server, "pull", NAME, "--engine", "server")
    assert answer.code == 1
    assert "server (vllm)" in answer.err
