"""The main job on a hub of the real bd 1.0.5: an agent claims a bead through bd, does it, and closes it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from b4tui.board.discover import open_hub
from b4tui.board.model import HubKind, NewBead
from b4tui.config import load
from b4tui.demo.script import Call, Script, Step
from b4tui.demo.server import SimulatedOllama
from b4tui.runtime.opening import open_runtime

pytestmark = pytest.mark.peers


@pytest.fixture
def bd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The real bd, as somebody beside us calls it, in a fresh hub."""
    program = shutil.which("bd-1.0.5")
    if program is None:
        pytest.skip("the real bd-1.0.5 is not on the PATH (shared/tools/real-peers)")
    monkeypatch.setenv("BD_BIN", program)
    monkeypatch.setenv("HOME", str(tmp_path))
    hub = tmp_path / "hub"
    hub.mkdir()

    def call(*arguments: str) -> Any:
        answer = subprocess.run(
            [program, *arguments],
            cwd=hub,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "BD_NON_INTERACTIVE": "1", "BD_ACTOR": "somebody"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return json.loads(answer.stdout) if "--json" in arguments else None

    subprocess.run(["git", "init", "-q", "-b", "main"], cwd=hub, check=True)
    for name, value in (("user.name", "Op Erator"), ("user.email", "op@example.org"), ("beads.role", "maintainer")):
        subprocess.run(["git", "config", name, value], cwd=hub, check=True)
    call("init", "-p", "d", "--non-interactive", "--skip-agents", "--skip-hooks", "--quiet", "--role", "maintainer")
    return call


async def test_a_bead_goes_from_bd_through_an_agent_back_to_bd_closed(bd: Any, tmp_path: Path) -> None:
    first = bd("create", "Script: say hello", "-t", "task", "-p", "1", "--json")["id"]
    follower = bd("create", "Script: say goodbye", "--deps", first, "--json")["id"]
    scripts = tuple(
        Script(
            bead=bead,
            steps=(
                Step(calls=(Call(tool="write", path="hello.txt", content="hello\n"),)),
                Step(calls=(Call(tool="finish", summary=f"did {bead}", evidence="hello.txt has one line"),)),
            ),
        )
        for bead in (first, follower)
    )
    async with SimulatedOllama(scripts, speed=1000) as server:
        settings = load(
            use_user_file=False,
            overrides={"engines": {"ollama": {"address": server.address}}, "policy": {"poll": {"interval_s": 0.5}}},
        )
        hub = open_hub(tmp_path / "hub")
        assert hub.kind is HubKind.DOLT
        runtime = open_runtime(settings, hub, agents=("codemonkey",), environ={})
        assert runtime.snapshot.read_only == ""
        await runtime.start()
        await asyncio.wait_for(runtime.until_idle(), 90)
        made = await runtime.operator.create(NewBead(title="Plan: the week", labels=("planning",)))
        await runtime.stop("done")
    closed = {row["id"]: row for row in bd("list", "--all", "-n", "0", "--json") if row["status"] == "closed"}
    assert set(closed) == {first, follower}
    assert closed[first]["assignee"] == "codemonkey"
    assert closed[first]["close_reason"].startswith(f"did {first}")
    assert {row["id"] for row in bd("ready", "-n", "0", "--json")} == {made}
    assert (hub.root / ".b4tui" / "work" / first / "hello.txt").read_text() == "hello\n"
