"""Replace a file as a whole or not at all, whatever happens in between."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from b4tui.board.stamp import file_stamp
from b4tui.board.store import BoardError

_SUFFIX = ".b4tui-part"
_NEW_FILE_MODE = 0o644


class Overtaken(Exception):
    """Somebody replaced or changed the file since it was read; nothing was written."""


def replace_file(path: Path, data: bytes, seen: str) -> None:
    """Put `data` in the file's place, if the file still is what it was when its stamp `seen` was taken.

    Written beside the file, brought to the disk, renamed, and the folder brought to the disk. A link stays a link; its
    target is replaced. Mode and, where possible, owner stay. Raises Overtaken, or BoardError where the disk is full or
    the folder cannot be written; the file is then as it was and nothing is left behind.
    """
    target = path.resolve()
    part = target.with_name(f".{target.name}.{os.getpid()}{_SUFFIX}")
    try:
        _write(part, target, data)
        if file_stamp(path) != seen:
            raise Overtaken(str(path))
        part.replace(target)
        _sync_folder(target.parent)
    except OSError as error:
        raise BoardError(f"{target} could not be written and is as it was: {error.strerror}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Remove what killed writers left beside the file. Only for who holds the board's lock."""
    target = path.resolve()
    for left in target.parent.glob(f".{target.name}.*{_SUFFIX}"):
        with contextlib.suppress(OSError):
            left.unlink()


def _write(part: Path, target: Path, data: bytes) -> None:
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        try:
            facts = target.stat()
        except FileNotFoundError:
            os.fchmod(descriptor, _NEW_FILE_MODE & ~_umask())
        else:
            if (facts.st_uid, facts.st_gid) != (os.geteuid(), os.getegid()):
                with contextlib.suppress(OSError):
                    os.fchown(descriptor, facts.st_uid, facts.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(facts.st_mode))
        os.fsync(descriptor)


def _umask() -> int:
    """The process's umask, read without the moment of changing it that other threads would see (Linux)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/self/status").read_text("ascii").splitlines():
            if line.startswith("Umask:"):
                return int(line.split()[1], 8)
    return 0o022


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
