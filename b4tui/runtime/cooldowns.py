"""Beads that an agent reached for in vain are left alone for a moment, longer each time."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from b4tui.runtime.backoff import Backoff


class Cooldowns:
    """Until when each bead is left alone. `clock` is monotonic seconds."""

    def __init__(self, backoff: Backoff, clock: Callable[[], float], random: Random) -> None:
        self._backoff = backoff
        self._clock = clock
        self._random = random
        self._until: dict[str, tuple[int, float]] = {}

    def hit(self, bead_id: str) -> None:
        """Somebody else had it, or it was not as the board said a moment ago."""
        times = self._until.get(bead_id, (0, 0.0))[0] + 1
        self._until[bead_id] = (times, self._clock() + self._backoff.delay(times, self._random))

    def clear(self, bead_id: str) -> None:
        """It was worked on, or the operator wants it tried now."""
        self._until.pop(bead_id, None)

    def remaining(self, bead_id: str) -> float:
        """Seconds until the bead may be tried; 0 when it may be now."""
        known = self._until.get(bead_id)
        return max(0.0, known[1] - self._clock()) if known else 0.0
