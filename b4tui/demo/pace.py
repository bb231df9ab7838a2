"""How fast the simulated machine computes, and what it therefore reports."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass

PREFILL_TOKENS_PER_S = 3000.0
LOAD_SECONDS = 0.6


@dataclass(frozen=True, slots=True)
class Pace:
    """A speed: 1 is a good GPU, 20 is twenty times that; 0 and infinity mean that nothing waits."""

    speed: float = 1.0
    tokens_per_s: float = 40.0

    def __post_init__(self) -> None:
        if self.speed < 0 or math.isnan(self.speed) or self.tokens_per_s <= 0:
            raise ValueError(f"a speed is a number from 0 upwards, not {self.speed}")

    @property
    def waits(self) -> bool:
        """Whether anything takes time at all."""
        return 0 < self.speed < math.inf

    async def seconds(self, seconds: float) -> None:
        """Let so much simulated time pass."""
        await asyncio.sleep(seconds / self.speed if self.waits else 0)


class Stopwatch:
    """Durations in nanoseconds, as Ollama reports them; never 0, because a rate is computed from them."""

    def __init__(self) -> None:
        self._start = time.perf_counter_ns()

    def lap(self) -> int:
        """Nanoseconds since the start."""
        return max(1, time.perf_counter_ns() - self._start)


class Metronome:
    """Holds a stream to its pace without drifting: each piece is due at a time counted from the first."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._start = time.perf_counter()
        self._tokens = 0

    async def tick(self, tokens: int) -> None:
        """Wait until so many more tokens would have been made."""
        self._tokens += tokens
        if not self._pace.waits:
            await asyncio.sleep(0)
            return
        due = self._start + self._tokens / (self._pace.tokens_per_s * self._pace.speed)
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
