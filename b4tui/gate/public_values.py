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
from pathlib import Path

from platformdirs import user_state_path
from pydantic import TypeAdapter, ValidationError

from b4tui.gate.types import GateError
from b4tui.outward_sections import AllowedValue

_VALUES: TypeAdapter[tuple[AllowedValue, ...]] = TypeAdapter(tuple[AllowedValue, ...])


def public_values_file() -> Path:
    """Where they are kept."""
    return user_state_path("b4tui") / "public-values.json"


def read_public_values(path: Path) -> tuple[AllowedValue, ...]:
    """The values; none where there is no file. Raises GateError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
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
        return _VALUES.validate_json(data)
    except ValidationError:
        raise _unusable(
            path, "it is not what b4tui wrote: mend it, or remove it and say again what is public"
        ) from None


def add_public_value(path: Path, value: AllowedValue) -> None:
    """Add one, written whole and under a lock; a value that is there already stays once. Raises GateError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(path.with_name(f"{path.name}.lock")):
            known = read_public_values(path)
            if any((one.rule, one.value_sha256) == (value.rule, value.value_sha256) for one in known):
                return
            _write(path, [one.model_dump() for one in (*known, value)])
    except OSError as error:
        raise _unusable(path, error.strerror or "no reason given") from error


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    draft = path.with_name(f"{path.name}.new")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(rows, file, indent=1)
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
