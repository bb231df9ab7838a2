"""What left for each run so far: a secret can be told in pieces over several payloads (research/gate.md 7, N17)."""

from __future__ import annotations

from collections import deque

PAYLOADS = 8
"""How many payloads of a run are remembered, the newest."""


class Window:
    """In memory only, and for as long as a run lives."""

    def __init__(self) -> None:
        self._texts: dict[str, deque[str]] = {}

    def before(self, run: str) -> tuple[str, ...]:
        """The bodies that left for a run as texts, the oldest first."""
        return tuple(self._texts.get(run, ()))

    def add(self, run: str, body: bytes) -> None:
        """A body leaves."""
        self._texts.setdefault(run, deque(maxlen=PAYLOADS)).append(body.decode("utf-8", "replace"))

    def forget(self, run: str) -> None:
        """A run is over."""
        self._texts.pop(run, None)
