"""Finds the line of a town below or behind a street: postcode and town, town and state, post boxes of armies."""

from __future__ import annotations

import re

from b4tui.gate.patterns import lazily
from b4tui.gate.personal.streets import SUFFIXES
from b4tui.gate.types import Hit

_SEPARATOR = lazily(r"[\n,][ ]{0,3}(?:[A-Z]{1,2}-)?$")
_TOWN = lazily(
    r"(?:[0-9]{3} [0-9]{2}|[0-9]{2}-[0-9]{3}|[0-9]{4}-[0-9]{3}|[0-9]{8}|[0-9]{4} ?[A-Z]{2}\n?|[0-9]{4,5}),?[ \n]"
    r"(?P<town>[^\W\d_][\w'’.-]{2,40}(?:[ /-]{1,3}[^\W\d_(][\w'’.()-]{0,40}){0,5})"
)
_A_HOUSE_BEFORE = lazily(
    r"(?:[^\W\d_][.'’]?|[0-9](?:st|nd|rd|th))[ ,]{1,2}[0-9]{1,4}(?: ?[A-Za-z])?(?:[-/][0-9]{1,4})*[,.]?[ ]?$"
)
_MONTH_BEFORE = lazily(
    r"(?<![^\W\d_])(?:jan(?:uary?)?|feb(?:ruary?)?|m[aä]r(?:ch|z)?|apr(?:il)?|ma[iy]|jun[ei]?|jul[iy]?|aug(?:ust)?"
    r"|sept?(?:ember)?|o[ck]t(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\.?[ ][0-9]{1,2}[,.]?[ ]?$"
    r"|[0-9]{1,2}:[0-9]{2}$",
    re.I,
)
_YEAR = lazily(r"(?:19|20)[0-9]{2}(?![0-9]|[ -][0-9])")
_AFTER_TOWN = lazily(r"\s*(?:[\n,;.)\"'|<—–-]|$|\s-)")
_STATE = lazily(r"(?<![A-Za-z0-9])(?P<state>[A-Z]{2}),?[ \n]{1,2}$")
_STATES = frozenset(
    word
    for line in (
        "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK",
        "OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC AS GU MP VI FM MH PW AA AE AP",
    )
    for word in line.split()
)
_OF_LICENCES = lazily(r"Boston,\s+$|Mass(?:achusetts)? Ave(?:nue)?,\s+(?:[*#/;]+\s+)?Cambridge,\s+$")
"""Where the Free Software Foundation is and was, in the head of very many files."""
_ARMY = lazily(r"(?<![A-Za-z])[AFD]PO,?[ \n]{1,2}A[AEP],?[ \n]{1,2}$", re.I)
_BRITISH = lazily(r"(?:\n|, ?)[A-Z]{1,2}[0-9][A-Z0-9]? $")
_BRITISH_END = lazily(r"[0-9][ABD-HJLNP-UW-Z]{2}(?![\w-])")
_CANADIAN = lazily(r"[A-CEGHJ-NPR-TVXY][0-9][A-Z] ?[0-9][A-Z][0-9](?!\w)")
_AUSTRALIAN = lazily(r", (?:NSW|VIC|QLD|TAS|ACT|WA|SA|NT), $")


def may_be_town(text: str, start: int, before: str, after: str) -> bool:
    """Whether what is next to a row of digits lets it be a postcode: a line's begin, a comma, a state."""
    if before == " ":
        further = text[start - 2 : start - 1]
        return further in " ,\n" or further.isupper() or after.isupper() or further in "epEP"
    return before in "\n-" or (before.isupper() and after.isupper())


def town_at(text: str, start: int, end: int) -> Hit | None:
    """The line of a town whose postcode a row of digits begins, or ends.

    A postcode with a town needs a house number before it; a number alone says nothing.
    """
    length, before = end - start, text[start - 1 : start]
    found: tuple[int, int] | None = None
    if before in "\n -" and 2 <= length <= 8 and length != 6:
        found = _below_a_street(text, start)
    if found is None and before in " \n" and length in (4, 5):
        found = _after_a_state(text, start, end)
    if found is None and length == 1:
        found = _british_or_canadian(text, start, before)
    return Hit("postal-line", *found, "a town below or behind a street") if found else None


def _below_a_street(text: str, start: int) -> tuple[int, int] | None:
    separator = _SEPARATOR.search(text, max(0, start - 8), start)
    match = _TOWN.match(text, start) if separator else None
    if match is None or separator is None or not match["town"][0].isupper():
        return None
    if match["town"].startswith(("NULL", "TRUE", "FALSE")):
        return None  # arguments of a call
    before = text[max(0, separator.start() - 24) : separator.start()]
    house = _A_HOUSE_BEFORE.search(before)
    if house is None or _MONTH_BEFORE.search(before) or not _is_named(before[: house.end()]):
        return None
    if _YEAR.match(text, start) and text[separator.start()] == ",":
        return None
    return (start, match.end()) if _AFTER_TOWN.match(text, match.end()) else None


def _is_named(street: str) -> bool:
    """Whether the last word before the house number is a name, or a kind of street."""
    words = re.findall(r"[^\W\d_][^\W_]*\.?", street)
    return bool(words) and (words[-1][0].isupper() or words[-1].lower() in SUFFIXES or len(words[-1]) == 1)


def _after_a_state(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Whether a state is before it, and before that a number and a capital, and a comma or a line's end."""
    if end - start == 4:
        return (start, end) if _AUSTRALIAN.search(text, max(0, start - 8), start) else None
    if text[end : end + 1].isalnum():
        return None
    if _ARMY.search(text, max(0, start - 12), start):
        return start, end
    state = _STATE.search(text, max(0, start - 6), start)
    if state is None or state["state"] not in _STATES:
        return None
    before = text[max(0, state.start() - 80) : state.start()]
    if _OF_LICENCES.search(before):
        return None
    if re.search(r"(?:,\s{0,2}|\n)$", before) and re.search(r"[0-9]{1,6}[ ]+[^\W\d_]", before):
        return state.start(), end
    return None


def _british_or_canadian(text: str, start: int, before: str) -> tuple[int, int] | None:
    if before == " ":
        inner = _BRITISH_END.match(text, start)
        return (start, inner.end()) if inner and _BRITISH.search(text, max(0, start - 7), start) else None
    if before.isupper():
        code = _CANADIAN.match(text, start - 1)
        if code and re.search(r", [A-Z]{2} $", text[max(0, start - 6) : start - 1]):
            return start - 1, code.end()
    return None
