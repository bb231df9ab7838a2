"""`b4tui doctor` on engines: what is proven of them, where roles' models are, and what a model cannot do."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from b4tui.demo.lies import Lie
from b4tui.demo.server import SimulatedOllama

NOWHERE = "http://127.0.0.1:1"


def check(report: Mapping[str, Any], name: str) -> dict[str, str]:
    (found,) = [row for row in report["checks"] if row["name"] == name]
    assert isinstance(found, dict)
    return found


def names(report: Mapping[str, Any]) -> set[str]:
    return {row["name"] for row in report["checks"]}


@pytest.fixture
def doctor(b4tui_here, tmp_path: Path, simulated_ollama: SimulatedOllama):
    """Ask the doctor about the simulated server, with no hub: exit code and report."""

    async def ask(**environment: str) -> tuple[int, dict[str, Any]]:
        environment = {"OLLAMA_HOST": simulated_ollama.address, **environment}
        answer = await asyncio.to_thread(b4tui_here, "doctor", "--json", cwd=tmp_path, **environment)
        assert answer.err == ""
        return answer.code, answer.json

    return ask


@pytest.fixture
def pinned(b4tui_here, simulated_ollama: SimulatedOllama):
    """Pin a model of the simulated server."""

    async def pin(name: str) -> None:
        answer = await asyncio.to_thread(b4tui_here, "models", "pin", name, OLLAMA_HOST=simulated_ollama.address)
        assert answer.code == 0, answer.err

    return pin


@pytest.mark.parametrize(
    ("lie", "name", "fix"),
    [
        (Lie.OLD_VERSION, "engine ollama version", "Upgrade Ollama"),
        (Lie.OLD_VERSION, "engine ollama cloud off", "OLLAMA_NO_CLOUD=1"),
        (Lie.CLOUD_ON, "engine ollama cloud off", "OLLAMA_NO_CLOUD=1"),
        (Lie.CANARY_SERVED, "engine ollama canary", "install Ollama anew"),
    ],
)
async def test_what_is_not_proven_of_a_server_is_a_failed_check_with_its_fix(doctor, simulated_ollama, lie, name, fix):
    simulated_ollama.lies.tell(lie)
    code, report = await doctor()
    assert code == 1
    failed = [row for row in report["checks"] if row["name"] == name and row["status"] == "fail"]
    assert len(failed) == 1
    assert fix in failed[0]["fix"]
    assert check(report, "model workhorse")["status"] == "fail"
    assert "unattested" in check(report, "model workhorse")["detail"]
    (engine,) = report["engines"]
    assert engine["locality"] == "unattested"


async def test_where_no_proof_is_asked_for_it_is_a_warning(doctor, simulated_ollama):
    simulated_ollama.lies.tell(Lie.CLOUD_ON)
    code, report = await doctor(B4TUI_POLICY__REQUIRE_ATTESTED="false")
    assert code == 0
    assert check(report, "engine ollama cloud off")["status"] == "warn"
    assert check(report, "model workhorse")["status"] == "warn"


async def test_a_model_that_changed_fails_with_the_way_to_accept_it(doctor, simulated_ollama, pinned):
    await pinned("qwen3:8b")
    simulated_ollama.lies.tell(Lie.DIGEST_CHANGED, model="qwen3:8b")
    code, report = await doctor()
    assert code == 1
    changed = check(report, "model summarizer pin")
    assert changed["status"] == "fail"
    assert "b4tui models check qwen3:8b" in changed["fix"] and "b4tui models pin qwen3:8b" in changed["fix"]
    assert check(report, "model workhorse")["status"] == "ok"
    (engine,) = report["engines"]
    assert engine["locality"] == "unattested"
    assert {model["role"]: model["locality"] for model in engine["models"]} == {
        "router": "attested",
        "workhorse": "attested",
        "summarizer": "unattested",
    }


async def test_a_role_that_no_agent_uses_does_not_count_for_the_engine(doctor, simulated_ollama, pinned):
    await pinned("qwen3:1.7b")
    simulated_ollama.lies.tell(Lie.DIGEST_CHANGED, model="qwen3:1.7b")
    code, report = await doctor()
    assert code == 0
    assert check(report, "model router pin")["status"] == "warn"
    (engine,) = report["engines"]
    assert engine["locality"] == "attested"


async def test_looking_trusts_nothing(doctor, simulated_ollama):
    await doctor()
    simulated_ollama.lies.tell(Lie.DIGEST_CHANGED)
    code, report = await doctor()
    assert code == 0
    assert check(report, "pins")["detail"] == "0 models pinned"


async def test_pins_that_cannot_be_read_fail(doctor, environment):
    folder = Path(environment["HOME"]) / ".local" / "state" / "b4tui"
    folder.mkdir(parents=True)
    (folder / "pins.json").write_text(json.dumps({"pins": 5}))
    code, report = await doctor()
    assert code == 1
    assert check(report, "pins")["status"] == "fail"
    assert "mend or remove" in check(report, "pins")["detail"]


async def test_a_context_longer_than_the_models_own_is_a_warning(doctor):
    code, report = await doctor(B4TUI_ROLES__SUMMARIZER__NUM_CTX="65536")
    assert code == 0
    long = check(report, "model summarizer context")
    assert long["status"] == "warn"
    assert "65536" in long["detail"] and long["fix"] == "[roles.summarizer] num_ctx = 40960"


async def test_roles_that_would_load_one_model_differently_are_a_warning(doctor):
    code, report = await doctor(B4TUI_ROLES__ROUTER__MODEL="qwen3:8b")
    assert code == 0
    shared = check(report, "model router profile")
    assert shared["status"] == "warn" and "[roles.summarizer]" in shared["fix"]


async def test_an_embedded_engine_says_what_stands_in_its_way(doctor, tmp_path):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"no model")
    code, report = await doctor(B4TUI_ENGINES__EMBEDDED__MODEL_FILE=str(broken))
    assert code == 0, "Ollama does its work"
    embedded = check(report, "engine embedded")
    assert embedded["status"] == "warn"
    assert "model_file" in embedded["fix"]


async def test_an_engine_that_is_down_is_a_warning_while_another_does_its_work(doctor, simulated_ollama):
    second = {
        "OLLAMA_HOST": NOWHERE,
        "B4TUI_ENGINES__SECOND__ADDRESS": simulated_ollama.address,
        "B4TUI_ENGINES__SECOND__ORDER": "3",
    }
    code, report = await doctor(**second)
    assert code == 0
    assert check(report, "engine ollama")["status"] == "warn"
    assert "second" in check(report, "model workhorse")["detail"]
    assert "engines" not in names(report)
    roles = {engine["name"]: [model["role"] for model in engine["models"]] for engine in report["engines"]}
    assert roles == {"ollama": [], "second": ["router", "workhorse", "summarizer"]}


async def test_an_engine_that_is_down_fails_where_a_role_names_it(doctor, simulated_ollama):
    second = {"OLLAMA_HOST": NOWHERE, "B4TUI_ENGINES__SECOND__ADDRESS": simulated_ollama.address}
    second |= {"B4TUI_ENGINES__SECOND__ORDER": "3", "B4TUI_ROLES__SUMMARIZER__ENGINE": "ollama"}
    code, report = await doctor(**second)
    assert code == 1
    assert check(report, "engine ollama")["status"] == "fail"


async def test_of_two_engines_the_first_in_order_that_has_the_model_counts(doctor, simulated_ollama):
    async with SimulatedOllama((), speed=math.inf, models=()) as empty:
        code, report = await doctor(
            OLLAMA_HOST=empty.address,
            B4TUI_ENGINES__SECOND__ADDRESS=simulated_ollama.address,
            B4TUI_ENGINES__SECOND__ORDER="2",
        )
    assert code == 0
    assert "second" in check(report, "model workhorse")["detail"]
