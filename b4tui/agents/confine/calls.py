"""Kernel calls by number, sorted by what a confined command may do with them.

Each line: the call's number on x86_64 and on aarch64; None where an architecture has no such call.
"""

from __future__ import annotations

Numbers = dict[str, tuple[int | None, int | None]]

# What no command needs and much has gone wrong with: new namespaces (in one of its own a process has all rights over
# what was never meant for it), mounts, keys (the session's keyring is shared with whoever started us), and ways around
# a filter or into the kernel.
NEVER: Numbers = {
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "unshare": (272, 97),
    "setns": (308, 268),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
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
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "syslog": (103, 116),
}

# What reaches beyond the command where no namespaces keep it in: sockets, other processes, memory and queues that a
# whole user shares, and watching what happens in folders that cannot be read.
SHARED: Numbers = {
    "socket": (41, 198),
    "connect": (42, 203),
    "bind": (49, 200),
    "listen": (50, 201),
    "accept": (43, 202),
    "accept4": (288, 242),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "ioprio_set": (251, 30),
    "shmget": (29, 194),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "msgget": (68, 186),
    "msgsnd": (69, 189),
    "msgrcv": (70, 188),
    "msgctl": (71, 187),
    "semget": (64, 190),
    "semop": (65, 193),
    "semctl": (66, 191),
    "semtimedop": (220, 192),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "inotify_add_watch": (254, 27),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "file_setattr": (469, 469),
}

# Signals to any process; Landlock's own scope does it better where there is one.
SIGNALS: Numbers = {
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
}

# Extended attributes, by name or on an open file: programs take "not supported" for an answer.
UNSUPPORTED: Numbers = {
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "getxattr": (191, 8),
    "lgetxattr": (192, 9),
    "listxattr": (194, 11),
    "llistxattr": (195, 12),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "getxattrat": (464, 464),
    "listxattrat": (465, 465),
    "removexattrat": (466, 466),
}

# Mode, owner and times: an owner may change them through a file that is open for reading only, which Landlock allows
# for the system. An error would stop git and every program that copies files, so these do nothing, and say they did.
WITHOUT_EFFECT: Numbers = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
}

# Calls that are allowed or not by their arguments; `seccomp` says how.
SOCKET, SOCKETPAIR = (41, 198), (53, 199)
CLONE, CLONE3 = (56, 220), (435, 435)
IOCTL, FCNTL, UTIMENSAT = (16, 29), (72, 25), (280, 88)
KILL, PRLIMIT, SETPRIORITY = (62, 129), (302, 261), (141, 140)
# Each of these takes the process first.
SCHEDULING = ((142, 118), (144, 119), (203, 122), (314, 274))  # _setparam, _setscheduler, _setaffinity, _setattr
