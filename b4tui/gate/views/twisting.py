"""Rare values as somebody who was asked to hide them would write them: backwards, rotated, in chunks, in halves.

What is twisted is only searched for what begins as known kinds of tokens do, and for what this machine knows.
Sources: research/gate.md 7.1, A12 to A14 and A18.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, pairwise

from b4tui.gate.pacing import Tick, paced, untimed
from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.views.offsets import Offsets, pieced

Twisted = tuple[str, str, Offsets]
"""How it was twisted, the reading, and what each stretch of it came from."""

_SHORTEST = 20
_RARE = 4.6
_LITERAL = lazily(r"(?=[=:])[=:][ \t]{0,4}([\"'`]?)([\w+/=.\-]{3,120}+)\1[ \t]{0,4}(?=[,;]|\r?\n|$)")
_MOST = 2000
_BEFORE_VALUE = "\"'`=:"
_DIGIT = lazily("[0-9]")
_NEAR = 120
"""Characters from one half to the name of the other."""


def twisted(text: str, found: Sequence[tuple[int, int]], tick: Tick = untimed) -> Iterator[Twisted]:
    """The rare ones of some runs of a text, backwards, rotated and out of chunks, each kind as lines of one reading."""
    long = [(start, end) for start, end in found if end - start >= _SHORTEST]
    rare = list(islice((span for span in paced(long, tick) if _rare(text[slice(*span)])), _MOST))
    if not rare:
        return
    runs = [(text[start:end], start, end) for start, end in rare]
    yield "reversed", *_lines(((run[::-1], start, end) for run, start, end in runs), opaque=True)
    yield "rot13", *_lines((codecs.encode(run, "rot13"), start, end) for run, start, end in runs)
    chunks = [(run.replace("-", ""), start, end) for run, start, end in runs if run.count("-") > 2]
    if chunks:
        yield "chunks", *_lines(chunks)


def halves(text: str, found: Sequence[tuple[int, int]], tick: Tick = untimed) -> Iterator[Twisted]:
    """Values beside names that stand close to each other, where both may be halves of one; in lines."""
    pairs: dict[tuple[int, int], tuple[re.Match[str], re.Match[str]]] = {}
    for start, end in paced(found, tick):
        if len(pairs) >= _MOST:
            break
        if _may_be_half(text, start, end):
            for first, second in pairwise(_literals_around(text, start, end)):
                if _are_halves(first, second):
                    pairs.setdefault((first.start(), second.start()), (first, second))
    if pairs:
        yield (
            "halves",
            *pieced(
                piece
                for first, second in pairs.values()
                for piece in (
                    (first[2], *first.span(2)),
                    (second[2], *second.span(2)),
                    ("\n", second.end(2), second.end(2)),
                )
            ),
        )


def _may_be_half(text: str, start: int, end: int) -> bool:
    """Whether the run stands where a value does, and has a digit."""
    before = text[start - 1 : start]
    if before == " ":
        before = text[start - 2 : start - 1]
    return before != "" and before in _BEFORE_VALUE and _DIGIT.search(text, start, end) is not None


def _literals_around(text: str, start: int, end: int) -> list[re.Match[str]]:
    """The value that begins at `start`, if it is one, and those next to it."""
    here = _LITERAL.search(text, max(0, start - 6), min(len(text), end + 120))
    if here is None or here.start(2) != start:
        return []
    before = list(_LITERAL.finditer(text, max(0, here.start() - _NEAR - 60), here.start()))[-1:]
    after = _LITERAL.search(text, here.end(), min(len(text), here.end() + _NEAR + 120))
    return [*before, here, *([after] if after else [])]


def _are_halves(first: re.Match[str], second: re.Match[str]) -> bool:
    near = second.start() - first.end() < _NEAR
    return near and len(first[2]) + len(second[2]) >= _SHORTEST and _rare(first[2] + second[2])


def _lines(runs: Iterable[tuple[str, int, int]], *, opaque: bool = False) -> tuple[str, Offsets]:
    return pieced((piece for run, start, end in runs for piece in ((run, start, end), ("\n", end, end))), opaque=opaque)


def _rare(run: str) -> bool:
    """Whether it may be a secret: letters and digits, not a plain hash, not words."""
    if run.isalpha() or run.isdigit() or not any(char.isdigit() for char in run):
        return False
    return rarity(run) >= _RARE
