"""What an honest text does not hold: characters that carry text nobody sees, and orders to show text in another order.

They are findings in themselves, and what they carry is read (research/gate.md 6.1, A23 and A24).
"""

from __future__ import annotations

from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.types import Hit
from b4tui.gate.views.normalising import beyond_ascii
from b4tui.gate.views.offsets import Offsets, pieced, whole

TAGS = "hidden-tags"
BIDI = "hidden-bidi"
BYTES = "hidden-bytes"
"""Ids of the rules of `rules/policy.toml`."""

_TAGS = lazily("[\U000e0020-\U000e007f]+")
# The flags of England, Scotland and Wales are written with tags after a black flag.
_FLAG = lazily("\U0001f3f4[\U000e0061-\U000e007a\U000e0030-\U000e0039]{3,6}\U000e007f")
_BIDI = lazily("[\u202a-\u202e\u2066-\u2069]+")
_SELECTORS = lazily("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{4,}")
_NOTHING = lazily("[\u200b-\u200d\u2060-\u2064\ufeff]{16,}")

_ANY = lazily("[\u200b-\u200d\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0020-\U000e007f\U000e0100-\U000e01ef]")
_TAG_OFFSET = 0xE0000
Read = tuple[str, str, Offsets]
"""The name of the view, what was hidden, and where it was."""


class Hidden:
    """The detector of what an honest text does not hold. It has to see the text itself, not a view of it."""

    name = "hidden"
    words: frozenset[str] = frozenset()

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Where characters are that carry something unseen or change the order of what is shown."""
        if not _any(beyond_ascii(text)):
            return
        for start, end in _tags(text):
            yield Hit(TAGS, start, end, "text in characters that no screen shows")
        for match in _BIDI.finditer(text):
            yield Hit(BIDI, *match.span(), "an order to show text in another order than it is written")
        for pattern in (_SELECTORS, _NOTHING):
            for match in pattern.finditer(text):
                yield Hit(BYTES, *match.span(), "a row of characters that show nothing and may carry bytes")


def _any(rare: str) -> bool:
    return _ANY.search(rare) is not None


def carried(text: str, rare: str) -> Iterator[Read]:
    """What text unseen characters carry; `rare` is what the text has beyond ASCII."""
    if not _any(rare):
        return
    tags = list(_tags(text))
    if tags:
        yield "tags", *pieced(("".join(map(_plain, text[start:end])), start, end) for start, end in tags)
    for match in _SELECTORS.finditer(text):
        shown = bytes(map(_byte, match.group())).decode("latin-1")
        yield "selectors", shown, whole(len(shown), *match.span())


def _tags(text: str) -> Iterator[tuple[int, int]]:
    flags = {match.start() + 1 for match in _FLAG.finditer(text)}
    for match in _TAGS.finditer(text):
        if match.start() not in flags:
            yield match.span()


def _plain(char: str) -> str:
    code = ord(char) - _TAG_OFFSET
    return chr(code) if 0x20 <= code < 0x7F else ""


def _byte(char: str) -> int:
    code = ord(char)
    return code - 0xFE00 if code < 0xFE10 else code - 0xE0100 + 16
