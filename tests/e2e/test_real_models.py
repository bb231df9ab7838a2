"""`b4tui models` with the real Ollama: pin, a model made anew behind its name, the check of old and new, unpin."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from b4tui.config import EngineConfig, PolicyConfig
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.ollama.kept import kept_name
from tests.commands import Answer, run_here
from tests.e2e.conftest import RealOllama

pytestmark = pytest.mark.peers

NAME = "looked-at:latest"
KEPT = kept_name(NAME)


Models = Callable[..., Answer]


@pytest.fixture
def models(real_ollama: RealOllama, tmp_path: Path) -> Models:
    """`b4tui models ARGUMENTS` about the real server, with a home of its own."""
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "OLLAMA_HOST": real_ollama.address}
    environ |= {"B4TUI_ROLES__SUMMARIZER__MODEL": NAME, "B4TUI_ROLES__SUMMARIZER__NUM_CTX": "2048"}
    environ |= {"B4TUI_ROLES__SUMMARIZER__OPTIONS__NUM_THREAD": "1", "LC_ALL": "C.UTF-8"}

    def run(*arguments: str) -> Answer:
        # In a thread: commands have a loop of their own, and some tests have one already.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(run_here, ("models", *arguments), tmp_path, environ).result()

    return run


def make(server: RealOllama, **more: object) -> None:
    """Make the model anew under its name, from the tiny one."""
    body = {"model": NAME, "from": server.model, "stream": False, **more}
    httpx.post(f"{server.address}/api/create", json=body, timeout=60, trust_env=False).raise_for_status()


def listed(models: Models) -> dict[str, dict[str, Any]]:
    """The server's models by name."""
    (engine,) = models("list", "--json").json["engines"]
    return {model["name"]: model for model in engine["models"]}


@pytest_asyncio.fixture
async def engine(real_ollama: RealOllama, tmp_path: Path):
    opened = OllamaEngine(
        "real", EngineConfig(address=real_ollama.address), {}, pins=Pins(tmp_path / "p.json"), policy=PolicyConfig()
    )
    yield opened
    await opened.aclose()


async def test_a_model_that_is_made_anew_is_looked_at_beside_the_old_one_and_accepted(
    models: Models, real_ollama: RealOllama, engine: OllamaEngine
) -> None:
    make(real_ollama)
    assert models("pin", NAME).code == 0
    old = listed(models)[NAME]
    assert (old["pin"], old["locality"], old["roles"]) == ("pinned", "attested", ["summarizer"])

    await engine.copy(NAME, KEPT)
    assert listed(models)[KEPT]["digest"] == old["digest"], "a copy is the same model under a second name"
    make(real_ollama, parameters={"repeat_penalty": 1.9}, system="You are verbose.")
    new = listed(models)[NAME]
    assert new["digest"] != old["digest"]
    assert (new["pin"], new["locality"], new["pinned_digest"]) == ("changed", "unattested", old["digest"])

    checked = models("check", NAME, "--json")
    assert checked.code == 0, checked.err  # random weights keep no rule, so none gets worse
    found = checked.json
    assert (found["new"]["digest"], found["old"]["digest"]) == (new["digest"], old["digest"])
    assert (found["old"]["source"], found["old"]["name"]) == ("server", KEPT)
    assert len(found["trials"]) == 6
    assert all(trial[side]["tokens"] for trial in found["trials"] for side in ("new", "old"))
    assert "[-" in models("check", NAME).out, "other parameters, other words"

    accepted = models("pin", NAME, "--digest", new["digest"][:12])
    assert accepted.code == 0, accepted.err
    assert f"(before: {old['digest'][:12]})" in accepted.out
    after = listed(models)
    assert (after[NAME]["pin"], after[NAME]["locality"]) == ("pinned", "attested")
    assert KEPT not in after
    assert models("unpin", NAME).code == 0
    assert listed(models)[NAME]["pin"] == "not pinned"


def test_the_old_one_is_known_by_its_recorded_answers(models: Models, real_ollama: RealOllama) -> None:
    make(real_ollama)
    assert models("pin", NAME).code == 0
    assert models("check", NAME).code == 0
    checked = models("check", NAME, "--json")
    assert checked.code == 0, checked.err
    again = checked.json
    assert again["old"]["source"] == "record"
    assert all(trial["same_words"] for trial in again["trials"]), "temperature 0 and one seed: the same words"
    make(real_ollama, parameters={"repeat_penalty": 1.9}, system="You are verbose.")
    changed = models("check", NAME, "--json")
    assert changed.code == 0, changed.err
    found = changed.json
    assert found["old"]["source"] == "record" and found["old"]["digest"] != found["new"]["digest"]


def test_a_registry_that_does_not_answer_is_named(real_ollama: RealOllama, tmp_path: Path) -> None:
    """By the program itself."""
    answer = subprocess.run(
        # A registry on this machine, where nobody listens.
        [sys.executable, "-m", "b4tui", "models", "pull", "127.0.0.1:1/nobody/model"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "OLLAMA_HOST": real_ollama.address},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert answer.returncode == 1
    assert "check the name, and that the server may reach its registry" in answer.stderr
    assert "Traceback" not in answer.stderr
