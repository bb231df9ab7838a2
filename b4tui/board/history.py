"""What happened to one bead, as git remembers it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from b4tui.board.document import Document
from b4tui.board.git import environment, git
from b4tui.board.model import Hub
from b4tui.board.store import NoSuchBead, Refused

_OURS = "@b4tui.invalid"
_BUDGET = 400_000_000  # bytes of old board versions that one question may read
_NOTHING = "0" * 40


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A commit that changed the bead. `at` is the author's time; `subject` and `author` are foreign text."""

    at: datetime
    author: str
    subject: str
    commit: str


@dataclass(frozen=True, slots=True)
class _Version:
    """One commit that touched the board file, and the file's blobs before and after it."""

    entry: HistoryEntry
    email: str
    before: str
    after: str


def history(hub: Hub, bead_id: str, *, limit: int = 200) -> tuple[HistoryEntry, ...]:
    """The newest commits that changed the bead, newest first, at most `limit`. Empty outside of git.

    A commit of b4tui names its bead and touches no other, so its subject decides. Only for commits of others the old
    board versions are read, up to a budget: on a large board with thousands of foreign commits the oldest are left out.
    """
    if hub.data_file is None:
        return ()
    file = hub.data_file.resolve()
    found: list[HistoryEntry] = []
    with closing(_Rows(file.parent, bead_id)) as rows:
        for version in _versions(file):
            if _concerns(version, bead_id, rows):
                found.append(version.entry)
            if len(found) >= limit or rows.spent > _BUDGET:
                break
    return tuple(found)


def _concerns(version: _Version, bead_id: str, rows: _Rows) -> bool:
    named = version.entry.subject.partition(": ")[0]
    if version.email.endswith(_OURS) and ": " in version.entry.subject:
        return bead_id in named.split(", ")
    return rows.of(version.before) != rows.of(version.after)


def _versions(file: Path) -> Iterator[_Version]:
    """Every commit that touched the file, newest first; of a merge the change against its first parent."""
    answer = git(
        file.parent,
        [
            "log",
            "-z",
            "--diff-merges=first-parent",
            "--raw",
            "--no-abbrev",
            "--no-renames",
            "--format=%x01%H%x02%aI%x02%an%x02%ae%x02%s",
            "--",
            file.name,
        ],
    )
    for record in answer.text.split("\x01")[1:]:
        head, _, raw = record.partition("\0")
        facts = head.split("\x02")
        change = raw.strip("\n\0").split(" ")
        if len(facts) == 5 and len(change) >= 4:
            commit, at, author, email, subject = facts
            entry = HistoryEntry(datetime.fromisoformat(at), author, subject, commit)
            yield _Version(entry, email, change[2], change[3])


class _Rows:
    """The bead's line in old versions of the file, read through one git for all of them."""

    def __init__(self, folder: Path, bead_id: str) -> None:
        self._folder = folder
        self._bead_id = bead_id
        self._git: subprocess.Popen[bytes] | None = None
        self._known: dict[str, bytes] = {_NOTHING: b""}
        self.spent = 0  # bytes read so far

    def of(self, blob: str) -> bytes:
        """The line in this version; empty where the bead is not in it."""
        if blob not in self._known:
            data = self._read(blob)
            try:
                located = Document(data).find(self._bead_id)
                self._known[blob] = data[located.start : located.end]
            except (NoSuchBead, Refused):
                self._known[blob] = b""
        return self._known[blob]

    def close(self) -> None:
        """End the git that was reading."""
        if self._git is not None:
            self._git.kill()
            self._git.communicate()

    def _read(self, blob: str) -> bytes:
        if self._git is None:
            self._git = subprocess.Popen(
                ["git", "cat-file", "--batch"],
                cwd=self._folder,
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        assert self._git.stdin is not None
        assert self._git.stdout is not None
        self._git.stdin.write(blob.encode("ascii") + b"\n")
        self._git.stdin.flush()
        words = self._git.stdout.readline().split()
        if len(words) != 3:
            return b""
        data = self._git.stdout.read(int(words[2]))
        self._git.stdout.read(1)
        self.spent += len(data)
        return data
