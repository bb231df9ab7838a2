"""`b4tui init` makes a hub that works at once and never touches what is there."""

from __future__ import annotations

import subprocess
from pathlib import Path

from b4tui.config import load


def git(path: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(path), *arguments], capture_output=True, text=True, check=True).stdout


def test_a_fresh_folder_becomes_a_committed_hub(b4tui, tmp_path):
    answer = b4tui("init", "new", "--json")
    assert answer.code == 0
    assert answer.json["prefix"] == "new"
    hub = tmp_path / "new"
    assert git(hub, "status", "--porcelain") == ""
    assert git(hub, "log", "--format=%an %s").strip() == "b4tui b4tui init: make this a hub"
    assert {path.name for path in (hub / "agents").iterdir()} == set(load(use_user_file=False).agents)
    assert b4tui("board", "ready", "--json", cwd=hub).json == []


def test_again_it_changes_nothing(b4tui_here, hub):
    head = git(hub, "rev-parse", "HEAD")
    answer = b4tui_here("init", ".", "--json", cwd=hub)
    assert (answer.code, answer.json["created"]) == (0, [])
    assert git(hub, "rev-parse", "HEAD") == head


def test_in_a_repository_with_work_it_commits_its_own_files_only(b4tui_here, tmp_path):
    repository = tmp_path / "work"
    repository.mkdir()
    git(repository, "init", "-q")
    (repository / "staged.txt").write_text("half done")
    git(repository, "add", "staged.txt")
    (repository / "b4tui.toml").write_text("# mine\n")
    assert b4tui_here("init", ".", cwd=repository).code == 0
    assert git(repository, "status", "--porcelain").splitlines() == ["A  staged.txt", "?? b4tui.toml"]
    assert (repository / "b4tui.toml").read_text() == "# mine\n"


def test_an_older_board_is_left_alone(b4tui_here, tmp_path):
    beads = tmp_path / "old" / ".beads"
    beads.mkdir(parents=True)
    (beads / "beads.jsonl").write_text('{"id":"o-1","title":"One","status":"open","priority":1}\n')
    assert b4tui_here("init", "old").code == 0
    assert not (beads / "issues.jsonl").exists()
    assert [row["id"] for row in b4tui_here("board", "ready", "--json", cwd=tmp_path / "old").json] == ["o-1"]


def test_a_hub_of_todays_bd_is_refused_in_words(b4tui_here, tmp_path):
    beads = tmp_path / "dolt" / ".beads"
    beads.mkdir(parents=True)
    (beads / "metadata.json").write_text('{"backend":"dolt","dolt_mode":"embedded","dolt_database":"x"}')
    answer = b4tui_here("init", "dolt")
    assert answer.code == 1
    assert "Dolt" in answer.err


def test_a_bad_prefix_and_a_file_in_the_way_are_errors(b4tui_here, tmp_path):
    assert b4tui_here("init", "p", "--prefix", "a b").code == 1
    (tmp_path / "file").write_text("")
    assert b4tui_here("init", "file").code == 2
    assert b4tui_here("init", "file/below").code == 1
