"""What a run has told bit by bit: pieces of values in payloads that went before, beside those in this one (N17)."""

from __future__ import annotations

from collections.abc import Sequence

from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity

LAST = 8
"""Payloads that are looked back on."""
_MOST = 48
_RARE = 4.4
_PIECE = lazily(r"[A-Za-z0-9+/_=.-]{5,120}")


def pieces(text: str) -> tuple[str, ...]:
    """The words of a text that may be pieces of a secret, each once."""
    words = dict.fromkeys(match.group() for match in _PIECE.finditer(text))
    return tuple(word for word in words if any(char.isdigit() for char in word) and rarity(word) >= _RARE)


def side_by_side(earlier: Sequence[str], now: str) -> str:
    """Every piece that was told before this payload beside every new one of it, in lines to be searched."""
    told = dict.fromkeys(word for text in earlier[-LAST:] for word in pieces(text))
    new = [word for word in pieces(now) if word not in told][-_MOST:]
    return "\n".join(f"{before} {word}\n{word} {before}" for before in [*told][-_MOST:] for word in new)
