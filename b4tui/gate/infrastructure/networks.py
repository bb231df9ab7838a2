"""Finds addresses of networks and of network cards in a text.

Nothing is searched but what a dot or two colons stand out in: each trigger is a short pattern that begins with a
colon, a hyphen or a dot, and what it finds is read as a whole once. Addresses in dots begin with digits, and all
digits of a text are walked over in one go (`gate/digits.py`).
"""

from __future__ import annotations

from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.infrastructure.reach import Reach, reach_of_ipv4, reach_of_ipv6
from b4tui.gate.patterns import lazily
from b4tui.gate.types import Hit

_DOTTED = lazily(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}")
_COLONS = lazily(r":[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:.]{0,41}")
_HYPHENS = lazily(r"-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}")
_QUADS = lazily(r"\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}")
_HEX = frozenset("0123456789abcdefABCDEF")
_CARD = lazily(r"[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}")
_A_VERSION_BEFORE = lazily(
    r"(?:\bv|ver|version|release|==|~=|>=|<=|\^|[0-9] ?->|chrome/|safari/|firefox/|edge?/|mozilla/|build|section|"
    r"§|oid|bump)[\s:=\"']{0,3}$"
)
_A_HOST_BEFORE = lazily(r"(?:\bip|addr(?:ess)?|host(?:name)?|server|from|@|://|ssh|ping|dns|inet)[\s:=\"'v4]{0,4}$")
_SMALL = 20
"""Four numbers below this are a version more often than an address."""


class NetworkDetector:
    """IPv6 addresses by reach, and addresses of network cards in the three ways they are written."""

    name = "networks"
    words: frozenset[str] = frozenset()

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Hits under `ip6-private`, `ip6-public` and `mac-address`."""
        if ":" in text:
            yield from _between_colons(text)
        if "-" in text:
            yield from _hyphenated_cards(text)
        yield from _quads(text, lower)


def ipv4_at(text: str, lower: str, start: int) -> Hit | None:
    """The address in dots that begins with the digits at a place."""
    match = _DOTTED.match(text, start)
    if match is None or _in_a_word(text, start, match.end()):
        return None
    reach = reach_of_ipv4(match[0])
    if reach is None:
        return None
    if reach == Reach.PUBLIC:
        before = lower[max(0, start - 14) : start]
        if _A_VERSION_BEFORE.search(before):
            return None
        if all(int(part) < _SMALL for part in match[0].split(".")) and not _A_HOST_BEFORE.search(before):
            return None
    return Hit(f"ip-{reach}", start, match.end(), f"a {reach} address")


def _in_a_word(text: str, start: int, end: int) -> bool:
    """Whether the dotted number goes on at either side: a longer number, a version, a name."""
    before = text[start - 1] if start else ""
    if before and (before in "._" or before.isalnum()):
        return True
    after = text[end : end + 2]
    return bool(after) and (after[0].isalnum() or after[0] == "_" or (after[0] == "." and after[1:].isdigit()))


def _between_colons(text: str) -> Iterator[Hit]:
    for match in _COLONS.finditer(text):
        start = _hex_before(text, match.start())
        if start is None:
            continue
        whole = text[start : match.end()].rstrip(".")
        if not whole.endswith("::"):
            whole = whole.rstrip(":")
        end = start + len(whole)
        if text[end : end + 1].isalnum():
            continue
        if _CARD.fullmatch(whole):
            if _names_a_card(whole):
                yield Hit("mac-address", start, end, "the address of a network card")
        elif ("::" in whole or whole.count(":") == 7) and any(char.isdigit() for char in whole):
            reach = reach_of_ipv6(whole)
            if reach is not None:
                yield Hit(f"ip6-{reach}", start, end, f"a {reach} address")


def _hex_before(text: str, colon: int) -> int | None:
    """Where the group before the colon begins: at most four hexadecimal digits after no word, dot or colon."""
    start = colon
    while start and colon - start < 5 and text[start - 1] in _HEX:
        start -= 1
    if colon - start > 4 or (start and (text[start - 1].isalnum() or text[start - 1] in "_:.")):
        return None
    return start


def _hyphenated_cards(text: str) -> Iterator[Hit]:
    for match in _HYPHENS.finditer(text):
        start, end = match.start() - 2, match.end()
        whole = text[max(0, start) : end]
        if start < 0 or not _CARD.fullmatch(whole) or not any(char.isalpha() for char in whole):
            continue
        if (start and (text[start - 1].isalnum() or text[start - 1] in "-_:")) or _goes_on(text, end):
            continue
        if _names_a_card(whole):
            yield Hit("mac-address", start, end, "the address of a network card")


def _goes_on(text: str, end: int) -> bool:
    return bool(text[end : end + 1]) and (text[end].isalnum() or text[end] in "-_:")


def _quads(text: str, lower: str) -> Iterator[Hit]:
    """Three groups of four, as routers write them."""
    for match in _QUADS.finditer(text):
        start, end = match.start() - 4, match.end()
        if start < 0 or not all(char in _HEX for char in text[start : start + 4]):
            continue
        if (start and (text[start - 1].isalnum() or text[start - 1] in "._")) or _goes_on(text, end):
            continue
        whole = text[start:end]
        told = "mac" in lower[max(0, start - 30) : start] or "physical" in lower[max(0, start - 30) : start]
        lettered = sum(1 for group in whole.split(".") if any(char.isalpha() for char in group))
        if told or (lettered > 1 and any(char.isdigit() for char in whole)):
            yield Hit("mac-address", start, end, "the address of a network card")


def _names_a_card(address: str) -> bool:
    """Not the broadcast, not zeros, not one digit repeated."""
    return len({address[place : place + 2].lower() for place in range(0, 17, 3)}) > 2
