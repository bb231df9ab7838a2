"""The checks of values that rules name: each says whether a value may be what the rule means."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from b4tui.gate.patterns import lazily
from b4tui.gate.personal.checksums import passes
from b4tui.gate.rarity import rarity
from b4tui.gate.stand_ins import stands_for_a_value

Validator = Callable[[str], bool]

_MASKED = lazily(r"(?i)x{6}|\*{3}|\.{3}|example|redacted|placeholder|your[-_]|<[a-z_ -]{1,40}>|0{12}|1234567890ab")


def not_masked(value: str) -> bool:
    """Not written to stand for a value: no row of x, stars or dots, no `example`."""
    return not _MASKED.search(value)


def varied(value: str) -> bool:
    """At least six different characters in the longest stretch of letters and digits."""
    longest = max(re.split(r"[^A-Za-z0-9]", value), key=len)
    return len(set(longest.lower())) >= 6


def has_digit(value: str) -> bool:
    """At least one digit: what a machine made of letters and digits nearly always has one."""
    return any("0" <= char <= "9" for char in value)


def many_digits(value: str) -> bool:
    """At least three digits: words with an ordinal behind have one or two."""
    return sum("0" <= char <= "9" for char in value) >= 3


def mixed_case(value: str) -> bool:
    """Letters of both cases."""
    return value != value.lower() and value != value.upper()


def not_a_stand_in(value: str) -> bool:
    """No placeholder and no reference to where the value is."""
    return not stands_for_a_value(value)


def basic_credentials(value: str) -> bool:
    """Base64 of `name:password`."""
    bare = value.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) < 6 or len(bare) % 4 == 1:
        return False
    try:
        text = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True).decode()
    except ValueError:
        return False
    name, colon, password = text.partition(":")
    if not name or not colon or not text.isprintable():
        return False
    return not (password and stands_for_a_value(password) and stands_for_a_value(name))


def looks_made(value: str) -> bool:
    """Made by a machine, not of words: the longest stretch is long, varied, and has digits or looks random."""
    longest = max(re.split(r"[^A-Za-z0-9]", value), key=len)
    if len(set(longest.lower())) < 6:
        return False
    if not has_digit(value):
        return len(longest) >= 24 and rarity(longest) > 5.2
    return len(longest) >= 10 and (many_digits(value) or rarity(longest) >= 4.6)


def wallet(value: str) -> bool:
    """An address of a Bitcoin wallet with the right check digits."""
    return passes("bitcoin", value)


VALIDATORS: Mapping[str, Validator] = MappingProxyType(
    {
        "not-masked": not_masked,
        "varied": varied,
        "has-digit": has_digit,
        "many-digits": many_digits,
        "mixed-case": mixed_case,
        "looks-made": looks_made,
        "not-a-stand-in": not_a_stand_in,
        "basic-credentials": basic_credentials,
        "wallet": wallet,
    }
)
"""The names that rule files use."""
