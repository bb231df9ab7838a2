"""A run's live output, bounded: what the model said and what the tools answered, in order.

A screen reads it with `since`, at its own pace; the agent never waits for a screen.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a piece of a transcript is.

    `VOID` says why all text and thinking since the step began, or since the `VOID` before it, does not count.
    """

    STEP = "step"
    TEXT = "text"
    THINKING = "thinking"
    CALL = "call"
    RESULT = "result"
    VOID = "void"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece. `text` is foreign; `detail` is what opens under it (a tool's output); `ok` only for results."""

    kind: Kind
    text: str
    detail: str = ""
    ok: bool = True
    seconds: float | None = None


class Transcript:
    """The last `limit` pieces of one run."""

    def __init__(self, limit: int = 4000) -> None:
        self._pieces: deque[Piece] = deque(maxlen=limit)
        self._count = 0

    def add(self, piece: Piece) -> None:
        """Append a piece; the oldest goes when the transcript is full."""
        self._pieces.append(piece)
        self._count += 1

    def since(self, position: int) -> tuple[int, int, tuple[Piece, ...]]:
        """Pieces after `position` (0 for all): the new position, how many were dropped unseen, and the pieces."""
        first = self._count - len(self._pieces)
        dropped = max(0, first - position)
        start = max(0, position - first)
        return self._count, dropped, tuple(list(self._pieces)[start:])
