"""The launcher: starts one confined command, watches over it, and leaves nothing of it behind.

It runs in a process of its own with one thread, so that everything between fork and exec is safe. It stays outside the
confinement as the command's subreaper: whatever the command forks, however it detaches, ends up as our child, and is
killed when the command ends or when the lifeline (standard input) does, which also happens when the program dies.
"""

from __future__ import annotations

import os
import resource
import select
import signal
from contextlib import suppress
from pathlib import Path

from b4tui.agents.confine import kernel, rules, seccomp
from b4tui.agents.confine.starting import FILTER_FD, Order

COULD_NOT_START = 125

MAX_FILE_BYTES = 2 << 30
MAX_ADDRESS_SPACE = 64 << 30
MAX_PROCESSES = 4096

POLL_S = 0.005


def main(text: str) -> None:
    """Carry out the order and exit with the command's status."""
    order = Order.from_text(text)
    kernel.become_subreaper()
    child = os.fork()
    if child == 0:
        _start(order)
    status = _watch(child)
    _kill_all()
    os._exit(_exit_status(status))


def _start(order: Order) -> None:
    """In the child: confine, then become the command. Never returns."""
    try:
        os.setsid()
        kernel.die_with_parent()
        os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
        os.chdir(order.work)
        _limit()
        if order.landlock_abi:
            kernel.no_new_privileges()
            kernel.drop_capabilities()
            rules.restrict(order.landlock_abi, order.readable, (order.work, order.tmp))
            seccomp.install(signals_are_scoped=order.landlock_abi >= rules.SCOPES_SINCE)
        elif seccomp.known_machine():
            seccomp.hand_over(FILTER_FD)
        os.execv(order.command[0], list(order.command))
    except BaseException as error:
        os.write(2, f"b4tui: the command could not be confined, so it was not started: {error}\n".encode())
    os._exit(COULD_NOT_START)


def _limit() -> None:
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")  # when memory runs out, we go first
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, MAX_FILE_BYTES),
        (resource.RLIMIT_AS, MAX_ADDRESS_SPACE),
        (resource.RLIMIT_NPROC, MAX_PROCESSES),
    ):
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def _watch(child: int) -> int:
    """Wait for the command or for the end of the lifeline; the command's wait status (SIGKILL for the latter)."""
    ended = os.pidfd_open(child)
    poll = select.poll()
    poll.register(ended, select.POLLIN)
    poll.register(0, select.POLLIN | select.POLLHUP)
    while True:
        ready = {fd for fd, _ in poll.poll()}
        if ended in ready:
            return os.waitpid(child, 0)[1]
        if 0 in ready and not os.read(0, 4096):
            return signal.SIGKILL


def _kill_all() -> None:
    """Kill every descendant until none is left; those that lose their parent become our children meanwhile."""
    poll = select.poll()
    while True:
        for pid in _descendants(os.getpid()):
            _kill(pid)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        poll.poll(POLL_S * 1000)


def _kill(pid: int) -> None:
    """Kill a descendant with its process group: at one stroke, so that a chain of forks cannot run ahead of us."""
    with suppress(ProcessLookupError):
        group = os.getpgid(pid)
        if group != os.getpgrp():
            os.killpg(group, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)


def _descendants(root: int) -> list[int]:
    """Every process below `root`, from one walk over /proc."""
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and (parent := _parent(entry.path)) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def _parent(folder: str) -> int | None:
    try:
        stat = Path(folder, "stat").read_bytes()
    except OSError:
        return None
    return int(stat.rpartition(b")")[2].split()[1])


def _exit_status(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code
