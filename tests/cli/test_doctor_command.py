"""`b4tui doctor` says what is wrong, how to mend it, and never stops at the first thing that is."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from b4tui.cli.doctor import in_lines
from b4tui.demo.faults import FaultKind
from b4tui.demo.server import SimulatedOllama

NOWHERE = "http://127.0.0.1:1"
STATUSES = {"ok", "warn", "fail", "absent"}


def statuses(report: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["status"] for check in report["checks"]}


def check(report: dict[str, Any], name: str) -> dict[str, str]:
    (found,) = [row for row in report["checks"] if row["name"] == name]
    return found


@pytest.fixture
def doctor(b4tui_here, hub, simulated_ollama: SimulatedOllama):
    """Ask the doctor about the hub and the simulated server: exit code and report."""

    async def ask(*arguments: str, cwd: Path = hub, **environment: str) -> tuple[int, dict[str, Any]]:
        environment = {"OLLAMA_HOST": simulated_ollama.address, **environment}
        answer = await asyncio.to_thread(b4tui_here, "doctor", "--json", *arguments, cwd=cwd, **environment)
        assert answer.err == ""
        return answer.code, answer.json

    return ask


async def test_a_whole_installation_is_well_and_has_the_agreed_shape(doctor, simulated_ollama):
    code, report = await doctor()
    assert code == 0
    assert list(report) == ["checks", "engines"]
    assert all(list(row) == ["name", "status", "detail", "fix"] for row in report["checks"])
    assert set(statuses(report).values()) <= STATUSES
    well = ("python", "git", "settings", "hub", "board", "engine ollama", "engine ollama cloud off", "pins")
    assert {statuses(report)[name] for name in well} == {"ok"}
    assert {statuses(report)[f"model {role}"] for role in ("router", "workhorse", "summarizer")} == {"ok"}
    assert "SIMULATED" in check(report, "engine ollama")["detail"]
    assert (
        check(report, "engine embedded")["status"] == "absent"
        and "model_file" in check(report, "engine embedded")["fix"]
    )
    (engine,) = report["engines"]
    assert list(engine) == ["name", "kind", "address", "version", "locality", "models"]
    assert (engine["kind"], engine["address"]) == ("ollama", simulated_ollama.address)
    assert engine["locality"] == "attested"
    assert {model["locality"] for model in engine["models"]} == {"attested"}
    assert {model["role"] for model in engine["models"]} == {"router", "workhorse", "summarizer"}
    assert all(list(model) == ["role", "name", "digest", "locality"] for model in engine["models"])
    assert all(model["digest"] for model in engine["models"])


async def test_without_a_hub_it_says_how_to_make_one(doctor, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    code, report = await doctor(cwd=empty)
    assert code == 0
    assert check(report, "hub")["status"] == "absent"
    assert "b4tui init" in check(report, "hub")["fix"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[policy]\nnope = 1", "policy.nope: no such setting"),
        ("x = [", "not valid TOML"),
        ("[agents.brew]\nrole = 'baker'", "no role 'baker'"),
    ],
)
async def test_settings_that_are_broken_are_a_failed_check(doctor, tmp_path, text, words):
    broken = tmp_path / "broken.toml"
    broken.write_text(text)
    code, report = await doctor("--config", str(broken))
    assert code == 1
    assert check(report, "settings")["status"] == "fail"
    assert words in check(report, "settings")["detail"]
    assert check(report, "git")["status"] == "ok"


async def test_a_kind_of_work_that_does_not_exist_is_a_warning_with_those_that_do(doctor):
    code, report = await doctor(B4TUI_AGENTS__BREW__CAPABILITIES='["url_summmary"]')
    assert (code, check(report, "settings")["status"]) == (0, "warn")
    assert "url_summmary" in check(report, "settings")["detail"] and "url_summary" in check(report, "settings")["fix"]


async def test_a_server_that_is_down_fails_with_the_way_to_start_it(doctor):
    code, report = await doctor(OLLAMA_HOST=NOWHERE)
    assert code == 1
    assert check(report, "engine ollama")["status"] == check(report, "engines")["status"] == "fail"
    assert "ollama serve" in check(report, "engine ollama")["fix"]
    assert "no engine answers" in check(report, "engines")["detail"]
    assert "[engines.embedded] a model_file" in check(report, "engines")["fix"]
    assert [model["digest"] for model in report["engines"][0]["models"]] == ["", "", ""]


async def test_an_address_elsewhere_is_refused_and_the_rest_is_checked_all_the_same(doctor):
    code, report = await doctor(OLLAMA_HOST="models.invalid")
    assert code == 1
    assert "pinned = true" in check(report, "engines")["detail"]
    assert check(report, "hub")["status"] == "ok"


async def test_a_model_that_an_agent_needs_must_be_there_and_one_that_nobody_needs_need_not(doctor):
    wanted = {"B4TUI_ROLES__WORKHORSE__MODEL": "absent", "B4TUI_ROLES__ROUTER__MODEL": "absent"}
    code, report = await doctor(**wanted)
    assert code == 1
    assert check(report, "model workhorse")["status"] == "fail"
    assert "b4tui models pull absent" in check(report, "model workhorse")["fix"]
    assert check(report, "model router")["status"] == "absent"


async def test_a_cloud_name_and_an_alias_of_a_remote_model_both_fail(doctor, simulated_ollama):
    code, report = await doctor(B4TUI_ROLES__SUMMARIZER__MODEL="kimi-k2:cloud")
    assert (code, check(report, "model summarizer")["status"]) == (1, "fail")
    simulated_ollama.faults.add(FaultKind.REMOTE_MODEL, path="/api/tags", times=9)
    code, report = await doctor()
    assert code == 1
    failed = check(report, "model workhorse")
    assert failed["status"] == "fail" and "not computed on this machine" in failed["detail"]
    assert {model["locality"] for model in report["engines"][0]["models"]} >= {"remote"}


async def test_what_is_wrong_with_a_board_is_counted(doctor, hub):
    (hub / ".beads" / "issues.jsonl").write_text('this is no JSON\n{"id":"x-1","title":"t","status":"open"}\n')
    code, report = await doctor()
    assert code == 1
    assert check(report, "board")["status"] == "fail"
    assert "board lint" in check(report, "board")["fix"]
    assert "1 bead" in check(report, "hub")["detail"]


async def test_a_dolt_hub_without_bd_can_only_be_read_and_says_so(doctor, tmp_path):
    hub = tmp_path / "dolt"
    (hub / ".beads").mkdir(parents=True)
    row = {"_type": "issue", "id": "d-1", "title": "t", "status": "open", "priority": 2, "issue_type": "task"}
    (hub / ".beads" / "metadata.json").write_text('{"backend":"dolt","database":"dolt"}')
    (hub / ".beads" / "issues.jsonl").write_text(json.dumps(row) + "\n")
    git_only = tmp_path / "bin"
    git_only.mkdir()
    for name in ("git", "bwrap"):
        if found := shutil.which(name):
            (git_only / name).symlink_to(found)
    code, report = await doctor(cwd=hub, PATH=str(git_only))
    assert check(report, "hub")["status"] == "warn", report
    assert "bd" in check(report, "hub")["detail"]
    assert code == 0


async def test_a_person_reads_marks_and_a_fix_under_what_failed(b4tui, hub):
    answer = await asyncio.to_thread(b4tui, "doctor", cwd=hub, OLLAMA_HOST=NOWHERE)
    assert answer.code == 1
    assert "✗ engine ollama" in answer.out and "→ start it" in answer.out
    assert "✓ git" in answer.out


async def test_a_hub_that_was_named_and_is_not_there_is_a_fault(doctor, tmp_path):
    code, report = await doctor("--hub", str(tmp_path / "gone"))
    assert code == 1
    assert check(report, "hub")["status"] == "fail"
    code, report = await doctor(cwd=tmp_path)
    assert check(report, "hub")["status"] == "absent", "nobody named one"


def test_on_a_terminal_long_words_are_not_broken_and_lines_are_set_in():
    told = list(in_lines("✗ engines  ", "start one (`ollama serve`), or give [engines.embedded] a model_file", 40))
    assert told == [
        "✗ engines  start one (`ollama serve`),",
        "           or give [engines.embedded] a",
        "           model_file",
    ]
    assert list(in_lines("✗ a  ", "one two three", None)) == ["✗ a  one two three"]
    assert list(in_lines("✓ a  ", "", 80)) == ["✓ a"]
