"""b4tui and the real bd 0.49.6 on one classic hub: each sees the other's changes, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from b4tui.board.classic import ClassicStore
from b4tui.board.discover import open_hub
from b4tui.board.model import NewBead
from b4tui.board.rules import judge

BD = shutil.which("bd-0.49.6")
pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(BD is None, reason="bd-0.49.6 is not on the PATH (shared/tools/real-peers puts it there)"),
]


class Hub:
    """A hub that the real bd made, and both programs on it."""

    def __init__(self, root: Path, environ: dict[str, str]) -> None:
        self.root = root
        self.environ = environ
        self.warnings: list[str] = []
        self.store: ClassicStore

    def bd(self, *arguments: str) -> Any:
        """Run bd; its JSON answer, None where it gave none."""
        end = time.monotonic() + 60
        while True:
            done = subprocess.run(
                [str(BD), *arguments], cwd=self.root, env=self.environ, capture_output=True, text=True, check=False
            )
            # Reading while the other program has just written is refused until the import that follows is through.
            if done.returncode == 0 or "out of sync" not in done.stdout + done.stderr or time.monotonic() > end:
                break
            time.sleep(0.05)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip()[:1] in ("{", "[") else None

    def bd_rows(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self.bd("list", "--all", "-n", "0", "--json") or []}

    def bd_ready(self) -> list[str]:
        return [row["id"] for row in self.bd("ready", "-n", "0", "--json") or []]

    def ready(self) -> list[str]:
        return list(judge(self.store.load(), time.time()).ready)

    def agree(self) -> None:
        assert self.store.settle(60)
        assert not self.warnings
        self.bd("sync", "--flush-only")
        ours, bds = self.store.load().beads, self.bd_rows()
        assert ours.keys() == bds.keys()
        for key, row in bds.items():
            mine = ours[key]
            assert (mine.title, mine.status, mine.priority, mine.assignee) == (
                row["title"],
                row["status"],
                row["priority"],
                row.get("assignee", ""),
            ), key
        assert self.ready() == self.bd_ready()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    (tmp_path / "home").mkdir()
    config = "[user]\n\tname = Human\n\temail = human@example.com\n[init]\n\tdefaultBranch = main\n"
    (tmp_path / "gitconfig").write_text(config)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    environ = {
        **os.environ,
        "HOME": str(tmp_path / "home"),
        "BEADS_NO_DAEMON": "1",
        "BD_ACTOR": "bd-user",
        "BEADS_ACTOR": "bd-user",
        "BD_BIN": str(BD),
    }
    root = tmp_path / "hub"
    root.mkdir()
    made = Hub(root, environ)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    made.bd("init", "--prefix", "hub", "-q")
    subprocess.run(["git", "add", ".beads", ".gitattributes"], cwd=root, check=True)
    subprocess.run(["git", "commit", "-qm", "Hub: begin", "--no-verify"], cwd=root, check=True)
    made.store = ClassicStore(open_hub(root), warn=made.warnings.append, environ=environ)
    yield made
    made.store.settle(60)


def test_each_sees_what_the_other_does(hub: Hub) -> None:
    theirs = hub.bd("create", "By bd <&> é", "-d", "x", "--json")["id"]
    ours = hub.store.create(
        NewBead(title="By b4tui <&> é", labels=("x",), dependencies=(("blocks", theirs),)), "Amy"
    ).id
    hub.agree()
    assert hub.ready() == [theirs]
    hub.store.claim(theirs, "Amy")
    hub.store.comment(theirs, "a comment of ours", "Amy")
    hub.agree()
    hub.bd("comments", "add", theirs, "a comment of bd's")
    hub.bd("update", theirs, "--priority", "0")
    hub.agree()
    hub.store.close(theirs, "done", "Amy")
    hub.agree()
    assert hub.ready() == [ours]
    hub.bd("reopen", theirs)
    hub.agree()
    texts = [comment.text for comment in hub.store.load().beads[theirs].comments]
    assert sorted(texts) == ["a comment of bd's", "a comment of ours"]
    assert sorted(row["text"] for row in hub.bd("comments", theirs, "--json")) == sorted(texts)


def test_bd_cannot_claim_what_an_agent_holds(hub: Hub) -> None:
    bead = hub.store.create(NewBead(title="One"), "Amy")
    hub.store.claim(bead.id, "Amy")
    hub.store.settle(60)
    subprocess.run(
        [str(BD), "update", bead.id, "--claim"], cwd=hub.root, env=hub.environ, check=False, capture_output=True
    )
    hub.agree()
    assert hub.store.load().beads[bead.id].assignee == "Amy"


def test_children_and_every_kind_of_change_survive_a_rewrite_by_bd(hub: Hub) -> None:
    parent = hub.store.create(
        NewBead(title="Epic", issue_type="epic", priority=0, acceptance="a", description="d"), "Amy"
    )
    child = hub.store.create(NewBead(title="Child", parent=parent.id, assignee="Amy"), "Amy")
    hub.store.create(NewBead(title="Found", dependencies=(("discovered-from", child.id),)), "Amy")
    hub.store.release(hub.store.claim(child.id, "Amy").id, "Amy", "given back")
    hub.agree()
    before = hub.store.load().beads
    hub.bd("create", "makes bd rewrite the file", "-d", "x", "--json")
    hub.agree()
    after = hub.store.load().beads
    for key, bead in before.items():
        assert {**after[key].row, "owner": ""} == {**bead.row, "owner": ""}


def test_both_at_once_lose_nothing(hub: Hub) -> None:
    shared = hub.store.create(NewBead(title="Both comment here"), "Amy").id
    hub.agree()
    failures: list[BaseException] = []

    def by_bd() -> None:
        for number in range(8):
            hub.bd("create", f"bd {number}", "-d", "x", "--json")

    def by_us() -> None:
        for number in range(8):
            bead = hub.store.create(NewBead(title=f"ours {number}"), "Amy")
            hub.store.claim(bead.id, "Amy")
            hub.store.comment(shared, f"ours {number}", "Amy")

    def caught(work: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)

        return run

    threads = [threading.Thread(target=caught(work)) for work in (by_bd, by_us)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    hub.store.settle(60)
    hub.warnings.clear()  # an import may have met bd's own lock; the one below makes up for it
    hub.bd("sync", "--import-only")
    hub.agree()
    beads = hub.store.load().beads
    titles = sorted(bead.title for bead in beads.values())
    assert titles == sorted(["Both comment here", *[f"{who} {n}" for who in ("bd", "ours") for n in range(8)]])
    assert {comment.text for comment in beads[shared].comments} == {f"ours {number}" for number in range(8)}
    assert all(bead.assignee == "Amy" for bead in beads.values() if bead.title.startswith("ours"))
