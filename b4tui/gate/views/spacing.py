"""Values whose characters stand apart, one by one or in groups of one length: `g h p _ A b`, `ghp_ Ab12 Cd34`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from b4tui.gate.patterns import lazily
from b4tui.gate.views.joining import Joined
from b4tui.gate.views.offsets import pieced

# a: what a token is made of; s: what may stand between two such characters.
_SHAPE = bytes(
    97 if chr(code).isascii() and (chr(code).isalnum() or code == 95) else 115 if code in b" .,;:|/-*~\t\n" else 48
    for code in range(256)
)
_GROUPS = (1, 3, 4, 5, 6, 8)
_TIMES = {1: 12, 3: 6, 8: 4}
_BEFORE = 16
"""Groups before the first whole one that are looked at: signs of a prefix may stand among them."""


def spaced_out(text: str) -> Iterator[Joined]:
    """The stretches of such groups with the same sign between any two, without those signs."""
    mask = text.encode("ascii", "replace").translate(_SHAPE)
    for width in _GROUPS:
        row = (b"a" * width + b"s") * _TIMES.get(width, 5)
        at = mask.find(row)
        while at >= 0:
            start, end = _stretch(text, at, width)
            if end - start >= len(row):
                starts = range(start, end, width + 1)
                yield pieced((text[here : here + width], here, min(here + width, end)) for here in starts)
            at = mask.find(row, max(end, at + len(row)))


def _stretch(text: str, at: int, width: int) -> tuple[int, int]:
    """The whole stretch around a row of groups: what lies before it, and how far it goes."""
    sign = text[at + width]
    step = width + 1
    lowest = max(0, at - _BEFORE * step)
    while at - step >= lowest and text[at - 1] == sign and _signs(text[at - step : at - 1]):
        at -= step
    if at and text[at - 1].isalnum():
        at += step  # the end of a longer word
    match = _groups(width, sign).match(text, at)
    return (at, match.end()) if match else (at, at)


def _signs(group: str) -> bool:
    return all("!" <= char <= "~" for char in group)


@lru_cache(maxsize=64)
def _groups(width: int, sign: str) -> re.Pattern[str]:
    between = re.escape(sign)
    return lazily(rf"(?:[!-~]{{{width}}}{between})+(?:[!-~]{{1,{width}}}(?![\w]))?")
