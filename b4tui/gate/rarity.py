"""How unlike ordinary text a string is, in bits a character (research/gate.md 4 and 6.3).

The mean of -log2 P(character | the one before) over text folded to 36 classes, and a supplement for switches between
letters and digits and from upper to lower case. Words and identifiers have 3 to 4.5 bits, random strings 6 and more.
It separates secrets from clean tokens far better than Shannon's entropy does, and the same way on every machine.
"""

from __future__ import annotations

import json
import string
from collections.abc import Sequence
from functools import cache
from operator import getitem
from pathlib import Path

from b4tui.gate.types import GateError

TABLE = Path(__file__).with_name("rarity.json")
"""The bits, made by `tools/train_rarity.py` from clean text."""
ALPHABET = string.ascii_lowercase + "0_-./+=~^"
"""The classes: letters without case, all digits as 0, some signs, ~ for all else; ^ is the beginning."""

_OTHER = ALPHABET.index("~")
_BEGIN = ALPHABET.index("^")
_SWITCHES = ("du", "dl", "ud", "ld")


def _class_of(char: str) -> int:
    folded = "0" if char in string.digits else char.lower() if char in string.ascii_letters else char
    return ALPHABET.index(folded) if folded in ALPHABET[:_OTHER] else _OTHER


def _kind_of(char: str) -> str:
    if char in string.digits:
        return "d"
    return "u" if char in string.ascii_uppercase else "l" if char in string.ascii_lowercase else "o"


_CLASSES = bytes(_class_of(chr(code)) for code in range(256))
_KINDS = str.maketrans({chr(code): _kind_of(chr(code)) for code in range(128)})


@cache
def _bits() -> Sequence[Sequence[float]]:
    """The table, read once. Raises GateError when it is missing or damaged."""
    try:
        told = json.loads(TABLE.read_text())
        rows = tuple(tuple(float(bit) for bit in row) for row in told["bits"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GateError("the gate's table of rarity cannot be read; install b4tui again") from error
    if told.get("alphabet") != ALPHABET or len(rows) != len(ALPHABET) or any(len(row) != _OTHER + 1 for row in rows):
        raise GateError("the gate's table of rarity is not the one this program knows; install b4tui again")
    return rows


def rarity(value: str) -> float:
    """Bits a character; 0 for an empty string. The time it takes is proportional to the value's length."""
    if not value:
        return 0.0
    rows = _bits()
    classes = value.encode("ascii", "replace").translate(_CLASSES)
    bits = rows[_BEGIN][classes[0]] + sum(map(getitem, map(rows.__getitem__, classes), classes[1:]))
    kinds = value.translate(_KINDS)
    switches = sum(map(kinds.count, _SWITCHES)) + 0.5 * kinds.count("ul")
    return (bits + 2.0 * switches) / len(value)
