"""Finds the line of a town below or behind a street: postcode and town, town and state, post boxes of armies."""

from __future__ import annotations

import re
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.personal.streets import SUFFIXES
from b4tui.gate.types import Hit

_TOWN = re.compile(
    r"[\n,][ ]{0,3}(?:[A-Z]{1,2}-)?(?P<code>[0-9]{4,5}|[0-9]{3} [0-9]{2}|[0-9]{2}-[0-9]{3}|[0-9]{4}-[0-9]{3}|[0-9]{8}"
    r"|[0-9]{4} ?[A-Z]{2}\n?),?[ \n](?P<town>[^\W\d_][\w'’.-]{2,40}(?:[ /-]{1,3}[^\W\d_(][\w'’.()-]{0,40}){0,5})"
)
_A_HOUSE_BEFORE = re.compile(
    r"(?:[^\W\d_][.'’]?|[0-9](?:st|nd|rd|th))[ ,]{1,2}[0-9]{1,4}(?: ?[A-Za-z])?(?:[-/][0-9]{1,4})*[,.]?[ ]?$"
)
_MONTH_BEFORE = re.compile(
    r"(?:jan|feb|m[aä]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\.?[ ][0-9]{1,2}[,.]?[ ]?$"
    r"|[0-9]{1,2}:[0-9]{2}$",
    re.I,
)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_AFTER_TOWN = re.compile(r"\s*(?:[\n,;.)\"'|<—–-]|$|\s-)")
_STATE = re.compile(r"(?<![A-Za-z0-9])(?P<state>[A-Z]{2}),?[ \n]{1,2}[0-9]{5}(?:-[0-9]{4})?(?![\w-])")
_STATES = frozenset(
    word
    for line in (
        "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK",
        "OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP VI FM MH PW AA AE AP",
    )
    for word in line.split()
)
_ARMY = re.compile(r"(?<![A-Za-z])[AFDafd][Pp][Oo],?[ \n]{1,2}[Aa][AEPaep],?[ \n]{1,2}[0-9]{5}(?![0-9])")
_BRITISH = re.compile(r"[\n,] ?(?P<code>[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2})(?![\w-])")
_CANADIAN = re.compile(r", [A-Z]{2} (?P<code>[A-CEGHJ-NPR-TVXY][0-9][A-Z] ?[0-9][A-Z][0-9])(?!\w)")
_AUSTRALIAN = re.compile(r", (?:NSW|VIC|QLD|TAS|ACT|WA|SA|NT), [0-9]{4}(?!\w)")


class PostalDetector:
    """Lines of towns. A postcode with a town needs a house number before it; a number alone says nothing."""

    name = "postal"
    words: frozenset[str] = frozenset()

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Hits under `postal-line`."""
        for match in _TOWN.finditer(text):
            if match["town"][0].isupper() and _below_a_street(text, match):
                yield Hit("postal-line", match.start("code"), match.end(), "a postcode and a town below a street")
        for match in _STATE.finditer(text):
            if match["state"] in _STATES and _after_a_street(text, match.start()):
                yield Hit("postal-line", *match.span(), "a state and a ZIP code behind a street")
        if "po" in lower:
            for match in _ARMY.finditer(text):
                yield Hit("postal-line", *match.span(), "a post box of an army")
        for shape in (_BRITISH, _CANADIAN, _AUSTRALIAN):
            for match in shape.finditer(text):
                yield Hit("postal-line", *match.span(), "a postcode")


def _below_a_street(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 48) : match.start()]
    house = _A_HOUSE_BEFORE.search(before)
    if house is None or _MONTH_BEFORE.search(before) or not _is_named(before[: house.end()]):
        return False
    if _YEAR.fullmatch(match["code"]) and text[match.start()] == ",":
        return False
    return bool(_AFTER_TOWN.match(text, match.end()))


def _is_named(street: str) -> bool:
    """Whether the last word before the house number is a name, or a kind of street."""
    words = re.findall(r"[^\W\d_][^\W_]*\.?", street)
    return bool(words) and (words[-1][0].isupper() or words[-1].lower() in SUFFIXES or len(words[-1]) == 1)


def _after_a_street(text: str, start: int) -> bool:
    """Whether a number and a capital are before it, and it stands behind a comma or on a line of its own."""
    before = text[max(0, start - 80) : start]
    return bool(re.search(r"(?:,\s{0,2}|\n)$", before)) and bool(re.search(r"[0-9]{1,6}[ ]+[^\W\d_]", before))
