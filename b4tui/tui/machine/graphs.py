"""A history of figures as a filled graph of blocks, eight heights to a cell. Pure.

Blocks and not braille dots: every font of a terminal has them, and they are what the other graphs here are made of.

The graph never stands alone: whoever draws one prints its figures beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

SPAN_S = 600.0
"""Seconds of history that a graph shows."""
EIGHTHS = 8
"""Heights of a cell that can be told apart."""
GAP_SAMPLES = 3
"""So many samples may fail to come before the graph shows a hole."""

_BLOCKS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Point:
    """A figure and when it was measured, in seconds of any one clock; None where it could not be had."""

    at: float
    value: float | None


@dataclass(frozen=True, slots=True)
class Extent:
    """The least, the newest and the largest figure of a history; None where there is none."""

    least: float | None
    now: float | None
    most: float | None


def extent(points: Sequence[Point], now: float | None) -> Extent:
    """What the history went through, `now` being the newest figure of all."""
    known = [point.value for point in points if point.value is not None]
    return Extent(min(known, default=None), now, max(known, default=None))


def bound(points: Sequence[Point], until: float, step: float) -> float:
    """The top of a graph whose figure has no natural one: the largest figure before `until`, up to the next `step`.

    With `until` at a whole second the scale changes once a second at most, whatever comes meanwhile.
    """
    known = [point.value for point in points if point.value is not None and point.at <= until]
    return step * max(1, math.ceil(max(known, default=0.0) / step))


def columns(points: Sequence[Point], until: float, count: int, span_s: float = SPAN_S) -> tuple[float | None, ...]:
    """The peak of each of `count` equal stretches of the last `span_s` seconds, oldest first; None for a hole.

    The stretches begin at whole multiples of their length, so that a graph moves by whole columns and its past stays
    as it was drawn.
    """
    if count < 1:
        return ()
    stretch = span_s / count
    first = math.floor(until / stretch) - count + 1
    peaks: list[float | None] = [None] * count
    for point in points:
        place = math.floor(point.at / stretch) - first
        if point.value is not None and 0 <= place < count:
            before = peaks[place]
            peaks[place] = point.value if before is None else max(before, point.value)
    return _bridged(peaks, points, stretch)


def _bridged(peaks: list[float | None], points: Sequence[Point], stretch: float) -> tuple[float | None, ...]:
    """Stretches without a figure keep the one before them where samples come more seldom than stretches do."""
    rhythm = (points[-1].at - points[0].at) / (len(points) - 1) if len(points) > 1 else 0.0
    longest = math.ceil(GAP_SAMPLES * rhythm / stretch) if rhythm > stretch else 0
    last = max((place for place, peak in enumerate(peaks) if peak is not None), default=-1)
    held, age = None, 0
    for place in range(last + 1):
        held, age = (peaks[place], 0) if peaks[place] is not None else (held, age + 1)
        peaks[place] = held if age <= longest else None
    return tuple(peaks)


def blocks(peaks: Sequence[float | None], top: float, rows: int) -> tuple[str, ...]:
    """Rows of cells, the uppermost first, a cell for each column. A figure of nought still shows; a hole does not.

    The largest figure leaves an eighth free, so that graphs under each other do not run into one another.
    """
    full = EIGHTHS * rows - 1
    heights = [0 if peak is None or top <= 0 else max(1, min(full, round(peak / top * full))) for peak in peaks]
    return tuple(
        "".join(_BLOCKS[max(0, min(EIGHTHS, height - floor))] for height in heights)
        for floor in range(EIGHTHS * (rows - 1), -1, -EIGHTHS)
    )
