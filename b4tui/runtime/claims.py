"""The lock that says a live b4tui on this machine has a bead in hand.

A claim on the board survives its process; a lock of the kernel does not. A bead that is claimed for one of our agents,
whose lock file names that claim, and whose lock is free, was left behind by a process that died.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from b4tui.agents.workfolder import safe_name
from b4tui.board.model import Bead, Changes
from b4tui.board.store import BoardStore
from b4tui.routing.rules import AGENT_LABEL

_SUFFIX = ".lock"
_LOOKS, _LOOK_AGAIN_S = 5, 0.2  # together less than a stop may take


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a bead in hand: the agent's key, and its name as the board writes it in `assignee`.

    `preassigned` when the bead was assigned to the agent before it was claimed.
    """

    bead: str
    agent: str
    assignee: str
    run: str
    pid: int
    preassigned: bool = False

    def find(self, store: BoardStore) -> Bead | None:
        """The bead as the board has it now; None when it is gone. Blocking; raises BoardError.

        An editor that saves in place empties the file for a moment, so a bead is gone only when it stays away.
        """
        for look in range(_LOOKS):
            if look:
                time.sleep(_LOOK_AGAIN_S)
            if (bead := store.load().beads.get(self.bead)) is not None:
                return bead
        return None

    def holds(self, bead: Bead | None) -> bool:
        """Whether the board still says so."""
        return bead is not None and bead.status == "in_progress" and bead.assignee == self.assignee

    def give_back(self, store: BoardStore, comment: str) -> None:
        """Release the bead with a comment. Blocking; raises BoardError.

        A release takes the assignee off; whoever gave the bead to this agent meant it for the next attempt too, so
        that is kept as a label.
        """
        if self.preassigned and f"{AGENT_LABEL}{self.agent}" not in store.load().beads[self.bead].labels:
            store.update(self.bead, Changes(add_labels=(f"{AGENT_LABEL}{self.agent}",)), self.assignee)
        store.release(self.bead, self.assignee, comment)


class ClaimLock:
    """A bead's lock, held. Blocking calls, but short ones; raises OSError when the disk refuses."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor

    @classmethod
    def take(cls, folder: Path, bead_id: str) -> ClaimLock | None:
        """The bead's lock, or None when somebody holds it: another process, or another agent of this one."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls._take(folder / (safe_name(bead_id) + _SUFFIX), create=True)

    @classmethod
    def _take(cls, path: Path, *, create: bool) -> ClaimLock | None:
        while True:
            try:
                # A hub from elsewhere may bring a link here, and what a lock says is written over what is there.
                flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | (os.O_CREAT if create else 0)
                descriptor = os.open(path, flags, 0o600)
            except FileNotFoundError:
                return None
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if _same_file(descriptor, path):
                    return cls(path, descriptor)
            except BlockingIOError:
                os.close(descriptor)
                return None
            except OSError:
                os.close(descriptor)
                raise
            os.close(descriptor)  # its last holder removed the file between our open and our lock: take the new one

    def read(self) -> Holder | None:
        """Who wrote the file last; None when it is empty or half-written."""
        try:
            row = json.loads(os.pread(self._descriptor, 65536, 0))
            return Holder(
                bead=str(row["bead"]),
                agent=str(row["agent"]),
                assignee=str(row["assignee"]),
                run=str(row["run"]),
                pid=int(row["pid"]),
                preassigned=bool(row["preassigned"]),
            )
        except (ValueError, KeyError, TypeError):
            return None

    def write(self, holder: Holder) -> None:
        """Name the claim about to be made: on disk before the board is touched, so that a crash leaves a trace."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, json.dumps(asdict(holder)).encode("ascii"), 0)
        os.fsync(self._descriptor)

    def clear(self) -> None:
        """The claim is settled on the board: forget it and let go."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def abandon(self) -> None:
        """Let go but leave the name: the claim is not settled, and recovery is to find it."""
        os.close(self._descriptor)


def left_behind(folder: Path) -> Iterator[ClaimLock]:
    """Every lock file that no living process holds, locked by us now; the caller must clear or abandon each."""
    for path in sorted(folder.glob("*" + _SUFFIX)):
        if path.is_symlink():
            continue
        lock = ClaimLock._take(path, create=False)
        if lock is not None:
            yield lock


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
