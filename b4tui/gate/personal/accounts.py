"""Finds IBANs, with or without spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.personal.checksums import iban, iban_length
from b4tui.gate.types import Hit

_BEGIN = re.compile(r"[A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{4}[ -]?[A-Z0-9]{4}")
_WHOLE = re.compile(r"[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}")
_SMALL = re.compile(r"[0-9]{2}(?:[a-z]{4}[0-9]{6}|[0-9]{11})")
"""An IBAN in lower case, from its check digits on: letters begin too many words to be looked for."""


class AccountDetector:
    """IBANs of every country that has them, checked."""

    name = "accounts"
    words: frozenset[str] = frozenset()

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Hits under `iban`."""
        for begin in _BEGIN.finditer(text):
            yield from _iban_at(text, begin.start())
        for match in _SMALL.finditer(text):
            if match.start() >= 2 and text[match.start() - 2 : match.start()].islower():
                yield from _iban_at(text, match.start() - 2)


def _iban_at(text: str, start: int) -> Iterator[Hit]:
    if start and text[start - 1].isalnum():
        return
    length = iban_length(text[start : start + 2].upper())
    match = _WHOLE.match(text, start)
    if length is None or match is None:
        return
    characters = 0
    for place in range(start, match.end()):
        if text[place] not in " -":
            characters += 1
        if characters == length:
            number = text[start : place + 1].replace(" ", "").replace("-", "").upper()
            if iban(number) and not text[place + 1 : place + 2].isalnum():
                yield Hit("iban", start, place + 1, "an account with the right check digits")
            return
