"""What stands out in a payload: what the gate found, what stands in for something, what the operator looks for."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from b4tui.escalation.types import Spot
from b4tui.gate.types import BODY, Finding
from b4tui.tui.outward.payload_text import shown
from b4tui.tui.paint import Ink, Span

MOST_MATCHES = 5000
PLACEHOLDER = re.compile(r"\[\[[A-Z][A-Z0-9_]{0,40}(?::[A-Za-z0-9_.-]{1,60})?\]\]")
"""What redaction leaves behind (research/gate.md 7.3): `[[EMAIL_1]]`, `[[SECRET_1:github-token]]`."""


class Kind(IntEnum):
    """Kinds of marks; the higher one is seen where several meet."""

    PLACEHOLDER = 1
    MATCH = 2
    FINDING = 3


INKS = {Kind.PLACEHOLDER: Ink.INFO, Kind.MATCH: Ink.FOUND, Kind.FINDING: Ink.MARK}


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A marked span of a text; `finding` is the finding's number, -1 for the other kinds."""

    start: int
    end: int
    kind: Kind
    finding: int = -1


class Marks:
    """All marks of a text, found by place."""

    def __init__(self, marks: Iterable[Mark]) -> None:
        self.all: tuple[Mark, ...] = tuple(sorted(marks))
        self._starts = [mark.start for mark in self.all]
        self._longest = max((mark.end - mark.start for mark in self.all), default=0)

    def within(self, start: int, end: int) -> Iterator[Mark]:
        """Marks of which some of `start` to `end` is a part."""
        for place in range(bisect_left(self._starts, start - self._longest), len(self.all)):
            mark = self.all[place]
            if mark.start >= end:
                return
            if mark.end > start:
                yield mark

    def spans(self, text: str, start: int, end: int, ink: Ink = Ink.INK) -> tuple[Span, ...]:
        """A piece of the text as spans to draw; an escaped line feed at its end is faint."""
        here = list(self.within(start, end))
        tail = end - 2 if text.endswith("\\n", start, end) and end - start >= 2 else end
        cuts = {start, end, tail}
        for mark in here:
            cuts |= {max(start, mark.start), min(end, mark.end)}
        edges = sorted(cuts)
        return tuple(
            Span(shown(text[a:b]), self._ink(here, a, Ink.FAINT if a >= tail else ink)) for a, b in pairwise(edges)
        )

    def _ink(self, here: Sequence[Mark], at: int, otherwise: Ink) -> Ink:
        kinds = [mark.kind for mark in here if mark.start <= at < mark.end]
        return INKS[max(kinds)] if kinds else otherwise


def marks_of(text: str, findings: Sequence[Finding], spots: Iterable[Spot], matches: Iterable[Mark] = ()) -> Marks:
    """Findings where they lie, placeholders, and what is looked for."""
    found = [Mark(place.start, place.end, Kind.FINDING, place.finding) for place in located(findings, spots)]
    found += [Mark(one.start(), one.end(), Kind.PLACEHOLDER) for one in PLACEHOLDER.finditer(text)]
    return Marks([*found, *matches])


def located(findings: Sequence[Finding], spots: Iterable[Spot]) -> tuple[Spot, ...]:
    """The spots that are known; a finding of the body itself needs nobody to say where it is."""
    known = tuple(place for place in spots if 0 <= place.finding < len(findings))
    told = {place.finding for place in known}
    return known + tuple(
        Spot(finding=number, start=finding.start, end=finding.end)
        for number, finding in enumerate(findings)
        if number not in told and finding.part == BODY
    )


def matches(text: str, wanted: str) -> tuple[Mark, ...]:
    """Where the text holds what the operator looks for, capital or not; no more than `MOST_MATCHES`."""
    if not wanted:
        return ()
    found: list[Mark] = []
    for one in re.finditer(re.escape(wanted), text, re.IGNORECASE):
        found.append(Mark(one.start(), one.end(), Kind.MATCH))
        if len(found) == MOST_MATCHES:
            break
    return tuple(found)
