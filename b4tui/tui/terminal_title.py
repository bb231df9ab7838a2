"""The terminal's title: how many approvals wait, for those who look elsewhere (research/textual.md 5.2). Pure."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from b4tui.tui import words
from b4tui.tui.paint import plain

NAME = "b4tui"
KEEP, RESTORE = "\x1b[22;2t", "\x1b[23;2t"
"""Put the title on the terminal's stack, and take it from there again (xterm's window operations)."""
_LONGEST = 80
_WITHOUT = frozenset({"", "dumb", "linux"})
"""Terminals that have no title, and would print the sequence or part of it."""


@runtime_checkable
class Titled(Protocol):
    """A driver of a terminal that has a title."""

    def entitle(self, title: str) -> None:
        """Give it this title."""


def takes_titles(term: str) -> bool:
    """Whether a terminal of this TERM has a title."""
    return term not in _WITHOUT


def title_of(waiting: int) -> str:
    """`b4tui`, and how many approvals wait. Nothing of what they are about: titles are seen and kept by others."""
    return f"{NAME} · {words.plural(waiting, 'approval')}" if waiting else NAME


def title_sequence(title: str) -> str:
    """What sets the title (OSC 2); nothing in it ends the sequence early."""
    return f"\x1b]2;{plain(title, _LONGEST)}\x1b\\"
