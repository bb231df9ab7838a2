"""Landlock: which folders a process may use, for itself and everything it starts (linux/landlock.h).

An access the kernel's ABI does not know is not restricted by it, hence `OLDEST`: before ABI 3 a file outside could be
truncated. TCP is also denied here (ABI 4), and signals and abstract sockets are kept inside (ABI 6); the seccomp
filter does the same again for every kernel.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable

from b4tui.agents.confine import kernel
from b4tui.agents.confine.places import DEVICES

OLDEST = 3
NET_SINCE = 4
IOCTL_SINCE = 5
SCOPES_SINCE = 6

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_MAKE_CHAR, _MAKE_SOCK, _MAKE_BLOCK = 1 << 6, 1 << 9, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_ALL = (1 << 15) - 1
_FILE_ONLY = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE

_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OWN = _ALL & ~(_MAKE_CHAR | _MAKE_BLOCK | _MAKE_SOCK)


def abi() -> int:
    """The kernel's Landlock ABI; 0 where it has none or it is switched off."""
    try:
        return kernel.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG)
    except OSError:
        return 0


def restrict(version: int, readable: Iterable[str], own: Iterable[str]) -> None:
    """From here on: read and execute below `readable`, everything below `own`, a few devices, nothing else."""
    handled = _ALL | (_IOCTL_DEV if version >= IOCTL_SINCE else 0)
    attributes = struct.pack("QQQ", handled, 3 if version >= NET_SINCE else 0, 3 if version >= SCOPES_SINCE else 0)
    size = 24 if version >= SCOPES_SINCE else 16 if version >= NET_SINCE else 8
    ruleset = kernel.syscall(_CREATE_RULESET, attributes[:size], size, 0)
    for path in readable:
        _allow(ruleset, path, _READ)
    for path in own:
        _allow(ruleset, path, _OWN)
    for path in DEVICES:
        _allow(ruleset, path, _READ_FILE | _WRITE_FILE)
    kernel.syscall(_RESTRICT_SELF, ruleset, 0)
    os.close(ruleset)


def _allow(ruleset: int, path: str, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            access &= _FILE_ONLY
        kernel.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", access, place), 0)
    finally:
        os.close(place)
