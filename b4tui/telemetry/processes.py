"""The processes that keep models in memory, by psutil.

Reading every command line of a machine each second would cost more than all other figures together. So the list of
processes is gone through every few seconds, and of it only those that are new; what was passed over is looked at again
now and then, because a process may become another program, and its number may be given to another one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from b4tui.telemetry.programs import has_server, recognise, served_model, starts, takes_in_orphans
from b4tui.telemetry.types import ModelProcess, Program

SCAN_EVERY_S = 5.0
_WHOLE_EVERY = 6  # scans
_GENERATIONS = 3  # from a process of vLLM up to its server


@dataclass(slots=True)
class _Found:
    """A model server's process, and the number of the one that started it; `had_server` once it was seen below one."""

    process: psutil.Process
    program: Program
    weights: str
    parent: int = 0
    had_server: bool = False
    orphan: bool = False
    ours: bool = False


class ProcessReader:
    """Finds model servers' processes. `clock` is monotonic, in seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._scanned_at: float | None = None
        self._scans = 0
        self._found: dict[int, _Found] = {}
        self._passed: set[int] = set()
        self._seen_once: set[int] = set()

    def read(self) -> tuple[ModelProcess, ...]:
        """The processes with what they keep in memory now, in order of their numbers. Never raises for a process."""
        now = self._clock()
        if self._scanned_at is None or now - self._scanned_at >= SCAN_EVERY_S:
            self._scanned_at = now
            self._scan()
        guards = {found.parent for found in self._found.values() if found.program is Program.EMBEDDED}
        read = [_measured(pid, found) for pid, found in sorted(self._found.items()) if pid not in guards]
        return tuple(process for process in read if process is not None)

    def _scan(self) -> None:
        pids = set(psutil.pids())
        whole = self._scans % _WHOLE_EVERY == 0
        self._scans += 1
        for pid in pids if whole else pids - self._passed - self._found.keys():
            self._look(pid, for_good=whole or pid in self._seen_once)
        self._passed &= pids
        self._seen_once &= pids - self._passed
        for pid, found in tuple(self._found.items()):
            if pid not in pids or not found.process.is_running():
                del self._found[pid]
            else:
                _judge(found)

    def _look(self, pid: int, *, for_good: bool) -> None:
        """Recognise a process. One that was born just now is looked at twice: it may not be itself yet."""
        try:
            process = psutil.Process(pid)
            known = self._found.get(pid)
            if known is not None and known.process == process:
                return
            told = recognise(process.cmdline())
        except psutil.Error:
            told = None
        if told is not None:
            self._found[pid] = _Found(process, told[0], told[1] or _from_above(process, told[0]))
            return
        self._found.pop(pid, None)
        (self._passed if for_good else self._seen_once).add(pid)


def _measured(pid: int, found: _Found) -> ModelProcess | None:
    """The process with its memory; None for one that ended."""
    try:
        memory = found.process.memory_info()
    except psutil.AccessDenied:
        memory = None
    except psutil.Error:
        return None
    if memory is not None and not memory.rss:
        return None  # it ended, and nobody has taken note of that yet
    return ModelProcess(
        pid=pid,
        program=found.program,
        memory=memory.rss if memory else None,
        mapped=getattr(memory, "shared", None),
        weights=found.weights,
        orphan=found.orphan,
        ours=found.ours,
    )


def _judge(found: _Found) -> None:
    """Whether its server is still there."""
    try:
        parent = found.process.ppid()
    except psutil.Error:
        return
    found.parent = parent
    above = {parent, _parent(parent)} if found.program is Program.EMBEDDED else {parent}
    found.ours = os.getpid() in above
    command = _command(parent)
    if found.ours or starts(command, found.program, found.weights):
        found.had_server, found.orphan = True, False
    elif found.had_server:
        found.orphan = True
    else:
        found.orphan = has_server(found.program, found.weights) and (parent <= 1 or takes_in_orphans(command))


def _from_above(process: psutil.Process, program: Program) -> str:
    """What a process of vLLM serves, as the server above it was told."""
    for _ in range(_GENERATIONS if program is Program.VLLM else 0):
        try:
            process = psutil.Process(process.ppid())
            model = served_model(process.cmdline())
        except psutil.Error:
            return ""
        if model:
            return model
    return ""


def _parent(pid: int) -> int:
    """The parent's number: above an embedded engine's server is its guard, and above that the program that uses it."""
    try:
        return psutil.Process(pid).ppid()
    except psutil.Error:
        return 0


def _command(pid: int) -> Sequence[str]:
    try:
        return psutil.Process(pid).cmdline()
    except psutil.Error:
        return ()
