"""The sandbox of the bubblewrap program (`bwrap`): namespaces of its own for files, processes, network and users."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from b4tui.agents.confine import seccomp
from b4tui.agents.confine.places import ETC, SYSTEM, prefixes
from b4tui.agents.confine.starting import FILTER_FD, Order, launcher


@dataclass(frozen=True, slots=True)
class Bubblewrap:
    """Confine with the program at `program`."""

    program: str
    kind: str = "bubblewrap"

    @classmethod
    def find(cls) -> Bubblewrap | str:
        """The installed program, or what to do to have it."""
        program = shutil.which("bwrap")
        return cls(program) if program else "bwrap is not installed (package bubblewrap)"

    def argv(self, command: Sequence[str], work: Path, tmp: Path) -> list[str]:
        """See `sandbox.Sandbox`."""
        wrapped = (self.program, *_namespaces(), *_files(work, tmp), "--", *command)
        return launcher(Order(command=wrapped, work=str(work), tmp=str(tmp)))


def _namespaces() -> tuple[str, ...]:
    filtered = ("--seccomp", str(FILTER_FD)) if seccomp.known_machine() else ()
    return ("--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", *filtered)


def _files(work: Path, tmp: Path) -> list[str]:
    """The mounts, in order: what comes later lies over what came before (a hub may be in /tmp)."""
    arguments: list[str] = []
    for place in SYSTEM:
        if Path(place).is_symlink():
            arguments += ["--symlink", str(Path(place).readlink()), place]
        elif Path(place).exists():
            arguments += ["--ro-bind", place, place]
    for place in ETC:
        arguments += ["--ro-bind-try", place, place]
    # The kernel's settings are files in /proc that belong to root: a program that root runs could write them.
    arguments += ["--proc", "/proc", "--remount-ro", "/proc"]
    # Shared memory is kept on disk, where it is bounded as temporary files are.
    arguments += ["--dev", "/dev", "--bind", str(tmp), "/dev/shm", "--remount-ro", "/dev"]
    arguments += ["--bind", str(tmp), "/tmp"]
    for place in prefixes():
        arguments += ["--ro-bind-try", place, place]
    arguments += ["--bind", str(work), str(work), "--remount-ro", "/"]
    arguments += ["--setenv", "HOME", "/tmp", "--setenv", "TMPDIR", "/tmp", "--chdir", str(work)]
    return arguments
