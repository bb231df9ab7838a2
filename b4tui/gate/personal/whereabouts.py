"""Finds addresses by what is said before them: `lives at`, `my new address is`, `wohnhaft`, `the corner of`.

What kind of street it is then need not be known. A number and a name, or a name and a number, are enough; in text
without capitals it takes a number on both sides of the name, or a known kind of street.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.personal.streets import SUFFIXES
from b4tui.gate.types import Hit

_SAID = (
    "lives at ",
    "live at ",
    "living at ",
    "lives on ",
    "lived at ",
    "lived on ",
    "resides at ",
    "residing at ",
    "located at ",
    "office is at ",
    "offices are at ",
    "headquarters at ",
    "return to ",
    "returned to ",
    "station is on ",
    "stop is on ",
    "drops you off at ",
    "drop me off at ",
    "pick me up at ",
    "meet me at ",
    "meet you at ",
    "meeting at ",
    "taxi to ",
    "cab to ",
    "uber to ",
    "sent to ",
    "send it to ",
    "deliver to ",
    "delivered to ",
    "deliver it to ",
    "ship to ",
    "shipped to ",
    "arrived at ",
    "moved to ",
    "corner of ",
    "side of ",
    "house on ",
    "home on ",
    "home at ",
    "house at ",
    "wohnhaft ",
    "wohnt in ",
    "wohne in ",
    "wohnen in ",
    "wohnung in ",
    "umgezogen in ",
    "umzug in ",
    "zieht in ",
    "adresse",
    "anschrift",
    "wohnsitz",
    "address",
    "direccion",
    "dirección",
    "indirizzo",
    "endereço",
    "adres",
)
_STREET_IN = " street in "
"""After an address whose kind of street is not known: `refers to Törneby 2 street in Gualöv`."""
_ADDRESS_BEFORE = lazily(
    r"(?:[^\W\d_][\w.'’-]{2,40} [0-9]{1,5}[a-z]?\.?|[0-9]{1,6} (?:[^\W\d_][\w.'’-]{1,40} ){0,3}[^\W\d_][\w.'’-]{2,40})$"
)
_DAY_AT = tuple(f"{day} at " for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
_ZIP = ("zip code", "zipcode", "postal code", "postcode", "postleitzahl", "plz")
_NOT_A_PLACE = lazily(
    r"(?:ip|mac|e-?mail|mail|memory|base|web|url|http|bind|listen|server|remote|local|source|wallet|contract|network|host"
    r"|dest(?:ination)?|bus|physical|virtual|start|load|link|return|bitcoin|btc|eth|ipv[46]|tcp|socket|will|to|must|should"
    r"|not|and|or|we|they|can|fully|properly|explicitly|also|directly)[ _.-]$"
)
_BETWEEN = lazily(
    r"(?:es|s)?(?:['’]s)?[\"']?(?:[ \t]{0,9}(?:to the same|is now|is|are|it is|it['’]s|was|for|to|with|at|in|lautet|ist"
    r"|der|die|das|dem|neue|nach|here (?:they|it) (?:is|are)|the following|the|corner of|user|bot)\b){0,8}"
    r"[,:?=.]{0,2}[\"']?\s{0,12}(?:(?:user|bot): )?(?:it is |it['’]s |in |at )?(?:the corner of )?"
)
_NUMBER_NAME_NUMBER = lazily(r"[0-9]{1,6},? (?:[^\W\d_][\w.'’-]{0,30},? ){1,6}[0-9]{1,5}(?![\w:]|\.[0-9])")
_NUMBER_NAME = lazily(
    r"[0-9]{1,6}[a-z]?,?[ \n](?:[0-9]{1,4} )?(?P<name>[^\W\d_][\w.'’-]{2,40})"
    r"(?: (?P<next>[^\W_][\w.'’-]{0,40}))?"
)
_HOUSE = lazily(r"[0-9]{1,5}(?: ?[a-zA-Z](?![\w]))?(?:[/-][0-9]{1,4})?(?![\w:]|\.[0-9])")
_ROW = lazily(r"[0-9]+")
_TECHNICAL = frozenset(
    word
    for line in (
        "all and apr april are area at aug august batch bug bugs build by case change channel chapter class claude",
        "code column comment comments commit concern concerns core cpu cve day debian dec december each epic epoch",
        "error errors every exit feature feb february feedback figure finding findings for friday from gap gemini",
        "gpt gpu group http in index is issue issues item items iteration jan january java job jul july jun june",
        "layer level line lines mar march may milestone model monday node note nov november oct october of on only",
        "option opus or p0 p1 p2 p3 page part phase pod point port pr priority prs python q question release req",
        "requirement review rfc room round row rule section sep sept september shard slot sonnet sprint stage",
        "status step story table task tasks test tests than the thread thursday tier to todo todos track tuesday",
        "type ubuntu v version volume wednesday week where windows with worker",
    )
    for word in line.split()
)
"""Words that a number follows, or comes before, in texts of work."""
_ENDS = lazily(r"\.?\s*(?:[,;.)\"'?!\n]|$|in case|and |last night|after|at |on |for |street|st\b|apt|suite|nan\b)")
_ZIP_VALUE = lazily(
    r"[\"']?(?:\s?(?:is|ist|of|lautet|:|=|,)){0,3}\s{0,3}[\"']?(?P<code>[0-9]{4,5}(?:-[0-9]{4})?)(?![\w-]|\.[0-9])"
)
_OF_COMPOUNDS = ("adresse", "anschrift", _STREET_IN)
_SUFFIXES = tuple(sorted(SUFFIXES))
_FAR = 90
_ROWS = 3
"""Numbers that are looked at behind such words; the house is one of the first."""


class WhereaboutsDetector:
    """Addresses after words that tell of one, and postcodes that are called so."""

    name = "whereabouts"
    words = frozenset((*_SAID, *_DAY_AT, *_ZIP, _STREET_IN))

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Hits under `address-in-words` and `postcode`."""
        done = 0
        for start, word in at.any_of(self.words):
            if start < done or (start and lower[start - 1].isalpha() and word not in _OF_COMPOUNDS):
                continue
            end = start + len(word)
            if word == _STREET_IN:
                if (told := _ADDRESS_BEFORE.search(text, max(0, start - _FAR), start)) and not _is_technical(told[0]):
                    yield Hit("address-in-words", *told.span(), "an address, called a street")
                continue
            if word in _ZIP:
                code = _ZIP_VALUE.match(text, end)
                if code:
                    yield Hit("postcode", *code.span("code"), "a postcode, called so")
                continue
            span = _place_after(text, lower, start, end, word)
            if span:
                done = span[1]
                yield Hit("address-in-words", *span, "an address, called so")


