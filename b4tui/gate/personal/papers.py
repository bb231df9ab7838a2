"""Finds the numbers of papers and insurances: beside the word for them, and those that stand for themselves."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.personal.checksums import passes
from b4tui.gate.personal.identities import ALONE, CALLED, Called
from b4tui.gate.rulebook.wording import word_set
from b4tui.gate.types import Hit

_BY_WORD = {word: kind for kind in CALLED for word in kind.words}
_SHORT = 5
"""Words of fewer letters have to be words, not parts of them."""
_BETWEEN = lazily(r"[^\n\d]{0,40}?")
_FAR = 64
_BEFORE = lazily(
    r"(?P<number>[A-Za-z]{0,6}[0-9][0-9A-Za-z-]{5,18})['\"]?(?:,? (?:is|ist|es|är|on|er|está|as|in|en|mi|my|our|your"
    r"|vårt|mitt|número|de|number|num|nr|meine?|unsere)\b){1,5} $",
    re.I,
)
_LINKS = word_set("is ist es är on er está as in en mi my our your vårt mitt número de number num nr mein meine unsere")
"""What may stand right before the name of a paper whose number comes first."""
_DIGIT = lazily("[0-9]")
_TOKEN = lazily(r"[0-9A-Za-z-]{1,24}")
_SHORTEST, _LONGEST = 9, 20
_LOOKS = str.maketrans({char: "0" if char.isdigit() else "A" for char in string.digits + string.ascii_letters})
_BY_LOOKS = {look: tuple(kind for kind in ALONE if look in kind.looks) for kind in ALONE for look in kind.looks}
_DATE = lazily(r"(?:19|20)[0-9]{2}[-/.][0-9]{2}[-/.][0-9]{2}|[0-9]{1,2}[./-][0-9]{1,2}[./-](?:19|20)[0-9]{2}")


class PaperDetector:
    """Numbers that are called so (`Personalausweis T02G95626`)."""

    name = "papers"
    words = frozenset(_BY_WORD)

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Hits under `national-id`."""
        done = 0
        for start, word in at.any_of(self.words):
            end = start + len(word)
            if start < done or (len(word) <= _SHORT and not _is_a_word(lower, start, end)):
                continue
            span = _behind(text, end, _BY_WORD[word]) or _ahead(text, start, _BY_WORD[word])
            if span:
                done = max(span[1], end)
                yield Hit("national-id", *span, "the number of a paper, called so")


def _is_a_word(lower: str, start: int, end: int) -> bool:
    return (
        not (start and (lower[start - 1].isalnum() or lower[start - 1] == "_")) and not lower[end : end + 1].isalnum()
    )


def _behind(text: str, end: int, kind: Called) -> tuple[int, int] | None:
    stop = min(len(text), end + _FAR)
    if _DIGIT.search(text, end, stop) is None:
        return None
    match = kind.shape.search(text, end, stop)
    if match is None or match.start() - end > 40 or "\n" in text[end : match.start()]:
        return None
    return _judged(match, kind)


def _ahead(text: str, start: int, kind: Called) -> tuple[int, int] | None:
    """`020594X903P is my hetu`."""
    begin = max(0, start - 48)
    if text[begin : start - 1].rpartition(" ")[2].lower() not in _LINKS:
        return None
    before = _BEFORE.search(text, begin, start) if _DIGIT.search(text, begin, start) else None
    if before is None:
        return None
    match = kind.shape.match(text, before.start("number"), before.end("number"))
    return _judged(match, kind) if match else None


def _judged(match: re.Match[str], kind: Called) -> tuple[int, int] | None:
    number = match["number"]
    digits = sum(char.isdigit() for char in number)
    if digits < 3 or (digits < 5 and len(number) < 5) or _DATE.fullmatch(number.strip()):
        return None
    if kind.checks and not passes(kind.checks, number):
        return None
    return match.span("number")


def paper_at(text: str, digits: int) -> tuple[int, Hit | None]:
    """Where the token around some digits ends, and the number that it is by its shape and check digit."""
    match = _TOKEN.match(text, digits)
    end = match.end() if match else digits
    start = _begin_of(text, digits) if end - digits <= _LONGEST else digits
    if not _SHORTEST <= end - start <= _LONGEST or text[end : end + 1] == "_" or (start and text[start - 1] in "._"):
        return end, None
    token = text[start:end]
    for kind in _BY_LOOKS.get(token.translate(_LOOKS), ()):
        if kind.shape.match(token) and (not kind.checks or passes(kind.checks, token.upper())):
            return end, Hit("national-id-alone", start, end, "a number of a person's, by its shape")
    return end, None


def _begin_of(text: str, place: int) -> int:
    """Where the token begins that the digits here are in."""
    begin, first = place, max(0, place - _LONGEST)
    while begin > first and text[begin - 1].isascii() and (text[begin - 1].isalnum() or text[begin - 1] == "-"):
        begin -= 1
    return begin
