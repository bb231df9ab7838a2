"""Tokens a second of each run, counted as the pieces come: one piece is one token on every server measured."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

_HISTORY = 60
_WINDOW_S = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """`tokens_per_s` is the speed while pieces came in the last second, None when none did.

    `rates` is what came in each second, oldest first: silence counts there, as it must in a sum.
    """

    tokens_per_s: float | None
    rates: tuple[float, ...]


class _Count:
    """One run: pieces by tick for the window, and by second for the history."""

    __slots__ = ("pieces", "rates", "second_began", "second_pieces", "ticks")

    def __init__(self, at: float) -> None:
        self.pieces = 0
        self.ticks: deque[tuple[float, int]] = deque([(at, 0)])
        self.second_began = at
        self.second_pieces = 0
        self.rates: deque[float] = deque(maxlen=_HISTORY)

    def read(self, at: float) -> Reading:
        self.ticks.append((at, self.pieces))
        while len(self.ticks) > 2 and at - self.ticks[1][0] >= _WINDOW_S:
            self.ticks.popleft()
        if at - self.second_began >= _WINDOW_S:
            self.rates.append(round((self.pieces - self.second_pieces) / (at - self.second_began), 1))
            self.second_began, self.second_pieces = at, self.pieces
        return Reading(self._speed(), tuple(self.rates))

    def _speed(self) -> float | None:
        """Pieces a second over the ticks in which any came.

        Ollama is silent while a model writes a tool call, and a burst of text seldom fills a second: the silence would
        make a model of 40 tokens a second look like one of three. The ticks in which a burst begins and ends are only
        partly filled, so they count where there is nothing between them.
        """
        spans = [(now - before, pieces - had) for (before, had), (now, pieces) in pairwise(self.ticks) if pieces > had]
        spans = spans[1:-1] or spans
        seconds = sum(span for span, _ in spans)
        return round(sum(came for _, came in spans) / seconds, 1) if seconds > 0 else None


class Meter:
    """Counts pieces as they come (one addition each) and is read a few times a second. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    def begin(self, run: str, at: float) -> None:
        """A run starts."""
        self._counts[run] = _Count(at)

    def piece(self, run: str) -> None:
        """A piece came."""
        count = self._counts.get(run)
        if count is not None:
            count.pieces += 1

    def end(self, run: str) -> None:
        """A run ended; forget it."""
        self._counts.pop(run, None)

    def read(self, at: float) -> Mapping[str, Reading]:
        """What every run streams now."""
        return {run: count.read(at) for run, count in self._counts.items()}
