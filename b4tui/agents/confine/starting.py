"""How the program starts the launcher."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

# Our package's folder goes last, so that nothing in it can stand in for the standard library.
_BOOT = "import sys; sys.path.append(sys.argv[1]); from b4tui.agents.confine.launch import main; main(sys.argv[2])"

# Where bubblewrap finds its filter (`seccomp.hand_over`).
FILTER_FD = 9


class Order(NamedTuple):  # no dataclass: importing that would be half of a launcher's start
    """What the launcher is to do. `landlock_abi` 0 means that the command confines itself (bubblewrap)."""

    command: tuple[str, ...]
    work: str
    tmp: str
    readable: tuple[str, ...] = ()
    landlock_abi: int = 0

    def as_text(self) -> str:
        """The order as the launcher's one argument."""
        return json.dumps(self._asdict())

    @classmethod
    def from_text(cls, text: str) -> Order:
        """The order back from the argument."""
        row = json.loads(text)
        return cls(
            command=tuple(row["command"]),
            work=row["work"],
            tmp=row["tmp"],
            readable=tuple(row["readable"]),
            landlock_abi=row["landlock_abi"],
        )


def launcher(order: Order) -> list[str]:
    """The argument list that carries out an order: a bare Python without site packages or our environment."""
    package_parent = Path(__file__).resolve().parents[3]
    return [sys.executable, "-I", "-S", "-c", _BOOT, str(package_parent), order.as_text()]


def bash(command: str) -> Sequence[str]:
    """A command line as a program: a fresh shell that reads no start-up file."""
    return ("/bin/bash", "--noprofile", "--norc", "-c", command)
