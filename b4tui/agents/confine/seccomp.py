"""Seccomp filters: the kernel calls that a confined command may not make, on every kernel (linux/seccomp.h).

Two of them. With Landlock the filter is half of the sandbox: no socket of any family, no other process, nothing that a
user's processes share. Within bubblewrap's namespaces it closes what namespaces do not: sockets of families that have
none (`vsock` leads to the machine that hosts this one), the session's keys, and namespaces within namespaces.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import socket
import struct
from collections.abc import Iterator

from b4tui.agents.confine import calls, kernel

_PR_SET_SECCOMP, _FILTER = 22, 2

_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16

_X32_BIT = 0x40000000
_CLONE_NEW_USER = 0x10000000
_F_SETOWN, _F_SETOWN_EX = 8, 15
_IOCTL_WRITES, _IOCTL_TYPE = 0x40000000, 0xFF00
_FILE_ATTRIBUTES = (ord("f") << 8, ord("X") << 8)  # chattr, project ids, fs-verity
_PRIO_USER = 2
_FAMILIES_WITH_NAMESPACES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)

_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # audit architecture, column in `calls`

Instruction = tuple[int, int, int, int]
Body = list[Instruction]


def known_machine() -> bool:
    """Whether there is a filter for this processor."""
    return platform.machine() in _MACHINES


def install(*, signals_are_scoped: bool) -> None:
    """Filter this process and all it starts, for good; the half of the Landlock sandbox that Landlock is not.

    Needs `no_new_privileges` before. Raises OSError. `signals_are_scoped` when Landlock keeps signals inside; else a
    command can signal its own group only.
    """
    code = _code(_without_namespaces(signals_are_scoped))
    buffer = ctypes.create_string_buffer(code, len(code))
    header = ctypes.create_string_buffer(struct.pack("@HP", len(code) // 8, ctypes.addressof(buffer)))
    kernel.prctl(_PR_SET_SECCOMP, _FILTER, header)


def hand_over(number: int) -> None:
    """Open the filter for bubblewrap's namespaces as file `number`, for `bwrap --seccomp`."""
    file = os.memfd_create("seccomp")
    os.write(file, _code(_within_namespaces()))
    os.lseek(file, 0, os.SEEK_SET)
    os.dup2(file, number)


def _code(program: Iterator[Instruction]) -> bytes:
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _within_namespaces() -> Iterator[Instruction]:
    _, column = _MACHINES[platform.machine()]
    yield from _beginning()
    yield from _answered(calls.NEVER, errno.EPERM, column)
    yield from _on(calls.SOCKET[column], _one_of(0, _FAMILIES_WITH_NAMESPACES, errno.EAFNOSUPPORT))
    yield from _on(calls.CLONE[column], _no_user_namespace())
    yield _answer(_ALLOW)


def _without_namespaces(signals_are_scoped: bool) -> Iterator[Instruction]:
    _, column = _MACHINES[platform.machine()]
    yield from _beginning()
    yield from _answered(calls.NEVER | calls.SHARED, errno.EACCES, column)
    yield from _answered(calls.UNSUPPORTED, errno.EOPNOTSUPP, column)
    yield from _answered(calls.WITHOUT_EFFECT, 0, column)
    yield from _on(calls.SOCKETPAIR[column], _pair_of_streams())
    yield from _on(calls.CLONE[column], _no_user_namespace())
    yield from _on(calls.UTIMENSAT[column], _times_of_an_open_file())
    yield from _on(calls.IOCTL[column], _no_file_attributes())
    yield from _on(calls.PRLIMIT[column], _one_of(0, (0,), errno.EPERM))
    yield from _on(calls.SETPRIORITY[column], _own_priority())
    for numbers in calls.SCHEDULING:
        yield from _on(numbers[column], _one_of(0, (0,), errno.EPERM))
    if not signals_are_scoped:
        yield from _answered(calls.SIGNALS, errno.EACCES, column)
        yield from _on(calls.KILL[column], _one_of(0, (0,), errno.EPERM))
        yield from _on(calls.FCNTL[column], _no_new_owner())
    yield _answer(_ALLOW)


