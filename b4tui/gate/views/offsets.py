"""Which stretch of a text each stretch of its reading came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Offsets:
    """A reading in pieces, in order. Piece n begins at `starts[n]` and stands for `origins[n]` to `ends[n]`.

    A piece as long as what it stands for stands for it character by character, unless the reading is `opaque`; any
    other one stands for all of it: whatever lies in such a piece is the whole encoded stretch.
    """

    starts: Sequence[int]
    origins: Sequence[int]
    ends: Sequence[int]
    length: int
    opaque: bool = False

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the text that `start` to `end` of the reading came from."""
        if not self.starts:
            return 0, 0
        first = self._piece(start)
        last = self._piece(max(start, end - 1))
        begin, finish = self.origins[first], self.ends[last]
        if self._plain(first):
            begin = min(begin + start - self.starts[first], self.ends[first])
        if self._plain(last):
            finish = min(self.origins[last] + max(start, end) - self.starts[last], self.ends[last])
        return begin, max(begin, finish)

    def _piece(self, at: int) -> int:
        return max(0, bisect_right(self.starts, at) - 1)

    def _plain(self, piece: int) -> bool:
        if self.opaque:
            return False
        after = self.starts[piece + 1] if piece + 1 < len(self.starts) else self.length
        return after - self.starts[piece] == self.ends[piece] - self.origins[piece]


def whole(length: int, start: int, end: int) -> Offsets:
    """A reading of `length` characters, all of which stand for `start` to `end`."""
    return Offsets((0,), (start,), (end,), length, opaque=True)


def pieced(pieces: Iterable[tuple[str, int, int]], *, opaque: bool = False) -> tuple[str, Offsets]:
    """A reading made of (text, start, end), each the reading of that stretch."""
    kept = [piece for piece in pieces if piece[0]]
    lengths = [len(text) for text, _, _ in kept]
    starts = [0, *accumulate(lengths)]
    length = starts.pop()
    offsets = Offsets(starts, [start for _, start, _ in kept], [end for _, _, end in kept], length, opaque)
    return "".join(text for text, _, _ in kept), offsets
