"""Bring a board and its remote together: fetch, merge by our rules, push. The operator's verb; agents never call it.

Nothing of the user's is touched: what is staged, or changed in files that the other side changed too, ends the sync
with a word about it before anything is merged.
"""

from __future__ import annotations

import json
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from b4tui.board.commit import BoardLog
from b4tui.board.git import Answer, git
from b4tui.board.lock import OWN, holding
from b4tui.board.mergerow import Conflict
from b4tui.board.model import Hub
from b4tui.board.store import BoardError

_NETWORK_TIMEOUT_S = 120.0
_LOCK_TIMEOUT_S = 30.0
_MERGE_TIMEOUT_S = 600.0
_REJECTED = ("non-fast-forward", "fetch first", "rejected", "cannot lock ref", "failed to update ref")


class SyncError(BoardError):
    """The board and its remote could not be brought together; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sync did: commits that came in and went out, the choices the merge made, and how many pushes it took."""

    remote: str
    pulled: int
    pushed: int
    conflicts: tuple[Conflict, ...]
    attempts: int


def sync(
    hub: Hub,
    *,
    attempts: int = 5,
    pause: Callable[[int], None] = lambda attempt: time.sleep(0.2 * attempt),
    warn: Callable[[str], None] = lambda _: None,
) -> Synced:
    """Fetch the branch's upstream, merge it, push. `pause` is called with the attempt's number before a repeated one.

    Raises SyncError without a git repository, branch, remote or network, when the user's own work is in the way, and
    when others pushed first `attempts` times. What was merged until then stays merged.
    """
    if hub.data_file is None:
        raise SyncError(f"{hub.beads_dir} has no board file in git; a Dolt hub is synced with `bd dolt pull` and push")
    return _Sync(hub, hub.data_file.resolve(), warn).run(attempts, pause)


class _Sync:
    """One sync under way."""

    def __init__(self, hub: Hub, file: Path, warn: Callable[[str], None]) -> None:
        self._hub = hub
        self._file = file
        self._log = BoardLog(file, warn)
        self._top = self._find_top()
        self._remote, self._target = self._find_upstream()

    def run(self, attempts: int, pause: Callable[[int], None]) -> Synced:
        """Fetch, merge, push, until the push is taken."""
        pulled = pushed = 0
        conflicts: list[Conflict] = []
        for attempt in range(1, attempts + 1):
            if attempt > 1:
                pause(attempt)
            self._fetch()
            came, found = self._merge()
            pulled += came
            conflicts += found
            ahead = self._count("FETCH_HEAD..HEAD") if self._exists_there else self._count("HEAD")
            if ahead == 0:
                return Synced(self._remote, pulled, pushed, tuple(conflicts), attempt)
            if self._push():
                return Synced(self._remote, pulled, ahead, tuple(conflicts), attempt)
        raise SyncError(f"others pushed to {self._remote} first {attempts} times in a row; run the sync again")

    def _find_top(self) -> Path:
        answer = git(self._file.parent, ["rev-parse", "--show-toplevel"])
        if answer.code:
            raise SyncError(f"the board is in no git repository: {answer.error}; make one with `b4tui init`")
        return Path(answer.text.rstrip("\n"))

    def _find_upstream(self) -> tuple[str, str]:
        branch = git(self._top, ["symbolic-ref", "--quiet", "--short", "HEAD"]).text.strip()
        if not branch:
            raise SyncError("HEAD is on no branch; switch to one first (git switch BRANCH)")
        remote = git(self._top, ["config", f"branch.{branch}.remote"]).text.strip()
        target = git(self._top, ["config", f"branch.{branch}.merge"]).text.strip()
        if remote and target:
            return remote, target
        remotes = git(self._top, ["remote"]).text.split()
        if not remotes:
            raise SyncError("there is no remote to sync with; add one with `git remote add origin URL`")
        if len(remotes) > 1 and "origin" not in remotes:
            raise SyncError(f"{branch} follows no remote; choose one with `git push -u REMOTE {branch}`")
        return "origin" if "origin" in remotes else remotes[0], f"refs/heads/{branch}"

    def _fetch(self) -> None:
        answer = self._network(["fetch", "--no-tags", self._remote, self._target])
        self._exists_there = answer.code == 0
        if answer.code and "couldn't find remote ref" not in answer.error:
            raise SyncError(f"{self._remote} could not be reached; nothing was changed: {answer.error}")

    def _merge(self) -> tuple[int, list[Conflict]]:
        """Merge what was fetched, under the board's lock; how many commits came in, and the choices made."""
        with holding(self._hub.beads_dir / OWN, _LOCK_TIMEOUT_S) as lock:
            self._log.recover(lock)
            came = self._count("HEAD..FETCH_HEAD") if self._exists_there else 0
            if came == 0:
                return 0, []
            with tempfile.TemporaryDirectory(prefix="b4tui-sync-") as scratch:
                report = Path(scratch, "report")
                command = self._merge_command(Path(scratch), report)
                who = self._log.identity(self._top, "")
                answer = git(self._top, command, env=who, keep_open=lock, timeout_s=_MERGE_TIMEOUT_S)
                if answer.code:
                    self._undo(answer)
                return came, _conflicts(report)

    def _merge_command(self, scratch: Path, report: Path) -> list[str]:
        path = self._file.relative_to(self._top.resolve()).as_posix()
        attributes = scratch / "attributes"
        attributes.write_text(f'"/{path}" merge=b4tui\n', encoding="utf-8")
        driver = f"{shlex.quote(sys.executable)} -m b4tui.board.mergedriver %O %A %B {shlex.quote(str(report))}"
        # "beads" is what bd's own .gitattributes asks for; its rules lose comments and labels.
        drivers = [part for name in ("b4tui", "beads") for part in ("-c", f"merge.{name}.driver={driver}")]
        message = f"Board: merge {self._remote}/{self._target.removeprefix('refs/heads/')}"
        return ["-c", f"core.attributesFile={attributes}", *drivers, "merge", "--no-edit", "-m", message, "FETCH_HEAD"]

    def _undo(self, answer: Answer) -> None:
        """Leave the work tree as it was before the merge, and say what is in the way."""
        unmerged = git(self._top, ["diff", "--name-only", "--diff-filter=U"]).text.split("\n")
        files = ", ".join(name for name in unmerged if name)
        git(self._top, ["merge", "--abort"])
        if files:
            raise SyncError(f"both sides changed {files}; nothing was merged: run `git pull` and resolve it by hand")
        said = answer.error or " ".join(answer.text.split())
        raise SyncError(
            f"nothing was merged: commit or stash your own changes, then sync again. Git said: {said[:400]}"
        )

    def _push(self) -> bool:
        """Whether the push was taken; False when somebody pushed before us."""
        answer = self._network(["push", "--porcelain", self._remote, f"HEAD:{self._target}"])
        said = f"{answer.error} {answer.text}"
        if answer.code and not any(word in said for word in _REJECTED):
            raise SyncError(f"the push to {self._remote} failed: {answer.error}")
        if answer.code and "hook declined" in said:
            raise SyncError(f"{self._remote} refused the push: {answer.error}")
        return answer.code == 0

    def _network(self, command: list[str]) -> Answer:
        return git(self._top, command, timeout_s=_NETWORK_TIMEOUT_S)

    def _count(self, commits: str) -> int:
        return int(git(self._top, ["rev-list", "--count", commits]).text.strip() or 0)


def _conflicts(report: Path) -> list[Conflict]:
    if not report.exists():
        return []
    return [Conflict(**json.loads(line)) for line in report.read_text("utf-8").splitlines()]
