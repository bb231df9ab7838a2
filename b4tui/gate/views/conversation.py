"""What a run has told bit by bit: pieces of values in payloads that went before, beside those in this one (N17)."""

from __future__ import annotations

from collections.abc import Sequence

from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.values import SURELY_MADE, is_made_of_words

LAST = 8
"""Payloads that are looked back on."""
_TOLD, _NEW = 192, 64
"""Pieces that are put beside each other, the latest ones: what they may make together is only looked up."""
_PIECE = lazily(r"[A-Za-z0-9+/_=.-]{5,120}")
_DIGITS = lazily(r"[0-9a-fA-F]{6,}$")


def pieces(*texts: str) -> tuple[str, ...]:
    """The words of texts that may be pieces of a secret, each once, in their order."""
    words: dict[str, None] = {}
    for text in texts:
        words.update(dict.fromkeys(_PIECE.findall(text)))
    return tuple(filter(_may_be_one, words))


def _may_be_one(word: str) -> bool:
    """Digits of any kind, and what is no name; a piece is too short for chance to show in it."""
    if any(char.isdigit() for char in word):
        return _DIGITS.match(word) is not None or not is_made_of_words(word)
    return rarity(word) >= SURELY_MADE


def side_by_side(earlier: Sequence[str], now: str) -> str:
    """Every piece that was told before this payload beside every new one of it, in lines to be searched."""
    told = pieces(*earlier[-LAST:])
    known = frozenset(told)
    new = [word for word in pieces(now) if word not in known][-_NEW:]
    return "\n".join(f"{before} {word}\n{word} {before}" for before in told[-_TOLD:] for word in new)
