"""`b4tui board ...` speaks bd's JSON, changes exactly what it says, and fails loudly when it changes nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "beads"


def make(b4tui, hub, title, *arguments):
    answer = b4tui("board", "create", title, "--actor", "amy", "--json", *arguments, cwd=hub)
    assert answer.code == 0, answer.err
    return answer.json


def test_a_bead_goes_from_created_to_closed(b4tui, hub):
    """Each step is a process of its own; what the commands say is looked at without one in the other tests."""
    bead = make(b4tui, hub, "Script: prune images", "-p", "1", "-l", "code,script", "-d", "Text <b>")
    assert (bead["priority"], bead["labels"], bead["description"]) == (1, ["code", "script"], "Text <b>")
    assert [row["id"] for row in b4tui("board", "ready", "--json", cwd=hub).json] == [bead["id"]]
    (claimed,) = b4tui("board", "claim", bead["id"], "--actor", "codemonkey", "--json", cwd=hub).json
    assert (claimed["status"], claimed["assignee"]) == ("in_progress", "codemonkey")
    assert b4tui("board", "ready", "--json", cwd=hub).json == []
    (commented,) = b4tui(
        "board", "comment", bead["id"], "Progress: 50%", "--actor", "codemonkey", "--json", cwd=hub
    ).json
    assert commented["id"] == bead["id"]
    (closed,) = b4tui("board", "close", bead["id"], "-r", "Done", "--actor", "codemonkey", "--json", cwd=hub).json
    assert (closed["status"], closed["close_reason"]) == ("closed", "Done")
    (shown,) = b4tui("board", "show", bead["id"], "--json", cwd=hub).json
    assert shown["comments"][0]["text"] == "Progress: 50%"
    log = subprocess.run(["git", "log", "--format=%an"], cwd=hub, capture_output=True, text=True, check=True).stdout
    assert log.split() == ["codemonkey", "codemonkey", "codemonkey", "amy", "b4tui"]


def test_what_changes_nothing_fails_with_code_1_and_says_so(b4tui_here, hub):
    bead = make(b4tui_here, hub, "One")["id"]
    assert b4tui_here("board", "claim", bead, "--actor", "amy", cwd=hub).code == 0
    lost = b4tui_here("board", "claim", bead, "--actor", "bob", "--json", cwd=hub)
    assert (lost.code, lost.out) == (1, "")
    assert "amy" in lost.err
    assert b4tui_here("board", "reopen", bead, "--actor", "amy", cwd=hub).code == 1
    assert b4tui_here("board", "close", bead, "--actor", "amy", cwd=hub).code == 0
    assert b4tui_here("board", "close", bead, "--actor", "amy", cwd=hub).code == 1
    assert b4tui_here("board", "update", bead, "--title", "One", "--actor", "amy", cwd=hub).code == 1
    assert b4tui_here("board", "dep", "remove", bead, "x-none", "--actor", "amy", cwd=hub).code == 1
    unknown = b4tui_here("board", "claim", "x-zzz", "--actor", "amy", cwd=hub)
    assert unknown.code == 1
    assert "x-zzz" in unknown.err


def test_blocked_names_what_it_waits_for_and_why_names_the_rule(b4tui_here, hub):
    first = make(b4tui_here, hub, "First")["id"]
    second = make(b4tui_here, hub, "Second", "--deps", f"blocks:{first}")["id"]
    (row,) = b4tui_here("board", "blocked", "--json", cwd=hub).json
    assert (row["id"], row["blocked_by"], row["blocked_by_count"]) == (second, [first], 1)
    why = b4tui_here("board", "why", second, "--json", cwd=hub).json
    assert why["ready"] is False
    assert first in json.dumps(why)
    assert b4tui_here("board", "close", second, "--actor", "amy", cwd=hub).code == 1
    assert b4tui_here("board", "dep", "add", first, second, "--actor", "amy", cwd=hub).code == 1, "a cycle"
    assert b4tui_here("board", "dep", "remove", second, first, "--actor", "amy", cwd=hub).code == 0
    assert b4tui_here("board", "blocked", "--json", cwd=hub).json == []


def test_who_writes_is_actor_then_environment_then_git(b4tui_here, hub):
    def author(*arguments: str, **environment: str) -> str:
        assert b4tui_here("board", "create", "T", *arguments, cwd=hub, **environment).code == 0
        return subprocess.run(
            ["git", "log", "-1", "--format=%an"], cwd=hub, capture_output=True, text=True, check=True
        ).stdout.strip()

    assert author("--actor", "a", BEADS_ACTOR="b", BD_ACTOR="c") == "a"
    assert author(BEADS_ACTOR="b", BD_ACTOR="c") == "b"
    assert author(BD_ACTOR="c") == "c"
    nobody = b4tui_here("board", "create", "T", cwd=hub)
    assert nobody.code == 1
    assert "--actor" in nobody.err
    subprocess.run(["git", "config", "user.name", "Op Erator"], cwd=hub, check=True)
    assert author() == "Op Erator"


def test_the_hub_is_found_from_below_by_flag_and_by_environment(b4tui_here, hub, tmp_path):
    make(b4tui_here, hub, "One")
    below = hub / "agents" / "brew"
    for arguments, cwd, environment in (
        (["board", "list", "--json"], below, {}),
        (["board", "list", "--json", "--hub", str(hub)], tmp_path, {}),
        (["--hub", str(hub), "board", "list", "--json"], tmp_path, {}),
        (["board", "list", "--json"], tmp_path, {"BEADS_DIR": str(hub / ".beads")}),
        (["board", "list", "--json"], tmp_path, {"B4TUI_HUB": str(hub)}),
    ):
        assert [row["title"] for row in b4tui_here(*arguments, cwd=cwd, **environment).json] == ["One"]
    nowhere = b4tui_here("board", "list", cwd=tmp_path)
    assert nowhere.code == 1
    assert "b4tui init" in nowhere.err


def test_foreign_text_never_reaches_the_terminal_raw(b4tui_here, hub):
    make(b4tui_here, hub, "evil \x1b]0;PWN\x07 \u202e", "-d", "\x1b[2J")
    bead = b4tui_here("board", "list", "--json", cwd=hub).json[0]["id"]
    for command in (["list"], ["ready"], ["show", bead], ["why", bead], ["lint"]):
        answer = b4tui_here("board", *command, cwd=hub)
        assert "\x1b" not in answer.out + answer.err
        assert "\u202e" not in answer.out + answer.err


def test_foreign_text_cannot_forge_a_line_of_a_list(b4tui_here, hub):
    row = {"id": "x-1\nP0 x-2", "title": "a\nb", "status": "open\nc", "assignee": "d\ne"}
    (hub / ".beads" / "issues.jsonl").write_text(json.dumps(row) + "\n")
    assert len(b4tui_here("board", "list", cwd=hub).out.splitlines()) == 2


def test_a_bead_can_be_named_and_titled_like_an_option(b4tui, hub):
    (hub / ".beads" / "issues.jsonl").write_text(json.dumps({"id": "--hub", "title": "t", "status": "open"}) + "\n")
    answer = b4tui("board", "claim", "--actor", "--amend", "--", "--hub", cwd=hub)
    assert answer.code == 0, answer.err
    log = subprocess.run(["git", "log", "-1", "--format=%an|%s"], cwd=hub, capture_output=True, text=True, check=True)
    assert log.stdout.strip() == "--amend|--hub: claim"


def test_an_edge_that_names_no_bead_is_refused(b4tui_here, hub):
    for edge in ("blocks:", "", ":x-1"):
        assert b4tui_here("board", "create", "T", "--deps", edge, "--actor", "amy", cwd=hub).code == 1
    assert b4tui_here("board", "list", "--json", cwd=hub).json == []


def test_unreadable_metadata_is_the_reason_why_nothing_is_written(b4tui_here, hub):
    bead = make(b4tui_here, hub, "One")["id"]
    (hub / ".beads" / "metadata.json").write_text("{half")
    refused = b4tui_here("board", "claim", bead, "--actor", "amy", cwd=hub)
    assert refused.code == 1
    assert "metadata.json is no JSON" in refused.err


def test_a_broken_line_is_reported_with_its_number_and_kept(b4tui_here, hub):
    bead = make(b4tui_here, hub, "One")["id"]
    board = hub / ".beads" / "issues.jsonl"
    board.write_bytes(b"this is no JSON\n" + board.read_bytes())
    listed = b4tui_here("board", "list", "--json", cwd=hub)
    assert [row["id"] for row in listed.json] == [bead]
    assert "1 error" in listed.err
    lint = b4tui_here("board", "lint", "--json", cwd=hub)
    assert lint.code == 1
    assert [problem["line"] for problem in lint.json if problem["severity"] == "error"] == [1]
    assert b4tui_here("board", "claim", bead, "--actor", "amy", cwd=hub).code == 0
    assert board.read_bytes().startswith(b"this is no JSON\n")


def test_wrong_usage_is_code_2(b4tui_here, hub):
    assert b4tui_here("board", "create", cwd=hub).code == 2
    assert b4tui_here("board", "nonsense", cwd=hub).code == 2
    assert b4tui_here("board", "create", "T", "-p", "9", "--actor", "a", cwd=hub).code == 2
    assert b4tui_here("board", "update", "x-1", "--actor", "a", cwd=hub).code == 2


@pytest.mark.skipif(not SHARED.is_dir(), reason="the real boards (../shared/data/beads) are not here")
@pytest.mark.parametrize("board", ["Heikkila-Pty-Ltd__cortex", "davidcforbes__beads-tui"])
def test_real_boards_answer_as_the_real_bd_did(board, b4tui_here, tmp_path):
    beads = tmp_path / "real" / ".beads"
    beads.mkdir(parents=True)
    shutil.copy(SHARED / f"{board}.jsonl", beads / "issues.jsonl")
    golden = SHARED / "golden-bd-0.49.6"

    def ids(name: str) -> list[str]:
        return [row["id"] for row in json.loads((golden / f"{name}-{board}.json").read_text())]

    assert [row["id"] for row in b4tui_here("board", "ready", "--json", cwd=beads.parent).json] == ids("ready")
    blocked = {
        row["id"]: sorted(row["blocked_by"]) for row in b4tui_here("board", "blocked", "--json", cwd=beads.parent).json
    }
    wanted = json.loads((golden / f"blocked-{board}.json").read_text())
    assert blocked == {row["id"]: sorted(row["blocked_by"]) for row in wanted}
    stats = b4tui_here("board", "stats", "--json", cwd=beads.parent).json
    wanted = json.loads((golden / f"stats-{board}.json").read_text())
    assert stats["summary"] == pytest.approx(wanted)
    assert stats["file"]["total_issues"] == wanted["total_issues"] + stats["file"]["equal_content_issues"]
