"""How far a pull is, over all its layers: bytes, rate, and time left."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from b4tui.engines.interface import PullProgress

WINDOW_S = 10.0
_SOON_S = 0.5  # a rate from less than this is chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A pull at one instant: the server's words; bytes that are there and that are known of.

    `rate` in bytes a second over the last seconds, `left_s` at that rate; None until there is something to measure. A
    server says how large a layer is when it begins it, so `total` may still grow.
    """

    status: str
    completed: int
    total: int
    rate: float | None
    left_s: float | None


class Tally:
    """Sums the layers of one pull. `clock` counts seconds.

    What was there before the pull began counts as there, and not as having come: a pull that goes on is not fast.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._layers: dict[str, tuple[int, int]] = {}
        self._arrived = 0
        self._seen: deque[tuple[float, int]] = deque()

    def add(self, progress: PullProgress) -> Standing:
        """Take in the server's next word."""
        if progress.digest:
            self._take(progress)
        completed = sum(done for done, _ in self._layers.values())
        total = sum(size for _, size in self._layers.values())
        rate = self._rate()
        left_s = (total - completed) / rate if rate and total > completed else None
        return Standing(status=progress.status, completed=completed, total=total, rate=rate, left_s=left_s)

    def _take(self, progress: PullProgress) -> None:
        known = self._layers.get(progress.digest)
        size = max(progress.total, known[1] if known else 0)
        done = min(max(progress.completed, known[0] if known else 0), size)
        if known is not None and known != (0, size):
            self._arrived += done - known[0]
        # The first figure above nothing is where the layer stood when this pull came to it.
        self._layers[progress.digest] = (done, size)
        now = self._clock()
        self._seen.append((now, self._arrived))
        while now - self._seen[0][0] > WINDOW_S and len(self._seen) > 2:
            self._seen.popleft()

    def _rate(self) -> float | None:
        if not self._seen:
            return None
        (since, before), (now, arrived) = self._seen[0], self._seen[-1]
        if now - since < _SOON_S or arrived == before:
            return None
        return (arrived - before) / (now - since)
