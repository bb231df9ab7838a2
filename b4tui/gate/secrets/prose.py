"""Secrets that a sentence tells: `the password is x`, `das Passwort lautet x`, `use token x`, `PIN 4711`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.rarity import rarity
from b4tui.gate.types import Hit
from b4tui.gate.values import stands_for_a_value

_TOLD = re.compile(
    r"(?i)(?:pass(?:word|wort|phrase|code)|kennwort|pw|token|secret|api[- ]?key|zugangsdaten|login with|"
    r"credentials)\b(?![\"'`])"
    r"(?:[^\n.:=]{0,40}?(?:\bis\b(?: now)?|\bwas\b|\bist\b|\blautet\b|\bwar\b|[:=])\s{1,4}|\s{1,3})"
    r"[`\"'„“(]?(?P<value>[^\s`\"'“”„()]{5,80})"
)
_NUMBER = re.compile(
    r"(?i)(?:pin(?:[- ]?(?:code|nummer|number))?|puk|passcode|kennzahl|geheimzahl|zugangscode|türcode|alarmcode|"
    r"(?:door|alarm|unlock|access|entry|gate|lock|safe) (?:code|combination))\b"
    r"(?:[^\n.:=\d]{0,24}?(?:\bis\b|\bist\b|\blautet\b|[:=]))?\s{0,3}[`\"']?(?P<value>\d{4,8})(?!\w|[-./]\d)"
)
_CODE = re.compile(r"[()\[\]{}]|::|->|=>|\w\.\w+\(")
_NOT_ONE = re.compile(
    r"(?i)v?\d+\.|https?:|sha|[0-9a-f]{7,8}$|\d+(?:st|nd|rd|th|s|ms|k|m|gb|mb|px|x)$|#\d|[\w.]+@|.*/|[A-Z]+-\d+$|--?\w|"
    r".*\.(?:py|md|js|ts|go|rs|json|ya?ml|toml|sh)$"
)
_WORDS_JOINED = re.compile(r"[a-zäöüß]{3,12}(?:-[a-zäöüß]{3,12}){3,6}$")


class Prose:
    """Finds passwords that are told in a sentence."""

    name = "prose"
    words = frozenset(
        {"password", "passwort", "passphrase", "passcode", "kennwort", "pw", "token", "secret", "api key", "api-key"}
        | {"zugangsdaten", "login", "credentials", "pin", "puk", "geheimzahl", "zugangscode", "türcode", "alarmcode"}
        | {"kennzahl", "safe combination"}
        | {f"{place} code" for place in ("door", "alarm", "unlock", "access", "entry", "gate", "lock", "safe")}
    )

    def find(self, text: str, lower: str, at: Positions) -> Iterator[Hit]:
        """One finding for each thing told."""
        done = -1
        for start, _ in at.any_of(self.words):
            before = text[start - 1 : start]
            if start < done or before.isalnum() or before in ("_", "."):
                continue
            match = _NUMBER.match(text, start) or (None if before == "-" else _TOLD.match(text, start))
            if match is None:
                continue
            end = match.start("value") + len(match["value"].rstrip(".,;:)!?"))
            value = text[match.start("value") : end]
            if match.re is _NUMBER or _is_told(value, text[start : match.start("value")]):
                done = end
                yield Hit("told-secret", match.start("value"), end, "a sentence tells it")


def _is_told(value: str, before: str) -> bool:
    if len(value) < 5 or stands_for_a_value(value) or _CODE.search(value) or _NOT_ONE.match(value):
        return False
    bits = rarity(value)
    if _WORDS_JOINED.match(value):
        return True
    digit = any("0" <= char <= "9" for char in value)
    letter = any(char.isalpha() for char in value)
    said = not before.rstrip("`\"' (").endswith(("word", "wort", "token", "secret", "key", "pw", "login", "with", "s"))
    return digit and letter and bits > (3.6 if said else 5.0)
