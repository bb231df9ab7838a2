"""The exact payload as rows to read: every character of it, shown even where it has no form, none added, none dropped.

A request is one long line of JSON. For the eye it is broken after each escaped line feed and between its members; the
escapes stay where they are, so that the rows put together are the body again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from rich.cells import cell_len

from b4tui.safe_text import visible

# A JSON string, a place where its structure may be broken, or a line feed that is really one.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[,]|\n', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PICTURES = str.maketrans({"\n": "␊", "\t": "␉"})
# Letters that are drawn as nothing at all.
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_WORD_ROOM = 24
"""How far before the edge a row may end so that no word is cut."""


def shown(text: str) -> str:
    """The text as characters that can be seen: controls as pictures, what takes no room on the screen as its number."""
    seen = visible(text).translate(_PICTURES)
    if seen.isascii():
        return seen
    return "".join(_number(one) if one in _BLANK_LETTERS or not cell_len(one) else one for one in seen)


def _number(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def pieces(text: str) -> Iterator[tuple[int, int]]:
    """The spans between which the text is broken for the eye, whatever the width. Together they are the whole text."""
    start = 0
    for end in _breaks(text):
        if end > start:
            yield start, end
            start = end
    if start < len(text) or not text:
        yield start, len(text)


def _breaks(text: str) -> Iterator[int]:
    for token in _TOKEN.finditer(text):
        if token[0][0] != '"':
            yield token.end()
        elif "\\n" in token[0]:
            yield from (token.start() + escape.end() for escape in _ESCAPE.finditer(token[0]) if escape[0] == "\\n")


def folded(text: str, start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """A piece in spans of at most `width` cells, broken after a blank where one is near."""
    while (stop := fit(text, start, end, width)) < end:
        blank = text.rfind(" ", max(start, stop - _WORD_ROOM), stop)
        stop = blank + 1 if blank > start else stop
        yield start, stop
        start = stop
    yield start, end


@lru_cache(maxsize=4096)
def _width(character: str) -> int:
    """Cells that a character takes as it is shown."""
    return cell_len(shown(character))


def fit(text: str, start: int, end: int, width: int) -> int:
    """Where a span has to end so that what is shown of it takes at most `width` cells; never before one character."""
    guess = min(end, start + width)
    part = text[start:guess]
    if part.isascii() and part.isprintable():
        return guess
    taken = 0
    for place in range(start, end):
        taken += _width(text[place])
        if taken > width:
            return max(place, start + 1)
    return end
