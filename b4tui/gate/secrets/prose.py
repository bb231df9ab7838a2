"""Secrets that a sentence tells: `the password is x`, `das Passwort lautet x`, `use token x`, `PIN 4711`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from b4tui.gate.detector import Positions
from b4tui.gate.patterns import lazily
from b4tui.gate.rarity import rarity
from b4tui.gate.stand_ins import stands_for_a_value
from b4tui.gate.types import Hit
from b4tui.gate.values import is_made_of_words, names_a_value

_WORD = lazily(
    r"(?i)(?:pass(?:word|wort|phrase|code)|kennwort|pw|token|secret|api[- ]?key|schlüssel|zugangsdaten|login with|"
    r"credentials)\b(?![\"'`])"
)
_LINK = lazily(r"(?i)\b(?:is(?: now)?|was|ist|lautet|war)\b|[:=]")
_VALUE = lazily(r"\s{1,4}[`\"'„“(]?(?P<value>(?:(?!\\[nrt])[^\s`\"'“”„()]){5,80})")
_PAIR = lazily(
    r"(?i)(?:credentials|zugangsdaten|login(?:daten|s)?|anmeldedaten)"
    r"(?:\s{1,2}+(?:are|is|sind|lauten|ist|as|with|mit|dann)\b){0,2}+(?:\s{0,2}:)?\s{1,3}+[`\"'*]{0,3}+"
    r"(?P<user>\w[\w.+-]{0,39}+(?:@[\w.-]{1,60}+)?)[`\"'*]{0,3}+"
    r"(?P<sign>\s{0,3}+(?:/|:|und\b|and\b))\s{0,2}+[`\"'*]{0,3}+(?P<value>[^\s`\"'*()<>/,]{5,60})"
)
"""A name and a password, one after the other: `credentials: admin / x`."""
_USERS = frozenset({"admin", "administrator", "root", "user", "test", "demo", "guest"})
_TOLD_BEFORE = lazily(
    r"(?i)\s(?:my|the|our|your|his|her|mein|dein|unser|ihr|das|der)\s(?:[\w-]{1,20}+[ -])?[\w-]{0,20}+$"
)
"""What stands between a password and the word for it: `x ist mein neues Passwort`."""
_LINKED = 110
"""Characters before the word in which the password has to stand."""
_SAID = (" is ", " ist ", " was ", " war ")
_OPENING = " \t\n`\"'(„“"
_SENTENCE = 44
"""Characters between the word and what links it to the secret."""
_NUMBER = lazily(
    r"(?i)(?:pin(?:[- ]?(?:code|nummer|number))?|puk|passcode|kennzahl|geheimzahl|zugangscode|türcode|alarmcode|"
    r"(?:door|alarm|unlock|access|entry|gate|lock|safe) (?:code|combination))\b"
    r"(?:[^\n.:=\d]{0,24}?(?:\bis\b|\bist\b|\blautet\b|[:=]))?\s{0,3}[`\"']?(?P<value>\d{4,8})(?!\w|[-./]\d)"
)
_CODE = lazily(r"[()\[\]{}]|::|->|=>|\w\.\w+\(")
_NOT_ONE = lazily(
    r"(?i)v?\d+\.|\d{4}-\d\d-\d\d|https?:|arn:|urn:|vault:|0x|base(?:32|64)$|\\f[IBR]|\d+e[+-]\d+$|sha|[0-9a-f]{7,8}$|\d+(?:st|nd|rd|th|s|ms|k|m|gb|mb|px|x)$|#[0-9a-fA-F]|[\w.]+@[\w-]+\.|.*/|[A-Z]+-\d+$|--?\w|"
    r"[*&]{0,2}[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$|.*\.(?:py|md|js|ts|go|rs|json|ya?ml|toml|sh)$"
)
_BY_LOT = 5.8
"""Bits from which a row of letters that a sentence tells is none of its words."""
_ESCAPED = lazily(r"\\u00[0-9a-fA-F]{2}")
"""A letter as files of properties write it; what is told with such letters is read decoded."""
_HUMP = lazily(r"[a-z0-9][A-Z]")
_WORDS_JOINED = lazily(r"[a-zäöüß]{3,12}(?:-[a-zäöüß]{3,12}){3,6}$")


class Prose:
    """Finds passwords that are told in a sentence."""

    name = "prose"
    words = frozenset(
        {
            "password",
            "passwort",
            "passphrase",
            "passcode",
            "kennwort",
            "schlüssel",
            "pw",
            "token",
            "secret",
            "api key",
            "api-key",
        }
        | {
            "zugangsdaten",
            "anmeldedaten",
            "logindaten",
            "login: ",
            "logins: ",
            "login with",
            "login is ",
            "login ist ",
            "logins are ",
            "credentials",
            "pin",
            "puk",
            "geheimzahl",
            "zugangscode",
            "türcode",
            "alarmcode",
        }
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
            if number := _NUMBER.match(text, start):
                done = number.end()
                yield Hit("told-secret", *number.span("value"), "a sentence tells a number")
            elif (before != "-" or text[start].isupper()) and (span := _told(text, start) or _told_before(text, start)):
                done = span[1]
                yield Hit("told-secret", *span, "a sentence tells it")


def _told(text: str, start: int) -> tuple[int, int] | None:
    """What is linked with the word that stands here, in the same sentence, or follows it at once."""
    paired = text[start] in "cClLzZaA"
    if (
        paired
        and (pair := _PAIR.match(text, start))
        and _is_a_user(pair)
        and _is_paired(value := pair["value"].rstrip(".;:!?"))
    ):
        return pair.start("value"), pair.start("value") + len(value)
    word = _WORD.match(text, start)
    if word is None:
        return None
    sentence = text[word.end() : word.end() + _SENTENCE]
    link = _LINK.search(sentence)
    span = None
    if link and not any(end in sentence[: link.start()] for end in (".", "\n", ":", "=")):
        span = _value_at(text, word.end() + link.end(), said=True)
    return span or _value_at(text, word.end(), said=False)


def _told_before(text: str, start: int) -> tuple[int, int] | None:
    """What is said to be the secret whose word stands here."""
    first = max(0, start - _LINKED)
    link = max(text.rfind(said, first, start) for said in _SAID)
    if link <= first or not _TOLD_BEFORE.match(text, text.find(" ", link + 1, start), start):
        return None
    end = link - (text[link - 1] in _OPENING)
    begin = max(text.rfind(sign, first, end) for sign in _OPENING) + 1
    whole = begin > first or first == 0
    begin = max(begin, first)
    return (begin, end) if whole and _is_told(text[begin:end], said=False) else None


def _value_at(text: str, place: int, *, said: bool) -> tuple[int, int] | None:
    match = _VALUE.match(text, place)
    if match is None:
        return None
    value = match["value"].rstrip(".,;:)!?")
    start = match.start("value")
    if text[match.end() : match.end() + 1] == "(":
        return None  # a call
    return (start, start + len(value)) if _is_told(value, said=said) else None


def _is_a_user(pair: re.Match[str]) -> bool:
    """Whether a name for users stands before the value, or a sign with blanks around it sets them apart."""
    user, sign = pair["user"].lower(), pair["sign"]
    return "@" in user or user in _USERS or (sign[0].isspace() and sign.strip() in ("/", ":"))


def _is_paired(value: str) -> bool:
    if not _may_be_told(value):
        return False
    digits = sum(map(str.isdigit, value))
    return (5 <= len(value) <= 10 and digits == len(value)) or 0 < digits < len(value) or _is_told(value, said=True)


def _may_be_told(value: str) -> bool:
    return not (
        len(value) < 5
        or stands_for_a_value(value)
        or names_a_value(value)
        or _CODE.search(value)
        or _NOT_ONE.match(value)
    )


def _is_told(value: str, *, said: bool) -> bool:
    if not _may_be_told(value):
        return False
    if _WORDS_JOINED.match(value):
        return True
    if _HUMP.search(value) and value.replace("_", "").isalnum() and is_made_of_words(value):
        return False  # the name of a type
    if said and value.isalpha() and value.isascii() and rarity(value.lower()) > _BY_LOT:
        return len(value) >= 6
    value = _ESCAPED.sub("", value)
    digit = any("0" <= char <= "9" for char in value)
    letter = any(char.isalpha() for char in value)
    return digit and letter and rarity(value) > (3.6 if said else 5.0)
