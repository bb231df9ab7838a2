"""A seccomp filter: the kernel calls that a confined command may not make, on every kernel (linux/seccomp.h).

No socket of any family, no other process's memory or limits, no new namespace, no mount, no io_uring (which would go
around this filter). `chmod` and its kin by path succeed and do nothing, see `agents/landlock.py`; the same calls on an
open file work, since opening is Landlock's business.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct
from collections.abc import Iterator

from b4tui.agents.confine import kernel

_PR_SET_SECCOMP, _FILTER = 22, 2

_KILL, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_ANY, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER_AT, _ARCH_AT, _ARGUMENTS_AT = 0, 4, 16

_X32_BIT = 0x40000000
_CLONE_NEW_USER = 0x10000000
_F_SETOWN, _F_SETOWN_EX = 8, 15

_MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # audit architecture, column below

# Numbers of the calls: x86_64, aarch64; None where an architecture has no such call.
_DENIED: dict[str, tuple[int | None, int | None]] = {
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "open_by_handle_at": (304, 265),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "adjtimex": (159, 171),
    "clock_adjtime": (305, 266),
    "quotactl": (179, 60),
    "acct": (163, 89),
    "syslog": (103, 116),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    "mq_open": (240, 180),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}
_WITHOUT_EFFECT: dict[str, tuple[int | None, int | None]] = {
    "chmod": (90, None),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
}
_SIGNALS: dict[str, tuple[int | None, int | None]] = {
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}
_SOCKETPAIR, _CLONE, _CLONE3 = (53, 199), (56, 220), (435, 435)
_PRLIMIT, _KILL_CALL, _FCNTL, _UTIMENSAT = (302, 261), (62, 129), (72, 25), (280, 88)

Instruction = tuple[int, int, int, int]


def known_machine() -> bool:
    """Whether there is a filter for this processor."""
    return platform.machine() in _MACHINES


def install(*, signals_are_scoped: bool) -> None:
    """Filter this process and all it starts, for good. Needs `no_new_privileges` before. Raises OSError.

    `signals_are_scoped` when Landlock keeps signals inside; else a command can signal its own group only.
    """
    architecture, column = _MACHINES[platform.machine()]
    program = list(_program(architecture, column, signals_are_scoped))
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    buffer = ctypes.create_string_buffer(code)
    header = ctypes.create_string_buffer(struct.pack("@HP", len(program), ctypes.addressof(buffer)))
    kernel.prctl(_PR_SET_SECCOMP, _FILTER, header)


def _program(architecture: int, column: int, signals_are_scoped: bool) -> Iterator[Instruction]:
    yield _load(_ARCH_AT)
    yield (_JUMP_EQUAL, 1, 0, architecture)
    yield _answer(_KILL)
    yield _load(_NUMBER_AT)
    yield (_JUMP_AT_LEAST, 0, 1, _X32_BIT)
    yield _answer(_error(errno.EPERM))
    denied = _DENIED if signals_are_scoped else _DENIED | _SIGNALS
    for calls, result in ((denied, _error(errno.EACCES)), (_WITHOUT_EFFECT, _error(0))):
        for numbers in calls.values():
            number = numbers[column]
            if number is not None:
                yield (_JUMP_EQUAL, 0, 1, number)
                yield _answer(result)
    yield (_JUMP_EQUAL, 0, 1, _CLONE3[column])
    yield _answer(_error(errno.ENOSYS))  # its flags are out of a filter's sight; C libraries fall back to clone
    for number, body in _looking_at_arguments(column, signals_are_scoped):
        yield (_JUMP_EQUAL, 0, len(body), number)
        yield from body
    yield _answer(_ALLOW)


def _looking_at_arguments(column: int, signals_are_scoped: bool) -> Iterator[tuple[int, list[Instruction]]]:
    """Calls that are allowed or not by their arguments; each body ends with an answer."""
    no, yes = _answer(_error(errno.EPERM)), _answer(_ALLOW)
    # A pair of stream sockets can reach nobody else; one of datagrams could be sent to any path.
    yield (
        _SOCKETPAIR[column],
        [
            _argument(0),
            (_JUMP_EQUAL, 0, 3, socket.AF_UNIX),
            _argument(1),
            (_AND, 0, 0, 0xF),
            (_JUMP_EQUAL, 1, 0, socket.SOCK_STREAM),
            no,
            yes,
        ],
    )
    yield _CLONE[column], [_argument(0), (_JUMP_ANY, 0, 1, _CLONE_NEW_USER), no, yes]
    yield _PRLIMIT[column], [_argument(0), (_JUMP_EQUAL, 1, 0, 0), no, yes]
    # With a path it would change the times of any file; without one it changes those of an open file.
    yield (
        _UTIMENSAT[column],
        [
            _argument(1),
            (_JUMP_EQUAL, 0, 2, 0),
            _argument(1, high=True),
            (_JUMP_EQUAL, 1, 0, 0),
            _answer(_error(0)),
            yes,
        ],
    )
    if not signals_are_scoped:
        yield _KILL_CALL[column], [_argument(0), (_JUMP_EQUAL, 1, 0, 0), no, yes]
        yield (
            _FCNTL[column],
            [_argument(1), (_JUMP_EQUAL, 1, 0, _F_SETOWN), (_JUMP_EQUAL, 0, 1, _F_SETOWN_EX), no, yes],
        )


def _load(offset: int) -> Instruction:
    return (_LOAD, 0, 0, offset)


def _argument(index: int, *, high: bool = False) -> Instruction:
    """Both architectures are little-endian: the low half of a 64-bit argument comes first."""
    return _load(_ARGUMENTS_AT + 8 * index + (4 if high else 0))


def _answer(value: int) -> Instruction:
    return (_RETURN, 0, 0, value)


def _error(number: int) -> int:
    return _ERRNO | number
