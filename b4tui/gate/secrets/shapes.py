"""Tokens whose form shows only as a whole: no word begins them, but their parts have lengths of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from b4tui.gate.detector import Positions
from b4tui.gate.types import Hit
from b4tui.gate.validators import not_masked, varied

_RUN = re.compile(r"(?<![A-Za-z0-9_.\-])[A-Za-z0-9_.\-]{48,90}+(?![A-Za-z0-9_.\-])")
_SHAPES: Mapping[str, re.Pattern[str]] = {
    "discord-bot-token": re.compile(r"[MNO][A-Za-z\d_-]{23,28}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,40}$"),
    "mailgun-signing-key": re.compile(r"[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}$"),
}


class Shapes:
    """Finds tokens by the form of the whole run of characters."""

    name = "shape"
    words: frozenset[str] = frozenset()

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """Runs that have one of the forms."""
        for run in _RUN.finditer(text):
            value = run.group()
            for rule, shape in _SHAPES.items():
                if shape.match(value) and varied(value) and not_masked(value):
                    yield Hit(rule, *run.span(), "has the form of one")
