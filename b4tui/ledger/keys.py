"""The key that bodies are sealed under: a file of this machine's user, of mode 0600, never in a hub.

Whoever has the hub's folder alone (a backup, a copy, a stray commit) can read no payload.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_state_path

from b4tui.ledger.bodies import KEY_BYTES
from b4tui.ledger.types import LedgerError

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyFileError(LedgerError):
    """The key cannot be read or made; the message says where and what to do, and never what is in the file."""


def key_file() -> Path:
    """Where the user's key is kept."""
    return user_state_path("b4tui") / "ledger.key"


def load_key(path: Path, *, random: Callable[[int], bytes] = os.urandom) -> bytes:
    """The key; made now if there is none, by one process alone. Raises KeyFileError.

    A file that is there is never written over: what was sealed under it could then not be read by anybody.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path.with_suffix(".lock"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            key = _read(path)
            if key is None:
                key = random(KEY_BYTES)
                _write(path, key)
            return key
    except OSError as error:
        raise KeyFileError(
            f"{path}: the key cannot be read or made ({error.strerror}): make its folder yours"
        ) from error


def _read(path: Path) -> bytes | None:
    """What is in the file; None where there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        if path.is_symlink():
            raise KeyFileError(f"{path} is a link; the key is a file of its own: put the file there") from error
        raise
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode) or facts.st_uid != os.geteuid():
            raise KeyFileError(f"{path} is not a file of yours: put your key there, or move it away to make a new one")
        if facts.st_mode & _OTHERS:
            raise KeyFileError(f"{path} can be read by others: chmod 600 {path}")
        text = file.read(KEY_BYTES * 2 + 2)
    key = b""
    with contextlib.suppress(ValueError):
        key = bytes.fromhex(text.decode("ascii").strip())
    if len(key) != KEY_BYTES:
        raise KeyFileError(
            f"{path} is cut short or no key: put a copy of it back, or move it away to make a new one; what was sealed "
            "with it stays unreadable then"
        )
    return key


def _write(path: Path, key: bytes) -> None:
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)  # of one who was killed here; we hold the lock
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.hex().encode("ascii") + b"\n")
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
