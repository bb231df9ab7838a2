"""Tokens a second of each run, counted as the pieces come: one piece is one token on every server measured."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

_HISTORY = 60
_WINDOW_S = 1.0
_SHORTEST_S = 0.1
_REMEMBERED = 1024  # pieces of one window, at a thousand tokens a second


@dataclass(frozen=True, slots=True)
class Reading:
    """`tokens_per_s` is the speed at which the pieces of the last second came, None when too few did to tell.

    `rates` is what came in each second, oldest first: silence counts there, as it must in a sum.
    """

    tokens_per_s: float | None
    rates: tuple[float, ...]


class _Count:
    """One run: when its latest pieces came, and how many came in each second."""

    __slots__ = ("pieces", "rates", "second_began", "times")

    def __init__(self, at: float) -> None:
        self.pieces = 0
        self.second_began = at
        self.times: deque[float] = deque(maxlen=_REMEMBERED)
        self.rates: deque[float] = deque(maxlen=_HISTORY)

    def read(self, at: float) -> Reading:
        while self.times and at - self.times[0] > _WINDOW_S:
            self.times.popleft()
        if at - self.second_began >= _WINDOW_S:
            self.rates.append(round(self.pieces / (at - self.second_began), 1))
            self.second_began, self.pieces = at, 0
        return Reading(self._speed(), tuple(self.rates))

    def _speed(self) -> float | None:
        """Pieces a second from the first to the last of the window.

        Ollama is silent while a model writes a tool call, and a burst of text seldom fills a second: counted over the
        whole second, a model of 40 tokens a second would look like one of three. Pieces that one packet brought
        together say nothing of the speed.
        """
        spent = self.times[-1] - self.times[0] if self.times else 0.0
        return round((len(self.times) - 1) / spent, 1) if spent >= _SHORTEST_S else None


class Meter:
    """Counts pieces as they come and is read a few times a second. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    def begin(self, run: str, at: float) -> None:
        """A run starts."""
        self._counts[run] = _Count(at)

    def piece(self, run: str, at: float) -> None:
        """A piece came."""
        count = self._counts.get(run)
        if count is not None:
            count.pieces += 1
            count.times.append(at)

    def end(self, run: str) -> None:
        """A run ended; forget it."""
        self._counts.pop(run, None)

    def read(self, at: float) -> Mapping[str, Reading]:
        """What every run streams now."""
        return {run: count.read(at) for run, count in self._counts.items()}
