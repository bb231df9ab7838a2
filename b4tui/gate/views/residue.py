"""What is in a serialised request beside the texts of its parts: keys, names, settings, whatever was added.

The parts have been searched; they are found again in the body, and only what lies between them is read once more, with
some of what stands around it (research/gate.md 6.1).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from b4tui.gate.patterns import lazily
from b4tui.gate.views.offsets import Offsets
from b4tui.gate.views.seams import REACH

_CONTEXT = 128
_SNAP = 64
_SHORTEST = 4
"""Characters from which a part is found again, after the parts before it; shorter ones are read twice."""
_TELLING = 64
"""Characters from which a part is also looked for before those that came before it."""
_ESCAPE = lazily(r"(?=\\)((?:\\u[0-9a-fA-F]{4})+|\\[\"\\/bfnrt])")
_SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of the body as its reader takes it, with the gaps between parts that it is read for."""

    text: str = field(repr=False)
    offsets: Offsets = field(repr=False)
    gaps: tuple[tuple[int, int], ...]

    def concerns(self, start: int, end: int) -> bool:
        """Whether a span of the body has to do with a gap: it touches one, or begins shortly after one."""
        return any(end > first and start < last + REACH for first, last in self.gaps)

    def within_part(self, start: int, end: int) -> bool:
        """Whether a span of the body lies in the text of a part alone."""
        return not any(end > first and start < last for first, last in self.gaps)


def residue(body: str, texts: Sequence[str]) -> Iterator[Stretch]:
    """The stretches of a body that are not texts of parts; the whole of it where no part is found in it."""
    gaps = _gaps(len(body), _covered(body, texts))
    group: list[tuple[int, int]] = []
    for gap in gaps:
        if group and gap[0] - group[-1][1] > 2 * (_CONTEXT + _SNAP):
            yield _stretch(body, group)
            group = []
        group.append(gap)
    if group:
        yield _stretch(body, group)


def _covered(body: str, texts: Sequence[str]) -> list[tuple[int, int]]:
    """Where the parts stand in the body, as they are or as JSON writes them."""
    spans = []
    at = 0
    for text in texts:
        for written in _written(text) if len(text) >= _SHORTEST else ():
            start = body.find(written, at)
            if start < 0 and len(text) >= _TELLING:
                start = body.find(written)
            if start >= 0:
                at = start + len(written)
                spans.append((start, at))
                break
    return sorted(spans)


def _written(text: str) -> Iterator[str]:
    yield json.dumps(text, ensure_ascii=True)[1:-1]
    yield text
    if not text.isascii():
        yield json.dumps(text, ensure_ascii=False)[1:-1]


def _gaps(length: int, covered: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    gaps = []
    at = 0
    for start, end in covered:
        if start > at:
            gaps.append((at, start))
        at = max(at, end)
    if at < length:
        gaps.append((at, length))
    return gaps


def _stretch(body: str, gaps: Sequence[tuple[int, int]]) -> Stretch:
    start = _start(body, gaps[0][0] - _CONTEXT)
    end = _end(body, gaps[-1][1] + _CONTEXT)
    text, offsets = _read(body, start, end)
    return Stretch(text, offsets, tuple(gaps))


def _start(body: str, at: int) -> int:
    """A place before `at` where a word begins, if one is near."""
    if at <= 0:
        return 0
    blank = max(body.rfind(" ", at - _SNAP, at), body.rfind("\\n", at - _SNAP, at) + 1)
    return blank + 1 if blank > 0 else at


def _end(body: str, at: int) -> int:
    if at >= len(body):
        return len(body)
    found = [place for place in (body.find(" ", at, at + _SNAP), body.find("\\n", at, at + _SNAP)) if place >= 0]
    return min(found) if found else at


def _read(body: str, start: int, end: int) -> tuple[str, Offsets]:
    """A stretch without the escapes of JSON."""
    parts = _ESCAPE.split(body[start:end])
    read = [*parts]
    read[1::2] = [_character(escape) for escape in parts[1::2]]
    starts = [0, *accumulate(map(len, read))]
    length = starts.pop()
    ends = [start + at for at in accumulate(map(len, parts))]
    return "".join(read), Offsets(starts, [start, *ends[:-1]], ends, length)


def _character(escape: str) -> str:
    if escape[1] == "u":
        return bytes.fromhex(escape.replace("\\u", "")).decode("utf-16-be", "replace")
    return _SHORT.get(escape[1], escape[1])
