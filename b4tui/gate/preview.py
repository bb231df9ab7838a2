"""What is shown of a value that was found: enough to know it again, never enough to use it (research/gate.md N20)."""

from __future__ import annotations

MASK = "••••"
_SHOWN_FROM = 16


def preview(value: str) -> str:
    """The first two and the last two characters of a value of sixteen or more; of a shorter one nothing."""
    if len(value) < _SHOWN_FROM:
        return MASK
    return f"{_printable(value[:2])}{MASK}{_printable(value[-2:])}"


def _printable(text: str) -> str:
    return "".join(char if char.isascii() and char.isprintable() else "•" for char in text)
