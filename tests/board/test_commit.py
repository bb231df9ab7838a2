"""One commit for each change: of the board alone, as the agent, whatever state the repository is in."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from b4tui.board.commit import actor_name
from b4tui.board.discover import open_hub
from b4tui.board.model import NewBead
from b4tui.board.stores import open_store


def rows(*ids: str) -> bytes:
    return b"".join(
        json.dumps({"id": bead, "title": bead, "status": "open", "updated_at": "2026-01-01T00:00:00Z"}).encode() + b"\n"
        for bead in ids
    )


@pytest.fixture
def hub(classic_hub):
    classic_hub.put(rows("hub-a", "hub-b", "hub-c"))
    return classic_hub


class TestWhoAndWhat:
    def test_the_agent_is_the_author_and_the_user_commits(self, hub) -> None:
        hub.store().claim("hub-a", "CodeMonkey")
        assert hub.git("log", "-1", "--format=%s|%an|%ae|%cn|%ce").strip() == (
            "hub-a: claim|CodeMonkey|codemonkey@b4tui.invalid|Human|human@example.com"
        )
        assert hub.git("show", "--name-only", "--format=", "HEAD").split() == [".beads/issues.jsonl"]
        assert hub.git("status", "--porcelain") == ""

    def test_a_git_that_knows_no_user_takes_the_agent_for_both(self, hub, tmp_path: Path) -> None:
        (tmp_path / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
        hub.store().claim("hub-a", "Amy Lee")
        assert hub.git("log", "-1", "--format=%an|%cn|%ce").strip() == "Amy Lee|Amy Lee|amy-lee@b4tui.invalid"

    @pytest.mark.parametrize("actor", ["<>", "...", "\x1b[31m\n", "\ud800", "  ", "a<b>c\nd"])
    def test_any_name_makes_a_commit(self, hub, actor: str) -> None:
        hub.store().comment("hub-a", "x", actor)
        assert hub.committed() == hub.file.read_bytes()
        assert hub.git("log", "-1", "--format=%an").strip() == actor_name(actor).strip()


class TestTheUsersWork:
    def test_what_is_staged_and_what_is_half_done_stays_as_it_is(self, hub) -> None:
        for name in ("staged", "both", "dirty", "gone"):
            (hub.root / name).write_text("1")
        hub.git("add", ".")
        hub.git("commit", "-qm", "files")
        (hub.root / "new").write_text("n")
        for name in ("staged", "both"):
            (hub.root / name).write_text("2")
        hub.git("add", "new", "staged", "both")
        hub.git("rm", "-q", "gone")
        (hub.root / "both").write_text("3")
        (hub.root / "dirty").write_text("3")
        (hub.root / "untracked").write_text("u")
        before = hub.git("status", "--porcelain")
        hub.store().claim("hub-a", "Amy")
        assert hub.git("status", "--porcelain") == before
        assert hub.git("diff", "--cached", "--name-only").split() == ["both", "gone", "new", "staged"]

    def test_no_hook_runs_and_nothing_is_signed(self, hub, tmp_path: Path) -> None:
        for name in ("pre-commit", "commit-msg", "prepare-commit-msg", "post-commit", "reference-transaction"):
            hook = hub.root / ".git/hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\necho {name} >> {tmp_path}/ran\nexit 1\n")
            hook.chmod(0o755)
        hub.git("config", "commit.gpgSign", "true")
        hub.git("config", "gpg.program", "/bin/false")
        hub.store().claim("hub-a", "Amy")
        assert hub.subjects()[0] == "hub-a: claim"
        assert not (tmp_path / "ran").exists()

    def test_what_others_left_uncommitted_gets_a_commit_of_its_own(self, hub) -> None:
        hub.file.write_bytes(hub.file.read_bytes().replace(b'"title": "hub-b"', b'"title": "by hand"'))
        hub.store().claim("hub-a", "Amy")
        assert hub.subjects()[:2] == ["hub-a: claim", "Board: changes made outside b4tui (hub-b)"]
        assert hub.git("log", "-1", "--skip=1", "--format=%an").strip() == "Human"
        assert hub.git("show", "-U0", "--format=", "HEAD").count("by hand") == 0

    def test_a_repository_named_by_the_environment_is_not_ours(self, hub, tmp_path: Path, monkeypatch) -> None:
        subprocess.run(["git", "init", "-q", tmp_path / "other"], check=True)
        for name, value in {
            "GIT_DIR": tmp_path / "other/.git",
            "GIT_INDEX_FILE": tmp_path / "other/.git/index",
        }.items():
            monkeypatch.setenv(name, str(value))
        hub.store().claim("hub-a", "Amy")
        monkeypatch.delenv("GIT_DIR")
        monkeypatch.delenv("GIT_INDEX_FILE")
        assert hub.subjects()[0] == "hub-a: claim"


class TestStatesOfTheRepository:
    def test_during_a_merge_the_change_waits_for_its_commit(self, hub) -> None:
        (hub.root / "f").write_text("0")
        hub.git("add", "f")
        hub.git("commit", "-qm", "f")
        hub.git("switch", "-qc", "side")
        (hub.root / "f").write_text("1")
        hub.git("commit", "-qam", "one")
        hub.git("switch", "-q", "main")
        (hub.root / "f").write_text("2")
        hub.git("commit", "-qam", "two")
        assert subprocess.run(["git", "merge", "-q", "side"], cwd=hub.root, capture_output=True).returncode == 1
        before = hub.git("status", "--porcelain", "f")
        warnings: list[str] = []
        store = hub.store(warn=warnings.append)
        assert store.claim("hub-a", "Amy").assignee == "Amy"
        store.claim("hub-b", "Bob")
        assert len(warnings) == 2
        assert "hub-a: claim" in warnings[0]
        assert "a merge is under way" in warnings[0]
        assert hub.subjects()[0] == "two"
        assert hub.git("status", "--porcelain", "f") == before
        hub.git("checkout", "-q", "--ours", "f")
        hub.git("add", "f")
        hub.git("commit", "-qm", "merged")
        store.claim("hub-c", "Cid")
        assert hub.subjects()[:2] == ["hub-c: claim", "hub-a, hub-b: changes that waited for their commit"]
        assert "- hub-b: claim (Bob)" in hub.git("log", "-1", "--skip=1", "--format=%b")
        assert hub.committed() == hub.file.read_bytes()

    @pytest.mark.parametrize(
        ("marker", "word"),
        [
            ("rebase-merge", "rebase"),
            ("CHERRY_PICK_HEAD", "cherry-pick"),
            ("BISECT_LOG", "bisect"),
            ("REVERT_HEAD", "revert"),
        ],
    )
    def test_so_it_does_during_other_undertakings(self, hub, marker: str, word: str) -> None:
        (hub.root / ".git" / marker).mkdir()
        warnings: list[str] = []
        store = hub.store(warn=warnings.append)
        store.claim("hub-a", "Amy")
        assert word in warnings[0]
        (hub.root / ".git" / marker).rmdir()
        assert hub.store().load().beads["hub-a"].assignee == "Amy"
        assert hub.subjects()[0] == "hub-a: claim", "the next start commits it as what it was"
        assert hub.git("log", "-1", "--format=%an").strip() == "Amy"

    def test_a_detached_head_is_committed_to_with_a_word_about_it(self, hub) -> None:
        hub.git("switch", "-q", "--detach")
        warnings: list[str] = []
        store = hub.store(warn=warnings.append)
        store.claim("hub-a", "Amy")
        store.claim("hub-b", "Amy")
        assert hub.committed() == hub.file.read_bytes()
        assert [warning for warning in warnings if "detached" in warning] == warnings[:1] == warnings

    def test_the_first_commit_of_a_repository(self, tmp_path: Path, classic_hub) -> None:
        root = tmp_path / "fresh"
        (root / ".beads").mkdir(parents=True)
        (root / ".beads/issues.jsonl").write_bytes(rows("fresh-a"))
        subprocess.run(["git", "init", "-q", root], check=True)
        (root / "staged").write_text("1")
        subprocess.run(["git", "add", "staged"], cwd=root, check=True)
        open_store(open_hub(root)).claim("fresh-a", "Amy")
        log = subprocess.run(["git", "log", "--format=%s"], cwd=root, capture_output=True, text=True).stdout
        assert log.splitlines() == ["fresh-a: claim", "Board: begin to keep it in git"]
        status = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True).stdout
        assert "A  staged" in status

    def test_a_board_that_git_ignores_is_written_and_not_committed(self, hub) -> None:
        hub.git("rm", "-q", "-r", "--cached", ".beads")
        (hub.root / ".gitignore").write_text(".beads/\n")
        hub.git("add", ".gitignore")
        hub.git("commit", "-qm", "private board")
        warnings: list[str] = []
        assert hub.store(warn=warnings.append).claim("hub-a", "Amy").assignee == "Amy"
        assert hub.subjects()[0] == "private board"
        assert warnings == []

    def test_no_repository_at_all(self, tmp_path: Path) -> None:
        (tmp_path / "plain/.beads").mkdir(parents=True)
        (tmp_path / "plain/.beads/issues.jsonl").touch()
        warnings: list[str] = []
        store = open_store(open_hub(tmp_path / "plain"), warn=warnings.append)
        store.claim(store.create(NewBead(title="x"), "Amy").id, "Amy")
        assert warnings == []

    def test_no_git_program(self, hub, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        warnings: list[str] = []
        assert hub.store(warn=warnings.append).claim("hub-a", "Amy").assignee == "Amy"
        monkeypatch.undo()
        assert len(warnings) == 1
        assert "not committed" in warnings[0]

    def test_another_git_in_the_way_for_good(self, hub) -> None:
        (hub.root / ".git/index.lock").touch()
        warnings: list[str] = []
        assert hub.store(warn=warnings.append).claim("hub-a", "Amy").assignee == "Amy"
        assert "index.lock" in warnings[0]
        (hub.root / ".git/index.lock").unlink()
        hub.store().load()
        assert hub.subjects()[0] == "hub-a: claim"

    def test_a_hub_in_a_linked_work_tree_and_deep_in_a_repository(self, hub, tmp_path: Path) -> None:
        hub.git("worktree", "add", "-q", str(tmp_path / "tree"))
        inner = tmp_path / "tree/sub dir/[x]"
        (inner / ".beads").mkdir(parents=True)
        (inner / ".beads/issues.jsonl").write_bytes(rows("in-a"))
        open_store(open_hub(inner)).claim("in-a", "Amy")
        open_store(open_hub(tmp_path / "tree")).claim("hub-a", "Amy")
        log = subprocess.run(["git", "log", "--format=%s"], cwd=inner, capture_output=True, text=True).stdout
        assert log.splitlines()[:2] == ["hub-a: claim", "in-a: claim"]
        status = subprocess.run(["git", "status", "--porcelain"], cwd=inner, capture_output=True, text=True).stdout
        assert status == ""


def test_the_lock_file_is_hidden_from_git_status(hub) -> None:
    hub.store().claim("hub-a", "Amy")
    hub.store().claim("hub-b", "Amy")
    assert (hub.root / ".git/info/exclude").read_text().count(".b4tui.lock") == 1
    assert os.path.lexists(hub.root / ".beads/.b4tui.lock")
