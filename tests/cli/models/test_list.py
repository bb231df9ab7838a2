"""`b4tui models list`: what every engine has, what it is for, and whether it is trusted."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest

from b4tui.cli.models import loaded_in_words
from b4tui.demo.faults import FaultKind
from b4tui.engines.interface import LoadedModel
from tests.cli.models.conftest import KEPT, NAME, NEW, OLD, row


async def test_every_model_with_its_roles_and_its_state(models, server):
    answer = await models("list", "--json")
    assert (answer.code, answer.err) == (0, "")
    assert list(answer.json) == ["engines", "missing"]
    (engine,) = answer.json["engines"]
    assert (engine["name"], engine["kind"], engine["address"]) == ("ollama", "ollama", server.address)
    assert engine["simulated"] is True
    assert {model["name"]: model["roles"] for model in engine["models"]} == {
        "qwen3-coder-next:latest": ["workhorse"],
        NAME: ["summarizer"],
        "qwen3:1.7b": ["router"],
    }
    found = row(answer.json, NAME)
    assert found["digest"] == OLD.digest
    assert (found["locality"], found["pin"], found["loaded"]) == ("attested", "not pinned", None)
    assert (found["format"], found["quantization"], found["size"]) == ("gguf", "Q4_K_M", OLD.size)
    assert answer.json["missing"] == []


async def test_looking_pins_nothing(models):
    for _ in range(2):
        answer = await models("list", "--json")
        assert row(answer.json, NAME)["pin"] == "not pinned"


async def test_a_model_in_memory_says_where_and_until_when(models, server):
    async with httpx.AsyncClient(base_url=server.address, trust_env=False) as client:
        await client.post("/api/chat", json={"model": NAME, "options": {"num_ctx": 2048}, "keep_alive": -1})
    loaded = row((await models("list", "--json")).json, NAME)["loaded"]
    assert (loaded["context"], loaded["vram"]) == (2048, OLD.size)
    assert loaded["expires_at"]
    assert "100 % GPU, context 2048, stays" in (await models("list")).out


@pytest.mark.parametrize(
    ("loaded", "said"),
    [
        (LoadedModel(name="m", size=5_000_000_000, vram=0, context=512), "5.0 GB on CPU, context 512"),
        (LoadedModel(name="m", size=5_000_000_000, vram=1_000_000_000), "5.0 GB on 20 % GPU"),
        (LoadedModel(name="m", size=5_000_000_000), "5.0 GB"),
        (LoadedModel(name="m", vram=7), "yes"),
        (
            LoadedModel(name="m", expires_at=datetime(2026, 11, 26, 16, 37, 39, 765655).astimezone().isoformat()),
            "yes, until 2026-11-26 16:37",
        ),
        (LoadedModel(name="m", expires_at="2318-11-26T16:37:39.765655-07:00"), "yes, stays"),
        (LoadedModel(name="m", expires_at="soon"), "yes"),
    ],
)
def test_where_a_model_lies_is_said_only_where_the_server_says_it(loaded, said):
    assert loaded_in_words(loaded) == said


async def test_a_role_whose_model_nobody_has_is_listed_with_the_way_to_get_it(models):
    answer = await models("list", "--json", B4TUI_ROLES__WORKHORSE__MODEL="absent:1b")
    (missing,) = answer.json["missing"]
    assert (missing["role"], missing["model"]) == ("workhorse", "absent:1b")
    assert missing["fix"] == "`b4tui models pull absent:1b`"
    text = await models("list", B4TUI_ROLES__WORKHORSE__MODEL="absent:1b")
    assert "missing: absent:1b for role workhorse: `b4tui models pull absent:1b`" in text.out


async def test_a_changed_model_says_so_and_what_to_do(models, server):
    await models("pin", NAME)
    server.publish(NEW)
    await models("pull", NAME)
    answer = await models("list", "--json")
    found = row(answer.json, NAME)
    assert (found["pin"], found["locality"]) == ("changed", "unattested")
    assert (found["digest"], found["pinned_digest"]) == (NEW.digest, OLD.digest)
    assert row(answer.json, KEPT)["kept"] is True
    text = (await models("list")).out
    assert f"changed (was {OLD.digest[:12]})" in text and "b4tui models check" in text


async def test_a_model_that_is_computed_elsewhere_is_remote(models, server):
    server.faults.add(FaultKind.REMOTE_MODEL, path="/api/tags", times=9)
    answer = await models("list", "--json")
    assert {model["locality"] for engine in answer.json["engines"] for model in engine["models"]} == {"remote"}


async def test_an_engine_that_is_down_says_how_to_start_it(models, server):
    await server.down()
    answer = await models("list")
    assert answer.code == 0
    assert "ollama serve" in answer.out
    assert "missing: qwen3:8b for role summarizer: none of its engines answers: start ollama first" in answer.out
    assert "models pull" not in answer.out, "nothing can be fetched by an engine that is down"


async def test_a_model_file_is_listed_before_its_process_has_started(models, tiny_weights):
    pytest.importorskip("xllamacpp")
    answer = await models("list", "--engine", "embedded", B4TUI_ENGINES__EMBEDDED__MODEL_FILE=str(tiny_weights))
    assert "not started yet; starts with the first request" in answer.out
    (line,) = [line for line in answer.out.splitlines() if line.split()[:1] == ["tiny.gguf"]]
    assert "attested  not pinned" in line


@pytest.mark.parametrize("command", ["list", "pull", "pin", "unpin", "check"])
async def test_an_engine_that_is_none_is_wrong_usage(models, command):
    name = [] if command == "list" else [NAME]
    answer = await models(command, *name, "--engine", "nobody")
    assert answer.code == 2
    assert "there are ollama" in answer.err
