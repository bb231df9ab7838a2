"""What happened to a bead, out of the log."""

from __future__ import annotations

import json
import subprocess

from b4tui.board import history as module
from b4tui.board.discover import open_hub
from b4tui.board.history import history


def rows(**titles: str) -> bytes:
    made = [{"id": key.replace("_", "-"), "title": title, "status": "open"} for key, title in titles.items()]
    return b"".join(json.dumps(row).encode() + b"\n" for row in made)


def subjects(hub, bead_id: str, **options: int) -> list[str]:
    return [entry.subject for entry in history(open_hub(hub.root), bead_id, **options)]


def by_hand(hub, subject: str, data: bytes) -> None:
    hub.file.write_bytes(data)
    hub.git("commit", "-qam", subject)


class TestHistory:
    def test_ours_and_foreign_commits_newest_first(self, classic_hub) -> None:
        by_hand(classic_hub, "both begin", rows(hub_a="a", hub_b="b"))
        by_hand(classic_hub, "hub-a: looks like ours", rows(hub_a="a", hub_b="B"))
        store = classic_hub.store()
        store.claim("hub-a", "Amy")
        store.comment("hub-b", "about hub-a: no", "Bob")
        by_hand(classic_hub, "remove", classic_hub.file.read_bytes().split(b"\n")[1] + b"\n")
        assert subjects(classic_hub, "hub-a") == ["remove", "hub-a: claim", "both begin"]
        assert subjects(classic_hub, "hub-b") == ["hub-b: comment", "hub-a: looks like ours", "both begin"]
        entry = history(open_hub(classic_hub.root), "hub-a")[1]
        assert entry.author == "Amy"
        assert entry.at.tzinfo is not None
        assert classic_hub.git("log", "-1", "--format=%s", entry.commit).strip() == "hub-a: claim"

    def test_only_the_newest_where_there_are_many(self, classic_hub) -> None:
        by_hand(classic_hub, "begin", rows(hub_a="a"))
        for number in range(4):
            classic_hub.store().comment("hub-a", str(number), "Amy")
        assert len(subjects(classic_hub, "hub-a", limit=3)) == 3

    def test_a_bead_nobody_ever_saw(self, classic_hub) -> None:
        by_hand(classic_hub, "begin", rows(hub_a="a"))
        assert subjects(classic_hub, "hub-x") == []

    def test_outside_of_git(self, tmp_path) -> None:
        (tmp_path / ".beads").mkdir()
        (tmp_path / ".beads/issues.jsonl").write_bytes(rows(hub_a="a"))
        assert history(open_hub(tmp_path), "hub-a") == ()

    def test_waiting_changes_count_for_each_bead_they_name(self, classic_hub) -> None:
        by_hand(classic_hub, "begin", rows(hub_a="a", hub_b="b"))
        (classic_hub.root / ".git/MERGE_HEAD").mkdir()
        for bead in ("hub-a", "hub-b"):
            classic_hub.store().claim(bead, "Amy")
        (classic_hub.root / ".git/MERGE_HEAD").rmdir()
        classic_hub.store().load()
        assert subjects(classic_hub, "hub-b")[0] == "hub-a, hub-b: changes that waited for their commit"


def test_five_thousand_commits_are_told_without_reading_their_boards(classic_hub, monkeypatch) -> None:
    stream = []
    who = b"Amy <amy@b4tui.invalid>"
    for number in range(5000):
        bead = f"hub-{number % 50:02}"
        board = rows(**{f"hub_{n:02}": str(number if n <= number % 50 else number - 1) for n in range(50)})
        subject = f"{bead}: comment".encode()
        at = b"%d +0000" % (1_700_000_000 + number)
        stream.append(b"commit refs/heads/main\nauthor %s %s\ncommitter %s %s\n" % (who, at, who, at))
        stream.append(b"data %d\n%s\n" % (len(subject), subject))
        stream.append(b"from refs/heads/main^0\n" if number == 0 else b"")
        stream.append(b"M 100644 inline .beads/issues.jsonl\ndata %d\n%s\n" % (len(board), board))
    command = ["git", "fast-import", "--quiet"]
    subprocess.run(command, cwd=classic_hub.root, input=b"".join(stream), check=True)
    reads: list[str] = []
    read = module._Rows._read
    monkeypatch.setattr(module._Rows, "_read", lambda self, blob: reads.append(blob) or read(self, blob))
    assert len(subjects(classic_hub, "hub-07")) == 100
    assert len(reads) <= 2
