"""The program: `b4tui` and `python -m b4tui`. The egress guard stands before anything else is loaded (design 4.2)."""

from __future__ import annotations

from b4tui.escalation.guard import EgressGuard


def main() -> None:
    """Put the guard in, then read the command line."""
    guard = EgressGuard()
    guard.install()
    from b4tui.cli import main as run

    run(guard=guard)


if __name__ == "__main__":
    main()
