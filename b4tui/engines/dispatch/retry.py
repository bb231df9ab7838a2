"""What to do when an answer fails: the table of research/runtime.md 1.11, pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from b4tui.engines.types import FailureKind

TRIES = 3
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 8.0


class Remedy(StrEnum):
    """What to do about a failure."""

    AGAIN = "again"  # the same request to the same engine, after a wait
    ON_CPU = "on cpu"  # the same model without the GPU
    ELSEWHERE = "elsewhere"  # the next engine in order
    GIVE_UP = "give up"  # the request itself is at fault, or somebody must do something first


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do, and how many seconds to wait before."""

    remedy: Remedy
    delay_s: float = 0.0


_AGAIN_OFTEN = frozenset({FailureKind.BUSY, FailureKind.UNREACHABLE})
_AGAIN_ONCE = frozenset({FailureKind.CRASHED, FailureKind.INCOMPLETE})
_NO_GPU = frozenset({FailureKind.OUT_OF_MEMORY, FailureKind.GPU})
_GIVE_UP = frozenset({FailureKind.OVERFLOW, FailureKind.TOOL_FORMAT, FailureKind.REFUSED})


def advise(kind: FailureKind, failures: int, *, can_leave_gpu: bool, random: Random) -> Advice:
    """What to do after this failure, which is the request's `failures`-th of its kind on this engine, from 1.

    A full queue and a server that is not there pass by themselves; a crash may be chance once; memory that did not
    suffice does not suffice a moment later; everything else would only fail the same way.
    """
    if kind in _GIVE_UP:
        return Advice(Remedy.GIVE_UP)
    if kind in _NO_GPU:
        return Advice(Remedy.ON_CPU if can_leave_gpu else Remedy.ELSEWHERE)
    if (kind in _AGAIN_OFTEN and failures < TRIES) or (kind in _AGAIN_ONCE and failures < 2):
        return Advice(Remedy.AGAIN, _delay(failures, random))
    return Advice(Remedy.ELSEWHERE)


def _delay(failures: int, random: Random) -> float:
    """Doubling from half a second, spread by up to half, so that agents do not come back all at once."""
    return min(FIRST_DELAY_S * 2.0 ** (failures - 1), LONGEST_DELAY_S) * (1.0 - 0.5 * random.random())
