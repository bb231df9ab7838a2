"""What is looked for besides secrets: names of hosts, and words by which people are known."""

from __future__ import annotations

from dataclasses import dataclass

_DIGITS = 8
"""Digits by which a phone number is known, from its end: with and without country code it ends the same."""
_LEAST_DIGITS = 7


@dataclass(frozen=True, slots=True)
class PrivateHost:
    """A name that is the operator's own. `zone`: every name that ends in it is, too.

    `word`: it may be an ordinary word, and is only looked for where a text means a host.
    """

    name: str
    origin: str
    zone: bool = False
    word: bool = False


@dataclass(frozen=True, slots=True)
class PersonWord:
    """A name, a mail address or the end of a phone number, and whose word it is that it is private."""

    kind: str  # name | mail | phone
    text: str
    origin: str


def phone_end(number: str) -> str:
    """The digits by which a phone number is known; "" for what is too short to be one."""
    digits = "".join(filter(str.isdecimal, number))
    return digits[-_DIGITS:] if len(digits) >= _LEAST_DIGITS else ""
