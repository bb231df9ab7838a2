"""`b4tui work`: the agents without a screen; facts as JSON lines, exit codes that a script can rely on."""

from __future__ import annotations

import asyncio
import json
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from b4tui.demo.faults import FaultKind
from b4tui.demo.script import Call, Script, Step
from b4tui.demo.server import SimulatedOllama

WITHIN_S = 60.0


@pytest_asyncio.fixture
async def server():
    """A model that finishes `x-…` beads by their title."""
    finish = Step(say="Done.", calls=(Call(tool="finish", summary="it is done", evidence="seen"),))
    async with SimulatedOllama([Script(title=title, steps=(finish,)) for title in ("Fix it", "Fix that")]) as running:
        yield running


@pytest.fixture
def create(b4tui_here, hub: Path):
    """Put a bead on the hub's board; its id."""

    def make(title: str, *arguments: str) -> str:
        answer = b4tui_here("board", "create", title, "--json", "--actor", "me", *arguments, cwd=hub)
        assert answer.code == 0, answer.err
        bead: str = answer.json["id"]
        return bead

    return make


@pytest.fixture
def status(b4tui_here, hub: Path):
    """A bead's status and assignee as the board has them."""

    def ask(bead: str) -> tuple[str, str]:
        answer = b4tui_here("board", "show", bead, "--json", cwd=hub)
        (row,) = answer.json if isinstance(answer.json, list) else [answer.json]
        return row["status"], row.get("assignee", "")

    return ask


def events_of(out: bytes) -> list[dict[str, Any]]:
    """Every line is one event, with its name and its time first."""
    rows = [json.loads(line) for line in out.splitlines()]
    for row in rows:
        assert list(row)[:2] == ["event", "at"]
        assert datetime.fromisoformat(row["at"]).utcoffset() is not None
    return rows


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["event"] for row in rows]


async def ended(process: asyncio.subprocess.Process) -> tuple[int, bytes, str]:
    out, err = await asyncio.wait_for(process.communicate(), WITHIN_S)
    assert process.returncode is not None
    return process.returncode, out, err.decode()


async def test_until_idle_it_prints_each_fact_as_one_json_object_and_ends(start, server, hub, create, status):
    bead = create("Fix it")
    code, out, err = await ended(await start("work", "--until-idle", "--json", cwd=hub, OLLAMA_HOST=server.address))
    assert (code, err) == (0, "")
    rows = events_of(out)
    assert names(rows)[0] == "runtime_started" and names(rows)[-1] == "runtime_stopped"
    about = [row for row in rows if row.get("bead") == bead and row["event"] != "agent_changed"]
    order = ["bead_routed", "bead_claimed", "run_started", "step_started", "bead_closed", "run_finished"]
    assert [name for name in names(about) if name in order] == order
    assert {row["agent"] for row in about} == {"codemonkey"}
    closed = next(row for row in about if row["event"] == "bead_closed")
    assert "it is done" in closed["reason"] and closed["run"]
    assert {row["run"] for row in about if "run" in row} == {closed["run"]}
    assert status(bead) == ("closed", "codemonkey")


async def test_once_does_one_bead_an_agent(start, server, hub, create, status):
    beads = [create("Fix it"), create("Fix that")]
    code, out, _ = await ended(await start("work", "--once", "--json", cwd=hub, OLLAMA_HOST=server.address))
    assert code == 0
    assert names(events_of(out)).count("run_started") == 1
    assert sorted(status(bead)[0] for bead in beads) == ["closed", "open"]


async def test_only_the_agents_that_are_named_work(start, server, hub, create, status):
    bead = create("Fix it")
    code, out, _ = await ended(
        await start("work", "--until-idle", "--json", "--agent", "Brew", cwd=hub, OLLAMA_HOST=server.address)
    )
    assert code == 0
    assert events_of(out)[0]["agents"] == ["brew"]
    assert status(bead) == ("open", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_interrupted_in_the_middle_it_gives_the_bead_back_and_says_130(
    start, server, hub, create, status, number
):
    bead = create("Fix it")
    server.faults.add(FaultKind.HANG)
    process = await start("work", "--json", cwd=hub, OLLAMA_HOST=server.address)
    seen = b""
    while b'"step_started"' not in seen:
        seen += await asyncio.wait_for(process.stdout.readline(), WITHIN_S)
    process.send_signal(number)
    code, out, err = await ended(process)
    assert (code, err.strip()) == (130, "")
    rows = events_of(seen + out)
    assert next(row for row in rows if row["event"] == "run_finished")["outcome"] == "cancelled"
    assert rows[-1]["event"] == "runtime_stopped" and rows[-1]["reason"] == "interrupted"
    assert status(bead) == ("open", "")


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"OLLAMA_HOST": "127.0.0.1:1"}, 4, "ollama serve"),
        ({"B4TUI_ROLES__WORKHORSE__MODEL": "absent", "B4TUI_ROLES__SUMMARIZER__MODEL": "absent"}, 4, "ollama pull"),
        ({"B4TUI_AGENTS__BREW__ROLE": "baker"}, 1, "no role 'baker'"),
        ({"OLLAMA_HOST": "models.invalid"}, 1, "pinned = true"),
    ],
)
async def test_what_keeps_it_from_starting_is_one_line_and_a_code(start, server, hub, wrong, code, words):
    wrong = {"OLLAMA_HOST": server.address, **wrong}
    answer, out, err = await ended(await start("work", "--until-idle", "--json", cwd=hub, **wrong))
    assert (answer, out) == (code, b"")
    assert words in err and err.startswith("b4tui: ") and "Traceback" not in err


def test_wrong_usage_is_2_and_names_what_there_is(b4tui, hub):
    answer = b4tui("work", "--agent", "nobody", cwd=hub)
    assert answer.code == 2 and "brenner, brew, codemonkey" in answer.err


def test_without_a_hub_it_says_how_to_make_one(b4tui):
    answer = b4tui("work", "--once")
    assert (answer.code, answer.out) == (1, "")
    assert "b4tui init" in answer.err


def test_a_hub_that_can_only_be_read_is_not_worked_on(b4tui, hub):
    (hub / ".beads" / "backup").mkdir()
    (hub / ".beads" / "backup" / "issues.jsonl").write_text("")
    (hub / ".beads" / "metadata.json").write_text('{"backend":"dolt"}')
    answer = b4tui("work", cwd=hub, PATH="/nowhere")
    assert (answer.code, answer.out) == (1, "")
    assert "agents cannot work on this hub" in answer.err


async def test_a_state_folder_that_cannot_be_made_is_a_failure(start, server, hub, create, status):
    bead = create("Fix it")
    (hub / ".b4tui").write_text("a file where the folder should be")
    code, out, err = await ended(await start("work", "--until-idle", "--json", cwd=hub, OLLAMA_HOST=server.address))
    assert (code, out) == (1, b"")
    assert ".b4tui cannot be used" in err
    assert status(bead) == ("open", "")


async def test_a_person_reads_once_why_agents_wait(start, server, hub, create):
    create("Fix it")
    process = await start("work", cwd=hub, OLLAMA_HOST=server.address, B4TUI_ROLES__WORKHORSE__MODEL="absent")
    seen = b""
    while b"waits: " not in seen:
        seen += await asyncio.wait_for(process.stdout.readline(), WITHIN_S)
    assert b"ollama pull absent" in seen
    process.send_signal(signal.SIGTERM)
    code, out, _ = await ended(process)
    assert code == 130
    assert (seen + out).count(b"waits: ") == 1
