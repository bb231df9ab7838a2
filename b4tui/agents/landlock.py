"""The sandbox that needs no program: Landlock for files, a seccomp filter for the network and other processes.

What it cannot hide: that a path exists, its size and times (`stat`), and where a link points. Changing the mode or
owner of a file does nothing in it, silently, inside as well as outside: Landlock does not restrict that, a filter sees
no paths, and an error instead would stop git and every program that copies files. A file that a command may read can
be locked, and its times can be changed if it belongs to whoever runs this program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from b4tui.agents.confine import rules, seccomp
from b4tui.agents.confine.places import readable
from b4tui.agents.confine.starting import Order, launcher


@dataclass(frozen=True, slots=True)
class Landlock:
    """Confine with the kernel's Landlock; `abi` is the version whose features are used."""

    abi: int
    kind: str = "landlock"

    @classmethod
    def find(cls) -> Landlock | str:
        """This kernel's Landlock, or why it will not do and what to do instead."""
        if not seccomp.known_machine():
            return "no filter is known for this kind of processor; install bubblewrap"
        version = rules.abi()
        if version < rules.OLDEST:
            has = f"has Landlock ABI {version}" if version else "has no Landlock"
            return f"this kernel {has} and ABI {rules.OLDEST} (Linux 6.2) is needed; install bubblewrap"
        return cls(version)

    def argv(self, command: Sequence[str], work: Path, tmp: Path) -> list[str]:
        """See `sandbox.Sandbox`."""
        order = Order(command=tuple(command), work=str(work), tmp=str(tmp), readable=readable(), landlock_abi=self.abi)
        return launcher(order)
