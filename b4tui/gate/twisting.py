"""Rare values as somebody who was asked to hide them would write them: backwards, rotated, in chunks, in halves.

What is twisted is only searched for what begins as known kinds of tokens do, and for what this machine knows.
Sources: research/gate.md 7.1, A12 to A14 and A18.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence

from b4tui.gate.offsets import Offsets, pieced
from b4tui.gate.rarity import rarity

Twisted = tuple[str, str, Offsets]
"""How it was twisted, the reading, and what each stretch of it came from."""

_SHORTEST = 20
_RARE = 4.6
_LITERAL = re.compile(r"(?=[=:])[=:][ \t]{0,4}([\"'`]?)([\w+/=.\-]{3,120}+)\1[ \t]{0,4}(?=[,;]|\r?\n|$)")
_MOST = 2000
_NEAR = 120
"""Characters from one half to the name of the other."""


def twisted(text: str, found: Sequence[tuple[int, int]]) -> Iterator[Twisted]:
    """The rare ones of some runs of a text, backwards, rotated and out of chunks, each kind as lines of one reading."""
    rare = [(start, end) for start, end in found if end - start >= _SHORTEST and _rare(text[start:end])][:_MOST]
    if not rare:
        return
    runs = [(text[start:end], start, end) for start, end in rare]
    yield "reversed", *_lines(((run[::-1], start, end) for run, start, end in runs), opaque=True)
    yield "rot13", *_lines((codecs.encode(run, "rot13"), start, end) for run, start, end in runs)
    chunks = [(run.replace("-", ""), start, end) for run, start, end in runs if run.count("-") > 2]
    if chunks:
        yield "chunks", *_lines(chunks)


def halves(text: str) -> Iterator[Twisted]:
    """Values on neighbouring lines, one after the other, where both may be halves of one; in lines."""
    pairs: list[tuple[str, int, int]] = []
    before: re.Match[str] | None = None
    for match in _LITERAL.finditer(text):
        if before is not None and match.start() - before.end() < _NEAR:
            first, second = before.group(2), match.group(2)
            if len(first) + len(second) >= _SHORTEST and _rare(first + second):
                pairs += [(first, *before.span(2)), (f"{second}\n", match.start(2), match.end(2) + 1)]
        before = match
    if pairs:
        yield "halves", *pieced(pairs)


def _lines(runs: Iterable[tuple[str, int, int]], *, opaque: bool = False) -> tuple[str, Offsets]:
    return pieced((piece for run, start, end in runs for piece in ((run, start, end), ("\n", end, end))), opaque=opaque)


def _rare(run: str) -> bool:
    """Whether it may be a secret: letters and digits, not a plain hash, not words."""
    if run.isalpha() or run.isdigit() or not any(char.isdigit() for char in run):
        return False
    return rarity(run) >= _RARE
