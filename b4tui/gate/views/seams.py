"""Where parts of a payload meet: what stands half in one and half in the next is in neither (research/gate.md N26)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from b4tui.gate.types import Finding

OVERLAP = 256
"""Characters on either side of a seam that are read together."""
REACH = 40
"""Characters after a seam in which a value may begin that only what stands before the seam gives away."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of one part; `at` is where it begins in the seam's text."""

    part: int
    start: int
    end: int
    at: int


@dataclass(frozen=True, slots=True)
class Seam:
    """The end of one part, the whole of short ones, the beginning of another, as one text."""

    text: str = field(repr=False)
    segments: tuple[Segment, ...]

    def of_the_seam(self, finding: Finding) -> Iterator[tuple[int, Finding]]:
        """What a finding in the seam's text means for the parts it touches; nothing if it is in one part alone."""
        if not any(
            finding.start < segment.at < finding.end or segment.at <= finding.start < segment.at + REACH
            for segment in self.segments[1:]
        ):
            return
        for segment in self.segments:
            first = max(finding.start, segment.at)
            last = min(finding.end, segment.at + segment.end - segment.start)
            if first < last:
                shift = segment.start - segment.at
                yield segment.part, replace(finding, start=first + shift, end=last + shift)


def seams(texts: Sequence[str]) -> Iterator[Seam]:
    """The seams of parts, by their texts in order. Short parts between two others belong to one seam with them."""
    open_: list[tuple[int, int, int]] = []
    for part, text in enumerate(texts):
        if len(text) <= 2 * OVERLAP:
            if text:
                open_.append((part, 0, len(text)))
            continue
        open_.append((part, 0, _head(text)))
        yield from _closed(texts, open_)
        open_ = [(part, _tail(text), len(text))]
    yield from _closed(texts, open_)


def _closed(texts: Sequence[str], stretches: Sequence[tuple[int, int, int]]) -> Iterator[Seam]:
    if len(stretches) < 2:
        return
    segments, at = [], 0
    for part, start, end in stretches:
        segments.append(Segment(part, start, end, at))
        at += end - start
    yield Seam("".join(texts[one.part][one.start : one.end] for one in segments), tuple(segments))


def _head(text: str) -> int:
    """Where the beginning of a text may be cut off: between two words, if there are any."""
    for at in range(OVERLAP, OVERLAP + 64):
        if text[at : at + 1].isspace():
            return at
    return OVERLAP


def _tail(text: str) -> int:
    for at in range(len(text) - OVERLAP, len(text) - OVERLAP - 64, -1):
        if text[at - 1 : at].isspace():
            return at
    return len(text) - OVERLAP
