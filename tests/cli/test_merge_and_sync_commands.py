"""`board merge` and `board sync`: two versions of a board become one, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path


def row(bead_id, **more):
    return {"id": bead_id, "title": "T", "status": "open", "priority": 2, "created_at": "2026-01-02T03:04:05Z", **more}


def board(path, *rows):
    path.write_text("".join(json.dumps(item) + "\n" for item in rows), encoding="utf-8")
    return str(path)


def git(folder, *arguments):
    named = ["git", "-c", "user.name=op", "-c", "user.email=op@example.org", "-C", str(folder)]
    return subprocess.run([*named, *arguments], capture_output=True, text=True, check=True).stdout


def test_merge_joins_both_sides_into_ours_and_tells_its_choices(b4tui, tmp_path):
    base = board(tmp_path / "base", row("x-1"))
    ours = board(tmp_path / "ours", row("x-1", assignee="amy", updated_at="2026-01-03T00:00:00Z"), row("x-2"))
    theirs = board(tmp_path / "theirs", row("x-1", assignee="bob", updated_at="2026-01-04T00:00:00Z"), row("x-3"))
    answer = b4tui("board", "merge", base, ours, theirs, "--json")
    assert answer.code == 0
    merged = {item["id"]: item for item in map(json.loads, Path(ours).read_text(encoding="utf-8").splitlines())}
    assert set(merged) == {"x-1", "x-2", "x-3"}
    assert merged["x-1"]["assignee"] == "amy", "the earlier claim wins"
    assert [(choice["bead"], choice["key"]) for choice in answer.json] == [("x-1", "assignee")]
    assert b4tui("board", "merge", base, ours).code == 2


def test_sync_brings_two_clones_together(b4tui_here, hub, tmp_path):
    git(tmp_path, "init", "-q", "--bare", "remote")
    git(hub, "remote", "add", "origin", str(tmp_path / "remote"))
    assert b4tui_here("board", "sync", cwd=hub).code == 0
    git(tmp_path, "clone", "-q", "remote", "other")
    assert b4tui_here("board", "create", "Here", "--actor", "amy", cwd=hub).code == 0
    assert b4tui_here("board", "create", "There", "--actor", "bob", cwd=tmp_path / "other").code == 0
    assert b4tui_here("board", "sync", cwd=hub).code == 0
    done = b4tui_here("board", "sync", "--json", cwd=tmp_path / "other")
    assert done.code == 0, done.err
    assert (done.json["remote"], done.json["conflicts"]) == ("origin", [])
    assert b4tui_here("board", "sync", cwd=hub).code == 0
    for clone in (hub, tmp_path / "other"):
        assert {item["title"] for item in b4tui_here("board", "list", "--json", cwd=clone).json} == {"Here", "There"}


def test_sync_without_a_remote_says_what_to_do(b4tui_here, hub):
    answer = b4tui_here("board", "sync", cwd=hub)
    assert answer.code == 1
    assert "git remote add" in answer.err
