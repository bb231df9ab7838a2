"""Finds personal numbers: every run of digits in a text is found once and then asked what it may be."""

from __future__ import annotations

import re
from collections.abc import Iterator

from b4tui.gate.patterns import lazily
from b4tui.gate.personal.cards import NUMBER, is_card
from b4tui.gate.personal.checksums import german_tax_id
from b4tui.gate.personal.phones import phone_in
from b4tui.gate.types import Hit

_RUN = lazily(r"[0-9][0-9 ()./:\-]{5,}")
_CLOCK = lazily(
    r"(?:19|20)[0-9]{2}[-./][01]?[0-9][-./][0-3]?[0-9][ .:/)-]*"
    r"(?:[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?[ .:/()-]*"
    r"|[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?(?:\.[0-9]+)?[ .:/()-]*"
)
"""A date, a time or both, and nothing else: most runs of digits in logs and in version control."""
_QUAD = lazily(r"[1-9][0-9]{0,2}(?:\.[0-9]{1,3}){3}(?:[:/][0-9]{1,5})?[^0-9]{0,8}")
"""An address in dots, with its port or mask, and nothing else."""
_LONGEST_ROW = 40
"""Digits in a row, or characters of a run, beyond which it is no person's number but data."""
_ROW = lazily(r"[0-9]{40}")
_LONGEST_RUN = 400

_SSN = lazily(r"(?<![\w.-])[0-9]{3}([- ])[0-9]{2}\1[0-9]{4}(?![\w-])")
_SSN_TOLD = lazily(r"(?:ssn|social security|sozialversicherung)[^\d\n]{0,30}$")
_NINE = lazily(r"(?<![\w.-])[0-9]{9}(?![\w.-])")
_TAX = lazily(r"(?<![\w.-])[1-9][0-9](?:[0-9]{9}| [0-9]{3} [0-9]{3} [0-9]{3})(?![\w-])")
_TAX_TOLD = lazily(r"(?:steuer|\btax|idnr|\btin\b)[^\n]{0,50}$")


def numbers_in_run(text: str, lower: str, start: int) -> tuple[int, tuple[Hit, ...]]:
    """Where the run of digits and their separators that begins at a place ends, and the numbers in it."""
    run = _RUN.match(text, start)
    if run is None:
        return start, ()
    if (_CLOCK.fullmatch(run[0]) or _QUAD.fullmatch(run[0])) and not text.startswith("+", start - 1):
        return run.end(), ()
    found = (hit for begin, end in _stretches(text, start, run.end()) for hit in _in_stretch(text, lower, begin, end))
    return run.end(), tuple(found)


def _stretches(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A run, in pieces where it is long, with a little of what is around it: a sign before, an extension after."""
    for begin in range(start, end, _LONGEST_RUN):
        stop = min(end, begin + _LONGEST_RUN)
        if stop - begin < _LONGEST_ROW or not _ROW.search(text, begin, stop):
            yield max(0, begin - (4 if begin == start else 24)), min(len(text), stop + 8)


def _in_stretch(text: str, lower: str, start: int, end: int) -> Iterator[Hit]:
    cards = tuple(_cards(text, lower, start, end))
    yield from cards
    ids = tuple(_ids(text, lower, start, end))
    yield from ids
    if not cards and not ids and (phone := phone_in(text, lower, start, end)):
        yield Hit("phone", *phone, "a telephone number")


def _cards(text: str, lower: str, start: int, end: int) -> Iterator[Hit]:
    for match in NUMBER.finditer(text, start, end):
        if is_card(match[0], _before(lower, match.start())):
            yield Hit("credit-card", *match.span(), "a card's number with the right check digit")


def _ids(text: str, lower: str, start: int, end: int) -> Iterator[Hit]:
    for match in _SSN.finditer(text, start, end):
        told = bool(_SSN_TOLD.search(_before(lower, match.start())))
        if _may_be_ssn(re.sub("[- ]", "", match[0]), told):
            yield Hit("us-ssn", *match.span(), "a social security number")
    for match in _NINE.finditer(text, start, end):
        if _SSN_TOLD.search(_before(lower, match.start())) and _may_be_ssn(match[0], told=True):
            yield Hit("us-ssn", *match.span(), "a social security number")
    for match in _TAX.finditer(text, start, end):
        spaced = " " in match[0]
        if german_tax_id(match[0].replace(" ", "")) and (spaced or _TAX_TOLD.search(_before(lower, match.start()))):
            yield Hit("german-tax-id", *match.span(), "a tax id with the right check digit")


def _may_be_ssn(digits: str, told: bool) -> bool:
    """Whether the number can have been given out: no zero group, no area 000, 666 or (unless told) 9xx."""
    area = digits[:3]
    if area in ("000", "666") or digits[3:5] == "00" or digits[5:] == "0000":
        return False
    return told or area[0] != "9"


def _before(lower: str, start: int) -> str:
    """Up to 64 characters before a place, on its own line."""
    begin = max(0, start - 64)
    return lower[max(begin, lower.rfind("\n", begin, start) + 1) : start]
