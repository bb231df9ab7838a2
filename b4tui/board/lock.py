"""Locks between the processes of one machine: one writer of a board at a time.

`flock` belongs to an open file, not to a process. It therefore also keeps threads and stores of one process apart, and
a git that was started with the file open holds the lock on when its parent is killed: who gets the lock next never
meets a half-done commit.

bd 0.49 takes `.beads/.jsonl.lock` the same way, shared to import and exclusive to export, and skips what it cannot do
at once (seen with strace on bd 0.49.6). `holding` on that file keeps its export away from our read-change-write.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from b4tui.board.store import Busy, ReadOnly

OWN = ".b4tui.lock"
BD = ".jsonl.lock"
_FIRST_PAUSE_S = 0.002
_LONGEST_PAUSE_S = 0.05


@contextmanager
def holding(path: Path, timeout_s: float) -> Iterator[int]:
    """Hold the lock file; gives its descriptor. Raises Busy after the time-out, ReadOnly where no lock can be made."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise ReadOnly(f"the board cannot be locked for writing: {path}: {error.strerror}") from error
    try:
        _acquire(descriptor, path, timeout_s)
        yield descriptor
    finally:
        # Closing is what unlocks, and only when no program started meanwhile still has the file open.
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    pause = _FIRST_PAUSE_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR):
                raise ReadOnly(f"the board cannot be locked for writing: {path}: {error.strerror}") from error
        if time.monotonic() >= deadline:
            raise Busy(f"somebody else has been writing this board for {timeout_s:g} s ({path} is locked); try again")
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE_S)
