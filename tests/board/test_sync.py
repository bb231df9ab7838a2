"""Two machines, one remote: what the operator's sync does, and what it leaves alone."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from b4tui.board import sync as module
from b4tui.board.discover import open_hub
from b4tui.board.store import ClaimLost
from b4tui.board.stores import open_store
from b4tui.board.sync import Synced, SyncError, sync

ROWS = b"".join(
    json.dumps({"id": f"hub-{x}", "title": x, "status": "open", "priority": 2}).encode() + b"\n" for x in "abc"
)


class Machine:
    def __init__(self, root: Path) -> None:
        self.root = root

    def git(self, *arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True).stdout

    @property
    def store(self):
        return open_store(open_hub(self.root))

    def sync(self, **options: Any) -> Synced:
        return sync(open_hub(self.root), **{"pause": lambda _: None, **options})


@pytest.fixture
def machines(classic_hub, tmp_path: Path) -> tuple[Machine, Machine]:
    classic_hub.put(ROWS)
    subprocess.run(["git", "clone", "-q", "--bare", classic_hub.root, tmp_path / "remote.git"], check=True)
    made = []
    for name in ("one", "two"):
        subprocess.run(["git", "clone", "-q", tmp_path / "remote.git", tmp_path / name], check=True)
        made.append(Machine(tmp_path / name))
    return made[0], made[1]


class TestTwoMachines:
    def test_changes_of_both_arrive_on_both(self, machines) -> None:
        one, two = machines
        one.store.comment("hub-a", "from one", "Amy")
        two.store.comment("hub-a", "from two", "Bob")
        assert one.sync().pushed == 1
        synced = two.sync()
        assert (synced.pulled, synced.conflicts, synced.attempts) == (1, (), 1)
        assert one.sync().pulled == 2
        assert one.store.load().beads["hub-a"] == two.store.load().beads["hub-a"]
        assert {comment.text for comment in one.store.load().beads["hub-a"].comments} == {"from one", "from two"}
        assert one.git("rev-parse", "HEAD") == two.git("rev-parse", "HEAD")

    def test_of_two_claims_the_first_holds_and_the_report_says_so(self, machines) -> None:
        one, two = machines
        one.store.claim("hub-a", "Amy")
        two.store.claim("hub-a", "Bob")
        two.sync()
        synced = one.sync()
        assert [conflict.key for conflict in synced.conflicts] == ["assignee"]
        two.sync()
        for machine in machines:
            assert machine.store.load().beads["hub-a"].assignee == "Amy"
            with pytest.raises(ClaimLost, match="Amy"):
                machine.store.claim("hub-a", "Bob")

    def test_a_merge_by_a_user_whom_git_does_not_know(self, machines, tmp_path: Path) -> None:
        one, two = machines
        one.store.comment("hub-a", "x", "Amy")
        two.store.comment("hub-b", "y", "Bob")
        one.sync()
        (tmp_path / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
        assert two.sync().pulled == 1

    def test_nothing_to_do_is_nothing_done(self, machines) -> None:
        before = machines[0].git("rev-parse", "HEAD")
        assert machines[0].sync() == Synced("origin", 0, 0, (), 1)
        assert machines[0].git("rev-parse", "HEAD") == before

    def test_bds_own_attributes_do_not_bring_bds_rules_back(self, machines) -> None:
        one, two = machines
        (one.root / ".gitattributes").write_text(".beads/issues.jsonl merge=beads\n")
        one.git("add", ".gitattributes")
        one.git("commit", "-qm", "attributes")
        one.sync()
        two.sync()
        one.store.comment("hub-a", "from one", "Amy")
        two.store.comment("hub-a", "from two", "Bob")
        one.sync()
        assert two.sync().conflicts == ()
        assert len(two.store.load().beads["hub-a"].comments) == 2

    @pytest.mark.parametrize(("times", "attempts"), [(1, 2), (2, 3)])
    def test_who_is_overtaken_merges_and_pushes_again(self, machines, monkeypatch, times: int, attempts: int) -> None:
        one, _ = machines
        one.store.comment("hub-a", "mine", "Amy")
        self.overtake(machines, monkeypatch, times)
        pauses: list[int] = []
        synced = one.sync(pause=pauses.append)
        assert (synced.attempts, synced.pulled) == (attempts, times)
        assert pauses == list(range(2, attempts + 1))
        assert len(one.store.load().beads["hub-a"].comments) == 1 + times

    def test_but_not_for_ever(self, machines, monkeypatch) -> None:
        one, _ = machines
        one.store.comment("hub-a", "mine", "Amy")
        self.overtake(machines, monkeypatch, 100)
        with pytest.raises(SyncError, match="3 times in a row"):
            one.sync(attempts=3)
        assert one.store.load().beads["hub-a"].comments

    def overtake(self, machines, monkeypatch, times: int) -> None:
        """Let the other machine push just before this one does, so many times."""
        one, two = machines
        push = module._Sync._push
        left = iter(range(times))

        def overtaken(self) -> bool:
            if self._top == one.root and next(left, None) is not None:
                two.git("pull", "-q", "--ff-only")
                two.store.comment("hub-a", "theirs", "Bob")
                two.git("push", "-q")
            return push(self)

        monkeypatch.setattr(module._Sync, "_push", overtaken)

    def test_a_new_remote_gets_the_branch(self, machines, tmp_path: Path) -> None:
        one, _ = machines
        subprocess.run(["git", "init", "-q", "--bare", tmp_path / "empty.git"], check=True)
        one.git("remote", "set-url", "origin", str(tmp_path / "empty.git"))
        assert one.sync().pushed == 2
        assert one.sync().pushed == 0


class TestWhatStopsIt:
    def test_no_remote(self, classic_hub) -> None:
        with pytest.raises(SyncError, match="git remote add"):
            sync(open_hub(classic_hub.root))

    def test_no_repository(self, tmp_path: Path) -> None:
        (tmp_path / ".beads").mkdir()
        (tmp_path / ".beads/issues.jsonl").write_bytes(ROWS)
        with pytest.raises(SyncError, match="no git repository"):
            sync(open_hub(tmp_path))

    def test_no_network(self, machines) -> None:
        machines[0].git("remote", "set-url", "origin", "http://127.0.0.1:9/none.git")
        with pytest.raises(SyncError, match="could not be reached"):
            machines[0].sync()

    def test_a_detached_head(self, machines) -> None:
        machines[0].git("switch", "-q", "--detach")
        with pytest.raises(SyncError, match="git switch"):
            machines[0].sync()

    def test_the_users_own_changes_in_the_way_stay_as_they_are(self, machines) -> None:
        one, two = machines
        for machine, text in ((one, "1"), (two, "2")):
            (machine.root / "code.py").write_text(text)
            machine.git("add", "code.py")
            machine.git("commit", "-qm", f"code {text}")
        one.store.claim("hub-a", "Amy")
        one.sync()
        two.store.claim("hub-b", "Bob")
        (two.root / "half").write_text("done")
        head = two.git("rev-parse", "HEAD")
        with pytest.raises(SyncError, match=r"code\.py"):
            two.sync()
        assert two.git("rev-parse", "HEAD") == head
        assert two.git("status", "--porcelain") == "?? half\n"

    def test_a_remote_that_refuses_is_quoted(self, machines, tmp_path: Path) -> None:
        hook = tmp_path / "remote.git/hooks/pre-receive"
        hook.write_text("#!/bin/sh\necho closed for today >&2\nexit 1\n")
        hook.chmod(0o755)
        machines[0].store.claim("hub-a", "Amy")
        with pytest.raises(SyncError, match="closed for today"):
            machines[0].sync()
