"""The probe: run inside a sandbox, it tries what must fail and what must work, and says `held` or what got through.

It is handed to `python -c` as text, so that the sandbox needs no access to this package.
"""

import socket
import sys
from collections.abc import Callable
from pathlib import Path

HELD = "held"


def fails(attempt: Callable[[], object]) -> bool:
    """Whether the attempt is refused."""
    try:
        attempt()
    except OSError:
        return True
    return False


def inside_works() -> bool:
    """Whether the work folder (the current one) can be written and read."""
    Path("inside").write_text("x", encoding="utf-8")
    return Path("inside").read_text(encoding="utf-8") == "x"


def reach_out() -> None:
    """Send a datagram to an address that needs a route: succeeds wherever there is a network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.connect(("192.0.2.1", 9))


def reach_the_host() -> None:
    """Make a socket that leads from a virtual machine to the one that hosts it."""
    with socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM):
        pass


def change_the_kernel() -> None:
    """Open one of the kernel's settings for writing, as a program that root runs could."""
    with Path("/proc/sys/kernel/core_pattern").open("r+", encoding="ascii"):
        pass


def verdict(outside: Path) -> str:
    """`held`, or what the sandbox let through."""
    checks = (
        ("the work folder cannot be used", inside_works()),
        ("a file outside could be read", fails((outside / "secret").read_text)),
        ("a file outside could be written", fails(lambda: (outside / "made").write_text("x"))),
        ("the network could be reached", fails(reach_out)),
        ("the machine's host could be reached", fails(reach_the_host)),
        ("the kernel's settings could be changed", fails(change_the_kernel)),
    )
    return next((what for what, fine in checks if not fine), HELD)


if __name__ == "__main__":
    sys.stdout.write(verdict(Path(sys.argv[1])))
