"""Bytes as the programs write them that show what is in a file, line by line after an offset: xxd, hexdump, od.

    00000000: 6768 705f …  ghp_…      00000000  67 68 70 5f …  |ghp_…|      0000000   g   h   p   _ …

A key in such a listing is the key; but a line holds sixteen bytes, so that no key stands in one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from b4tui.gate.patterns import lazily

Dump = tuple[int, int, bytes]
"""Where in the text it stands, and its bytes."""

_OFFSET = r"[ \t>|]{0,4}(?:0x)?([0-9a-fA-F]{4,16}):?[ \t]{1,3}"
_GROUP = r"(?:[0-9a-fA-F]{2}){1,8}+"
# What follows the digits is their text, and may look like more of them: nothing is tried twice, the offsets tell.
_LINE = lazily(rf"{_OFFSET}({_GROUP}(?:[ ]{{1,2}}{_GROUP}){{0,255}}+)[^\r\n]{{0,300}}+")
# What a line of a dump looks like in the mask: an offset, and a group of digits, or single characters.
_SIGNS = re.compile(rb"hhhhs{1,3}(?:hh){1,8}s")
_SIGNS_OF_LETTERS = re.compile(rb"hhhhhhhss")
_WIDEST = 256
"""Bytes of the longest line that is read as one."""
_USUAL = 16
"""Bytes of a line whose offset is not followed by another one."""

# Each byte has four columns: the character, what C calls it, or its number.
_CELL = r"   [ -~]|  \\[0abfnrtv]| [0-7]{3}"
_LETTERS = lazily(rf"(?m)[ \t>|]{{0,4}}[0-7]{{7}}((?:{_CELL}){{1,16}})[ ]*(?=\r?$)")
_ESCAPED = dict(zip("0abfnrtv", b"\0\a\b\f\n\r\t\v", strict=True))


def dumped(text: str, mask: bytes) -> Iterator[Dump]:
    """The dumps in a text, lines that follow each other as one.

    `mask` is the text's shape by digits (`views/runs.py`).
    Words of two or four bytes may be written with the lowest byte first: both readings are given.
    """
    for lines in _neighbours(text, _lines(text, mask, _SIGNS, _LINE)):
        data = [bytes.fromhex(line[2].replace(" ", ""))[:size] for line, size in _sized(lines)]
        start, end = lines[0].start(), lines[-1].end()
        yield start, end, b"".join(data)
        width = len(lines[0][2].split(" ", 1)[0]) // 2
        if width > 1:
            yield start, end, b"".join(_turned(line, width) for line in data)
    for lines in _neighbours(text, _lines(text, mask, _SIGNS_OF_LETTERS, _LETTERS)):
        cells = (line[1][at : at + 4] for line in lines for at in range(0, len(line[1]), 4))
        yield lines[0].start(), lines[-1].end(), bytes(map(_byte, cells))


def _lines(text: str, mask: bytes, signs: re.Pattern[bytes], line: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """The lines of one kind, looked for where the mask has the signs of one: hardly a text has any."""
    end = 0
    while end >= 0 and (sign := signs.search(mask, end)):
        start = text.rfind("\n", 0, sign.start()) + 1
        while match := line.match(text, start):
            yield match
            end = text.find("\n", match.end())
            if end < 0:
                return
            start = end + 1
        end = text.find("\n", max(start, sign.end()))


def _neighbours(text: str, lines: Iterator[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """Lines that follow each other directly, together."""
    together: list[re.Match[str]] = []
    for line in lines:
        if together and text[together[-1].end() : line.start()] not in ("\n", "\r\n"):
            yield together
            together = []
        together.append(line)
    if together:
        yield together


def _sized(lines: list[re.Match[str]]) -> Iterator[tuple[re.Match[str], int]]:
    """Each line and how many bytes it has at most: the next offset says it, for letters may look like digits."""
    size = _USUAL
    for line, after in pairwise(lines):
        step = int(after[1], 16) - int(line[1], 16)
        size = step if 0 < step <= _WIDEST else _USUAL
        yield line, size
    yield lines[-1], size


def _turned(data: bytes, width: int) -> bytes:
    return b"".join(data[at : at + width][::-1] for at in range(0, len(data), width))


def _byte(cell: str) -> int:
    shown = cell.lstrip() or " "
    if len(shown) == 1:
        return ord(shown)
    return _ESCAPED[shown[1]] if shown[0] == "\\" else int(shown, 8) & 0xFF
