"""Finds streets with a house number: where the number comes first, and where the kind of street is known.

A number before a name is followed word by word until a kind of street comes (`5942 Alexander Alley`). A kind of street
before a number is found by the one pass over the text, the number's first digit included (`hillerring 2`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.personal.streets import (
    BEFORE_NAMES,
    CLEARLY_ENGLISH,
    ENGLISH,
    NEED_NUMBER_FIRST,
    NO_STREET,
    NUMBER_FIRST,
    SUFFIXES,
    WEAK,
)
from b4tui.gate.types import Hit

_NUMBER_FIRST = lazily(
    r"[0-9]{1,6}(?:[A-Za-z]| (?:bis|ter))?(?:[-/][0-9]{1,4})?,? "
    r"(?=(?:[0-9]{1,6} )?[A-ZÀ-ÖØ-ÞĀ-Ž]|"
    r"(?:rue|avenue|boulevard|chemin|impasse|allée|quai|place d[eu]s?) |[0-9]{1,3}(?:st|nd|rd|th) )"
)
_NAME = lazily(r"(?:[^\W_][\w.'’-]{0,40},? ?){1,6}")
_HOUSE = lazily(r"[0-9]{1,5}(?: ?[a-z](?!\w))?(?:[-/][0-9]{1,4}[a-z]?)?(?![\w]|\.[0-9]|:[0-9])")
_AFTER_HOUSE = lazily(r"\.?[ \t]*(?:[,;\n)\"'<—–|]|$|-{1,2}\s|(?:apt|suite|app|piso|edif|nr|bl)\b)")
_NAME_THEN_HOUSE = lazily(r"(?:[^\W\d_][\w.'’-]{0,30},? ){1,6}?(?=[0-9])")
_OF_LICENCES = lazily(r"Franklin St|Temple Place|Mass Ave")
"""Where the Free Software Foundation lives and lived, in the head of very many files."""
_CLOSING = lazily(r"(?:\s?,\s?|\n[ >?]*|\s)(?:(?:Apt|Suite|Unit|Flat|Apartment)\b|[A-Z][\w'’ -]{2,30}, [A-Z]{2}\b)")
_YEARS = lazily(r"(?:19|20)[0-9]{2}-(?:19|20)?[0-9]{2},")
"""The years of a copyright; its holder may be called Lane."""
_LONGEST = 45


def house_at(text: str, lower: str, start: int) -> Hit | None:
    """The house number that begins at a place, and the street after it."""
    match = _NUMBER_FIRST.match(text, start)
    if match is None or (start and text[start - 1] in "_.$#:/-") or _YEARS.match(text, start):
        return None
    name = match.end()
    word = lower[name : name + 11].split(" ", 1)[0]
    if not (text[name].isupper() or text[name].isdigit() or word in NUMBER_FIRST) or _OF_LICENCES.match(text, name):
        return None
    end = _end_of_name(text, name, word)
    return Hit("street-address-numbered", start, end, "a house number and a street") if end else None


def _end_of_name(text: str, name: int, first: str) -> int | None:
    """Where a name that begins after a house number ends with a kind of street; None where it is no street."""
    match = _NAME.match(text, name)
    if match is None:
        return None
    if first in NUMBER_FIRST and (first != "place" or text[name].islower()):
        rest = match[0][len(first) :].split()
        long_enough = len(rest) > 0 and any(word[0].isupper() and len(word) > 2 for word in rest[:4])
        french = first == "place" and rest[:1] and rest[0] in ("de", "du", "des")
        return match.end() if long_enough and (french or first not in ("via", "place", "route", "cours")) else None
    if ENGLISH.isdisjoint(match[0].lower().replace(",", " ").replace(".", " ").split()):
        return None
    place = name
    for count, written in enumerate(match[0].split(" ")):
        word = written.rstrip(",")
        kind = word.lower().rstrip(".")
        if count and kind in ENGLISH and (word[:1].isupper() or kind in ("street", "avenue", "road")):
            end = place + len(word)
            return end if kind in CLEARLY_ENGLISH or _closes(text, end) else None
        if written.endswith(",") or not (word[:1].isupper() or word[:1].isdigit()):
            return None
        place += len(written) + 1
    return None


def _closes(text: str, end: int) -> bool:
    """Whether after a kind of street that is also a common word comes what comes after a street."""
    return bool(_CLOSING.match(text, end))


class StreetDetector:
    """Names of streets with the house number after them: compounds, and kinds of street before the name."""

    name = "streets"
    words = frozenset(
        (
            *(f"{suffix} {digit}" for suffix in SUFFIXES for digit in "0123456789"),
            *(f"{kind} " for kind in BEFORE_NAMES - NEED_NUMBER_FIRST),
        )
    )

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Hits under `street-address`."""
        done = 0
        for start, word in at.any_of(self.words):
            if start < done:
                continue
            if word[-1].isdigit():
                span = _compound(text, lower, start, word[:-2])
            else:
                span = _kind_first(text, lower, start, word)
            if span:
                done = span[1]
                yield Hit("street-address", *span, "a street and a house number")


def _compound(text: str, lower: str, start: int, suffix: str) -> tuple[int, int] | None:
    """A word that ends with a kind of street, and its number."""
    begin, first = start, max(0, start - _LONGEST)
    while begin > first and (text[begin - 1].isalpha() or text[begin - 1] in "-.'’"):
        begin -= 1
    number = start + len(suffix) + 1
    house = _HOUSE.match(text, number)
    if house is None:
        return None
    whole = lower[begin : number - 1]
    capital = text[begin].isupper() or (begin < start and text[start].isupper())
    numbered = begin >= 2 and text[begin - 1] == " " and text[begin - 2].isdigit()
    if suffix in WEAK or whole == suffix:
        hyphenated = begin < start and text[start - 1] == "-"
        if whole == suffix:
            named = begin >= 2 and text[begin - 1] == " " and text[begin - 2].isalpha()
            if not (
                named and (capital or suffix in ("utca", "út", "tér", "ulica", "cesta", "rakpart", "allé", "allee"))
            ):
                return None
            capital = capital or _previous_is_capital(text, begin)
        elif NO_STREET.match(whole) and not (hyphenated or (numbered and capital)):
            return None
        if suffix in WEAK and not (hyphenated or numbered) and not _AFTER_HOUSE.match(lower, house.end()):
            return None
    return (begin, house.end()) if capital or numbered else None


def _previous_is_capital(text: str, begin: int) -> bool:
    previous = text[max(0, begin - _LONGEST) : begin].split()
    return bool(previous) and any(word[0].isupper() for word in previous[-2:])


def _kind_first(text: str, lower: str, start: int, word: str) -> tuple[int, int] | None:
    """`Rua Cidade de Maracajá 468`: a kind of street, a name with a capital, a number."""
    if start and (text[start - 1].isalnum() or text[start - 1] in "_-./"):
        return None
    name = start + len(word)
    match = _NAME_THEN_HOUSE.match(text, name, min(len(text), name + 80))
    if match is None:
        return None
    house = _HOUSE.match(text, match.end())
    if house is None or not any(part[0].isupper() for part in match[0].split()):
        return None
    numbered = bool(re.search(r"[0-9],? $", text[max(0, start - 3) : start]))
    if text[start].islower() and not numbered and word.strip() not in ("rua", "rue", "ul.", "calle", "rúa", "travessa"):
        return None
    if (
        word.strip() in ("via", "plaza", "strada", "allée")
        and not numbered
        and not _AFTER_HOUSE.match(lower, house.end())
    ):
        return None
    return start, house.end()
