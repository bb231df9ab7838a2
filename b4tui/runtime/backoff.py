"""How long to wait before trying again: doubling, with a bound and jitter. Seconds."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Backoff:
    """`first` seconds after one failure, twice that after two, up to `most`; spread by up to a quarter downwards."""

    first: float
    most: float

    def delay(self, failures: int, random: Random) -> float:
        """The wait after this many failures in a row; 0 when there was none."""
        if failures <= 0:
            return 0.0
        doubled = self.first * 2.0 ** min(failures - 1, 60)
        return min(doubled, self.most) * (1.0 - 0.25 * random.random())