def _beginning() -> Iterator[Instruction]:
    """Calls of another architecture end the process; clone3 is not there, and C libraries fall back to clone."""
    architecture, column = _MACHINES[platform.machine()]
    yield _load(_ARCH_AT)
    yield (_JUMP_EQUAL, 1, 0, architecture)
    yield _answer(_KILL)
    yield _load(_NUMBER_AT)
    yield (_JUMP_AT_LEAST, 0, 1, _X32_BIT)
    yield _refused(errno.EPERM)
    # Its flags are out of a filter's sight.
    yield from _on(calls.CLONE3[column], [_refused(errno.ENOSYS)])


def _answered(table: calls.Numbers, error: int, column: int) -> Iterator[Instruction]:
    for numbers in table.values():
        number = numbers[column]
        if number is not None:
            yield from _on(number, [_refused(error)])


def _on(number: int, body: Body) -> Iterator[Instruction]:
    """For one call; the body ends with an answer."""
    yield (_JUMP_EQUAL, 0, len(body), number)
    yield from body


def _one_of(index: int, allowed: tuple[int, ...], error: int) -> Body:
    tests: Body = [(_JUMP_EQUAL, len(allowed) - place, 0, value) for place, value in enumerate(allowed)]
    return [_argument(index), *tests, _refused(error), _answer(_ALLOW)]


def _no_user_namespace() -> Body:
    return [_argument(0), (_JUMP_ANY, 0, 1, _CLONE_NEW_USER), _refused(errno.EPERM), _answer(_ALLOW)]


def _pair_of_streams() -> Body:
    """A pair of stream sockets can reach nobody else; one of datagrams could be sent to any path."""
    return [
        _argument(0),
        (_JUMP_EQUAL, 0, 3, socket.AF_UNIX),
        _argument(1),
        (_AND, 0, 0, 0xF),
        (_JUMP_EQUAL, 1, 0, socket.SOCK_STREAM),
        _refused(errno.EPERM),
        _answer(_ALLOW),
    ]


def _times_of_an_open_file() -> Body:
    """With a path it would change the times of any file, and has no effect; without one it means an open file."""
    return [
        _argument(1),
        (_JUMP_EQUAL, 0, 2, 0),
        _argument(1, high=True),
        (_JUMP_EQUAL, 1, 0, 0),
        _refused(0),
        _answer(_ALLOW),
    ]


def _no_file_attributes() -> Body:
    """They need no file that is open for writing."""
    tests: Body = [
        (_JUMP_EQUAL, len(_FILE_ATTRIBUTES) - place, 0, _IOCTL_WRITES | kind)
        for place, kind in enumerate(_FILE_ATTRIBUTES)
    ]
    return [_argument(1), (_AND, 0, 0, _IOCTL_WRITES | _IOCTL_TYPE), *tests, _answer(_ALLOW), _refused(errno.EPERM)]


def _own_priority() -> Body:
    """Its own process or group alone, not all of the user's."""
    return [
        _argument(0),
        (_JUMP_AT_LEAST, 2, 0, _PRIO_USER),
        _argument(1),
        (_JUMP_EQUAL, 1, 0, 0),
        _refused(errno.EPERM),
        _answer(_ALLOW),
    ]


def _no_new_owner() -> Body:
    """Whoever owns a file's signals is sent them."""
    return [
        _argument(1),
        (_JUMP_EQUAL, 1, 0, _F_SETOWN),
        (_JUMP_EQUAL, 0, 1, _F_SETOWN_EX),
        _refused(errno.EPERM),
        _answer(_ALLOW),
    ]


def _load(offset: int) -> Instruction:
    return (_LOAD, 0, 0, offset)


def _argument(index: int, *, high: bool = False) -> Instruction:
    """Both architectures are little-endian: the low half of a 64-bit argument comes first."""
    return _load(_ARGUMENTS_AT + 8 * index + (4 if high else 0))


def _answer(value: int) -> Instruction:
    return (_RETURN, 0, 0, value)


def _refused(error: int) -> Instruction:
    return _answer(_ERRNO | error)
