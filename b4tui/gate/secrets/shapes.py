"""Tokens whose form shows only as a whole: no word begins them, but their parts have lengths of their own."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.rulebook.validators import many_digits, not_masked, varied
from b4tui.gate.types import Hit
from b4tui.gate.values import is_made_of_words

_DISCORD_TAIL = lazily(r"\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,40}(?![A-Za-z0-9_-])")
_DISCORD_HEAD = lazily(r"(?<![A-Za-z0-9_.-])[MNO][A-Za-z\d_-]{23,28}$")
_MAILGUN_TAIL = lazily(r"-[0-9a-f]{8}-[0-9a-f]{8}(?![0-9A-Za-z-])")
_MAILGUN_HEAD = lazily(r"(?<![0-9A-Za-z-])[0-9a-f]{32}$")
_FACEBOOK_TAIL = lazily(r"(?:\||%7C)[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])")
_FACEBOOK_HEAD = lazily(r"(?<![\d.])\d{15,16}$")
_PREFIXED_TAIL = lazily(r"_[A-Za-z0-9]{28,120}(?![A-Za-z0-9_])")
_PREFIX = lazily(r"(?<![A-Za-z0-9_/+=.-])(?:[a-z]{2,12}|[A-Z]{2,12})\d{0,2}(?:[_-][A-Za-z]{1,12}\d{0,2}){0,2}$")
_BY_LOT = 6.3
"""Bits that hardly a name has; the mean of letters and digits drawn by lot is 8."""
_SORTS = str.maketrans(
    dict.fromkeys(string.digits, "d")
    | dict.fromkeys(string.ascii_uppercase, "u")
    | dict.fromkeys(string.ascii_lowercase, "l")
)
_BASE32 = lazily(r"[A-Z2-7]{32}(?![A-Za-z0-9_])")
_LONGEST_HEAD = 32
"""Characters of the longest part that comes before what is searched for."""


class Shapes:
    """Finds tokens by the form of the whole run of characters.

    The search begins at the part with a sign in it, because that is what an engine for patterns skips to quickly.
    """

    name = "shape"
    words: frozenset[str] = frozenset()

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Runs that have one of the forms."""
        yield from _around(text, _DISCORD_TAIL, _DISCORD_HEAD, "discord-bot-token")
        yield from _around(text, _MAILGUN_TAIL, _MAILGUN_HEAD, "mailgun-signing-key")
        yield from _around(text, _FACEBOOK_TAIL, _FACEBOOK_HEAD, "facebook-app-token")
        yield from _prefixed(text)
        for match in _BASE32.finditer(text):
            before = text[match.start() - 1 : match.start()]
            if (
                not before.isalnum()
                and not match.group().startswith("ABCDEFGH")
                and before not in ("_", "/", "+")
                and many_digits(match.group())
                and varied(match.group())
            ):
                yield Hit("otp-seed", *match.span(), "has the form of one")


def _around(text: str, tail: re.Pattern[str], head: re.Pattern[str], rule: str) -> Iterator[Hit]:
    for match in tail.finditer(text):
        begin = max(0, match.start() - _LONGEST_HEAD - 1)
        first = head.search(text[begin : match.start()])
        if first is None:
            continue
        start = begin + first.start()
        value = text[start : match.end()]
        if varied(value) and not_masked(value):
            yield Hit(rule, start, match.end(), "has the form of one")


def _prefixed(text: str) -> Iterator[Hit]:
    """What begins with a word, as tokens do so that they are recognised, and goes on without any order."""
    for match in _PREFIXED_TAIL.finditer(text):
        begin = max(0, match.start() - _LONGEST_HEAD - 1)
        first = _PREFIX.search(text[begin : match.start()])
        tail = match.group()[1:]
        if first is None or not all(map(tail.translate(_SORTS).__contains__, "dul")):
            continue
        if rarity(tail) >= _BY_LOT and not is_made_of_words(tail):
            yield Hit("prefixed-token", begin + first.start(), match.end(), "a word and what looks random")
