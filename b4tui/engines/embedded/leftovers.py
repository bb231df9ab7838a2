"""Folders of sockets whose owners were all killed at once, so that nobody was left to remove them."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

_SETTLED_S = 60.0  # between making a socket and listening on it nobody answers either
_NEVER_SERVED_S = 24 * 3600.0  # a child that loads a large file has no socket yet
_ANSWER_S = 1.0


def sweep(fresh: Path, prefix: str, socket_name: str) -> None:
    """Remove the deserted ones beside a folder that was made just now; their names begin alike. Never raises.

    Its own time is the measure of theirs, so that only the file system's clock counts.
    """
    with contextlib.suppress(OSError):
        now = fresh.stat().st_mtime
        for folder in fresh.parent.glob(f"{prefix}*"):
            with contextlib.suppress(OSError):
                if folder != fresh and _deserted(folder, socket_name, now):
                    (folder / socket_name).unlink(missing_ok=True)
                    folder.rmdir()


def _deserted(folder: Path, socket_name: str, now: float) -> bool:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        return False
    age = now - found.st_mtime
    if age < _SETTLED_S:
        return False
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(_ANSWER_S)
            probe.connect(str(folder / socket_name))
    except ConnectionRefusedError:
        return True
    except FileNotFoundError:
        return age > _NEVER_SERVED_S
    return False
