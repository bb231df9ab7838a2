"""Rare values as somebody who was asked to hide them would write them: backwards, rotated, in chunks, in halves.

What is twisted is only searched for what begins as known kinds of tokens do, and for what this machine knows.
Sources: research/gate.md 7.1, A12 to A14 and A18.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence

from b4tui.gate.offsets import Offsets, pieced, whole
from b4tui.gate.rarity import rarity

Twisted = tuple[str, str, Offsets]
"""How it was twisted, the reading, and what each stretch of it came from."""

_SHORTEST = 20
_RARE = 4.6
_LITERAL = re.compile(r"(?=[=:])[=:][ \t]{0,4}([\"'`]?)([\w+/=.\-]{6,120})\1[,;]?[ \t]{0,4}(?=\r?\n|$)")
_MOST = 2000


def twisted(text: str, found: Sequence[tuple[int, int]]) -> Iterator[Twisted]:
    """The rare ones of some runs of a text, backwards and rotated; and halves that stand line by line."""
    taken = 0
    for start, end in found:
        run = text[start:end]
        if end - start < _SHORTEST or taken >= _MOST or not _rare(run):
            continue
        taken += 1
        yield "reversed", run[::-1], whole(end - start, start, end)
        yield "rot13", codecs.encode(run, "rot13"), whole(end - start, start, end)
        if "-" in run and len(chunks := run.split("-")) > 3:
            plain = "".join(chunks)
            yield "chunks", plain, whole(len(plain), start, end)


def halves(text: str) -> Iterator[Twisted]:
    """Values on neighbouring lines, one after the other, where both may be halves of one."""
    before: re.Match[str] | None = None
    for match in _LITERAL.finditer(text):
        if before is not None and text.count("\n", before.end(), match.start()) <= 2:
            both = before.group(2) + match.group(2)
            if len(both) >= _SHORTEST and _rare(both):
                spans = (before, match)
                yield "halves", *pieced((one.group(2), *one.span(2)) for one in spans)
        before = match


def _rare(run: str) -> bool:
    """Whether it may be a secret: letters and digits, not a plain hash, not words."""
    if run.isalpha() or run.isdigit() or not any(char.isdigit() for char in run):
        return False
    return rarity(run) >= _RARE
