"""Values that the operator called public: by SHA-256 of the whole value, in a file of this machine's user.

They count as those in the settings do (`[gate] allow`), for all hubs. A file that others may write, or that cannot be
read, closes the gate: nobody knows then what the operator said.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from b4tui.gate.patterns import lazily
from b4tui.gate.types import GateError

_SHA256 = lazily(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicValue:
    """One value, by the rule it is no finding of ("": of none) and its hash; `note` is the operator's."""

    rule: str
    value_sha256: str
    note: str = ""


def public_values_file() -> Path:
    """Where they are kept."""
    from platformdirs import user_state_path  # not needed by who has no such file, and by no gate in a test

    return user_state_path("b4tui") / "public-values.json"


def read_public_values(path: Path) -> tuple[PublicValue, ...]:
    """The values; none where there is no file. Raises GateError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unusable(path, error.strerror or "no reason given") from error
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise _unusable(path, "it is not a file of yours alone: chmod 600 it, and look at what is in it")
        data = file.read()
    try:
        return tuple(_value(row) for row in _list(json.loads(data)))
    except (ValueError, TypeError, RecursionError):
        raise _unusable(
            path, "it is not what b4tui wrote: mend it, or remove it and say again what is public"
        ) from None


def add_public_value(path: Path, value: PublicValue) -> None:
    """Add one, written whole and under a lock; a value that is there already stays once. Raises GateError."""
    try:
        _value(asdict(value))
    except ValueError:
        raise GateError("a value is called public by the SHA-256 of the whole of it, in hex") from None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(path.with_name(f"{path.name}.lock")):
            known = read_public_values(path)
            if not any((one.rule, one.value_sha256) == (value.rule, value.value_sha256) for one in known):
                _write(path, (*known, value))
    except OSError as error:
        raise _unusable(path, error.strerror or "no reason given") from error


def _list(rows: object) -> list[object]:
    if not isinstance(rows, list):
        raise ValueError("no list")
    return rows


def _value(row: object) -> PublicValue:
    if not isinstance(row, dict) or not all(isinstance(text, str) for text in row.values()):
        raise ValueError("no row of texts")
    value = PublicValue(**row)
    if not _SHA256.fullmatch(value.value_sha256):
        raise ValueError("no hash")
    return value


def _write(path: Path, values: tuple[PublicValue, ...]) -> None:
    draft = path.with_name(f"{path.name}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump([asdict(value) for value in values], file, indent=1)
        file.flush()
        os.fsync(handle)
    draft.replace(path)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _unusable(path: Path, why: str) -> GateError:
    return GateError(f"{path}: {why}; until then nothing leaves")
