"""Values whose characters stand apart: `g h p _ A b`, `g-h-p-_-A-b`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from b4tui.gate.joining import Joined
from b4tui.gate.offsets import Offsets

_BETWEEN = b" .,;:|/-_*~\t\n"
_SHAPE = bytes(
    97 if bytes([code]).isalnum() else 115 if code in _BETWEEN else 48 for code in range(256)
)  # a: letter or digit, s: what may stand between two
_APART = b"as" * 12
_BEFORE = 40


def spaced_out(text: str) -> Iterator[Joined]:
    """The stretches of single characters with the same sign between any two, without those signs."""
    mask = text.encode("ascii", "replace").translate(_SHAPE)
    at = mask.find(_APART)
    while at >= 0:
        end = at + len(_APART)
        sign = text[at + 1]
        match = _single(sign).match(text, _first(text, at, sign))
        if match is not None and match.end() >= end:
            end = match.end()
            start = match.start()
            shown = text[start:end:2]
            count = len(shown)
            origins = range(start, start + 2 * count, 2)
            yield shown, Offsets(range(count), origins, [origin + 1 for origin in origins], count)
        at = mask.find(_APART, end)


def _single(sign: str) -> re.Pattern[str]:
    between = re.escape(sign)
    return re.compile(rf"(?:[!-~]{between})+[!-~](?![\w])")


def _first(text: str, at: int, sign: str) -> int:
    """Where the stretch begins: as many characters back as stand alone."""
    lowest = max(0, at - _BEFORE)
    while at - 2 >= lowest and text[at - 1] == sign and "!" <= text[at - 2] <= "~":
        at -= 2
    if at and text[at - 1].isalnum() and at + 2 < len(text):
        at += 2  # the last letter of a word
    return at
