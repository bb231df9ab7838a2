"""The sample hub is a real classic hub: a git repository, a board as bd 0.49 writes it, five workspaces."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from b4tui.board.discover import open_hub
from b4tui.board.model import HubKind, Severity
from b4tui.board.reader import read_state
from b4tui.board.rules import judge
from b4tui.board.times import instant
from b4tui.config import load
from b4tui.demo.hub import make_hub, sample_beads
from b4tui.demo.script import Scripts, read_scripts
from b4tui.routing.rules import route

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PEOPLES = {"hub-bk0", "hub-h1c"}
READY = {
    "codemonkey": {"hub-f3p", "hub-s8q", "hub-c5v", "hub-r6w"},
    "pltops": {"hub-bk0.1", "hub-bk0.2", "hub-k7d", "hub-m2x", "hub-z0n"},
    "romanov": {"hub-q1k", "hub-x4e"},
    "brenner": {"hub-p5n", "hub-t3g", "hub-n8h"},
    "brew": {"hub-w2u", "hub-y6c", "hub-l1r"},
}
BLOCKED = {
    "hub-a9t": ("hub-f3p",),
    "hub-bk0.3": ("hub-bk0.2",),
    "hub-d4y": ("hub-h1c",),
    "hub-j2b": ("hub-x4e",),
}


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Path:
    return make_hub(tmp_path_factory.mktemp("demo") / "hub", now=NOW)


@pytest.fixture(scope="module")
def state(hub):
    return read_state(open_hub(hub))


def git(hub: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(hub), *arguments], check=True, capture_output=True, text=True).stdout


class TestTheRepository:
    def test_it_is_one_commit_on_main_with_nothing_left_over(self, hub):
        assert git(hub, "log", "--format=%an %s").splitlines() == ["operator The sample hub of b4tui demo"]
        assert git(hub, "branch", "--show-current").strip() == "main"
        assert git(hub, "status", "--porcelain") == ""

    def test_it_holds_what_a_classic_hub_holds(self, hub):
        tracked = set(git(hub, "ls-files").split())
        beads = {".beads/issues.jsonl", ".beads/config.yaml", ".beads/metadata.json", ".gitattributes"}
        workspaces = {
            f"agents/{agent}/{name}"
            for agent in load(use_user_file=False).agents
            for name in ("AGENTS.md", "SOUL.md", "TOOLS.md", "MEMORY.md")
        }
        assert beads | workspaces <= tracked
        assert open_hub(hub).kind is HubKind.CLASSIC

    def test_no_setting_of_the_users_git_gets_in_the_way(self, tmp_path, monkeypatch):
        (tmp_path / "gitconfig").write_text("[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = false\n")
        monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
        monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
        made = make_hub(tmp_path / "hub", now=NOW)
        monkeypatch.delenv("GIT_DIR")
        assert git(made, "rev-list", "--count", "HEAD").strip() == "1"


class TestTheRows:
    def test_they_are_sorted_by_id_and_written_as_bd_writes_them(self, hub):
        text = (hub / ".beads" / "issues.jsonl").read_text(encoding="utf-8")
        rows = [json.loads(line) for line in text.splitlines()]
        assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
        assert not set("<>&") & set(text)
        assert all(list(row)[:2] == ["id", "title"] and "priority" in row for row in rows)
        assert all(value not in ("", [], None) for row in rows for value in row.values())

    def test_the_reader_finds_nothing_wrong(self, state):
        assert [problem for problem in state.problems if problem.severity is not Severity.INFO] == []
        assert len(state.beads) == len(sample_beads())

    def test_a_bead_is_closed_if_and_only_if_it_says_when(self, state):
        for bead in state.beads.values():
            assert bool(bead.closed_at) == (bead.status == "closed"), bead.id

    def test_all_of_it_happened_in_the_last_days(self, state):
        for bead in state.beads.values():
            created, updated = instant(bead.created_at), instant(bead.updated_at)
            assert created is not None
            assert updated is not None
            assert (NOW - timedelta(days=6)).timestamp() < created <= updated < NOW.timestamp(), bead.id


class TestWhatIsToBeDone:
    def test_the_ready_beads_are_those_of_the_five_agents(self, state):
        settings = load(use_user_file=False)
        found: dict[str, set[str]] = {}
        for bead_id in judge(state, NOW.timestamp()).ready:
            routed = route(state.beads[bead_id], settings.agents, settings.routing.fallback)
            assert routed is not None, bead_id
            found.setdefault(routed.agent, set()).add(bead_id)
        assert found == READY

    def test_the_blocked_beads_wait_for_what_they_should(self, state):
        assert judge(state, NOW.timestamp()).blocked == BLOCKED

    def test_every_column_has_something_in_it_at_the_start(self, state):
        assert {bead.status for bead in state.beads.values()} == {"open", "in_progress", "deferred", "closed"}
        assert {bead.priority for bead in state.beads.values()} == {0, 1, 2, 3}

    def test_a_persons_beads_are_nobody_elses(self, state):
        settings = load(use_user_file=False)
        held = {bead.id for bead in state.beads.values() if bead.status == "in_progress"}
        assert held == PEOPLES
        assert all(route(state.beads[bead], settings.agents, "brenner") is None for bead in held)

    def test_there_is_a_script_for_every_bead_that_can_be_done(self):
        scripts = Scripts(read_scripts())
        for bead in set().union(*READY.values()) | (set(BLOCKED) - {"hub-d4y"}):
            assert scripts.find(bead, "") is not None, bead