def _place_after(text: str, lower: str, start: int, end: int, word: str) -> tuple[int, int] | None:
    if _ROW.search(text, end, min(len(text), end + 2 * _FAR)) is None:
        return None
    loose = word[-1] != " "
    if loose and _NOT_A_PLACE.search(lower[max(0, start - 16) : start]):
        return None
    place = end
    if loose or word in ("corner of ", "sent to ", "side of "):
        between = _BETWEEN.match(lower, end)
        place = between.end() if between else end
        if loose and place == end:
            return None
    far = min(len(text), place + _FAR)
    if _ROW.search(text, place, far) is None:
        return None
    if "0" <= text[place : place + 1] <= "9":
        both = _NUMBER_NAME_NUMBER.match(text, place, far)
        if both and not _is_technical(both[0]):
            return both.span()
        if first := _number_first(text, place, far, loose):
            return first
    return _number_last(text, lower, place, far)


def _is_technical(name: str) -> bool:
    return name.strip(" .,0123456789").rsplit(" ", 1)[-1].lower() in _TECHNICAL


def _number_first(text: str, place: int, far: int, loose: bool) -> tuple[int, int] | None:
    match = _NUMBER_NAME.match(text, place, far)
    if match is None or not match["name"][0].isupper() or _is_technical(match["name"]):
        return None
    if loose and not (match["next"] and (match["next"][0].isupper() or match["next"][0].isdigit())):
        return None
    return match.span()


def _number_last(text: str, lower: str, place: int, far: int) -> tuple[int, int] | None:
    for row in islice(_ROW.finditer(text, place, far), _ROWS):
        house = _HOUSE.match(text, row.start())
        begin = text.rfind(" ", max(place, row.start() - 42), row.start() - 1) + 1 or place
        last = text[begin : row.start() - 1]
        if house is None or text[row.start() - 1] != " " or not last[:1].isalpha() or "\n" in last:
            continue
        known = last.lower().endswith(_SUFFIXES)
        if not known and ".\n" in text[place:begin]:
            continue  # of another sentence
        if (last[0].isupper() or known) and not _is_technical(last) and (known or _ENDS.match(lower, house.end())):
            return begin, house.end()
    return None
