"""API keys: where they come from, and the one object that holds them.

A key goes from here onto the wire and nowhere else: no `repr`, no copy, no pickle and no error text shows it.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from b4tui.config import ConfigError

KEY_FILE_LIMIT = 4096
# What fits into a header as it stands. An HTTP library would quote anything else in its complaint about it.
_SHAPE = re.compile(r"[\x21-\x7e]{8,1024}")
_MASK = "[key]"
# Some write the key itself where its name belongs: what does not look like a name is not repeated.
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_PATH_BEGINS = ("/", "~", "./", "../")


class ApiKey:
    """An API key that only `reveal` shows."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        """Raises ValueError, without the value, for what cannot be a key."""
        if not _SHAPE.fullmatch(value):
            raise ValueError("a key is 8 to 1024 visible ASCII characters with no space in it")
        self.__value = value

    def reveal(self) -> str:
        """The key, for the header it goes out in."""
        return self.__value

    def masked(self, data: bytes) -> bytes:
        """The bytes with the key in them overwritten; as long as before, so that no framing breaks."""
        value = self.__value.encode("ascii")
        return data.replace(value, b"*" * len(value)) if value in data else data

    def scrubbed(self, text: str) -> str:
        """The text without the key, for words that a server sent."""
        return text.replace(self.__value, _MASK)

    def __repr__(self) -> str:
        return f"ApiKey({_MASK})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a key is not copied and not stored")


def find_key(name: str, key_env: str, key_file: str, environ: Mapping[str, str]) -> ApiKey:
    """The key of `[escalation.NAME]`, from the variable or the file that it names.

    Raises ConfigError that says what to do, and never quotes what it read.
    """
    section = f"escalation.{name}"
    if bool(key_env) == bool(key_file):
        what = "both" if key_env else "neither"
        raise ConfigError(
            f"{section}: {what} of key_env and key_file is set: name the environment variable that holds the API key "
            "in key_env, or a file of mode 0600 in key_file"
        )
    if key_env:
        source, text = f"{section}.key_env", environ.get(key_env, "").strip()
        if not text:
            named = key_env if _VARIABLE.fullmatch(key_env) else "named there (a name, not the key)"
            raise ConfigError(f"{source}: the environment variable {named} is not set: put the API key into it")
    else:
        source, text = f"{section}.key_file", _read(f"{section}.key_file", key_file)
    try:
        return ApiKey(text)
    except ValueError as error:
        raise ConfigError(f"{source}: what it holds is no API key: {error}") from None


def _read(source: str, key_file: str) -> str:
    """The text of a key file that is the operator's alone. Raises ConfigError."""
    path = key_file if key_file.startswith(_PATH_BEGINS) else "the file named there (a path, not the key)"
    try:
        # Opened first and looked at then: what was looked at is what is read. A pipe must not block the start.
        handle = os.open(Path(key_file).expanduser(), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ConfigError(f"{source}: {path} cannot be read ({error.strerror})") from None
    except (RuntimeError, ValueError):  # a home of nobody's, a NUL
        raise ConfigError(f"{source}: {path} is no path of a file here") from None
    with os.fdopen(handle, "rb") as file:
        if fault := _fault(os.fstat(handle)):
            raise ConfigError(f"{source}: {path} {fault}")
        data = file.read(KEY_FILE_LIMIT + 1)
    if len(data) > KEY_FILE_LIMIT:
        raise ConfigError(f"{source}: {path} holds more than {KEY_FILE_LIMIT} bytes, which is no API key")
    # What is not ASCII has no shape of a key; the words for that are the caller's.
    return data.decode("ascii", "replace").strip()


def _fault(found: os.stat_result) -> str:
    """What is wrong with a key file, in words; "" where nothing is."""
    if not stat.S_ISREG(found.st_mode):
        return "is not a regular file"
    if found.st_uid != os.geteuid():
        return "belongs to another user: make a file of your own"
    if found.st_mode & 0o077:
        mode = stat.S_IMODE(found.st_mode)
        return f"can be read by others (mode {mode:04o}): run chmod 600 on it, and have the key replaced if it was used"
    return ""
