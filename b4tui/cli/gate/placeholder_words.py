"""What was taken out of a text, for a person: `2 secrets, 1 ssh target`."""

from __future__ import annotations

from collections.abc import Mapping

_TOLD: Mapping[str, tuple[str, str]] = {
    "HIDDEN": ("hidden piece", "hidden pieces"),
    "PERSON": ("person's name", "persons' names"),
    "HOST": ("name of a host", "names of hosts"),
    "EMAIL": ("e-mail address", "e-mail addresses"),
    "EMAIL_OBFUSCATED": ("e-mail address in words", "e-mail addresses in words"),
    "TITLE_AND_NAME": ("name with a title", "names with titles"),
    "TITLE_AND_NAME_SMALL": ("name with a title", "names with titles"),
    "NAME_INTRODUCED": ("introduced name", "introduced names"),
    "RELATIVE_AND_NAME": ("relative's name", "relatives' names"),
    "PERSON_IN_CONFIDENCE": ("person told of in confidence", "persons told of in confidence"),
    "BIRTHDAY_OF": ("birthday", "birthdays"),
    "WHO_I_AM": ("word on who I am", "words on who I am"),
    "STREET_ADDRESS_NUMBERED": ("numbered street address", "numbered street addresses"),
    "ADDRESS_IN_WORDS": ("address in words", "addresses in words"),
    "NATIONAL_ID_ALONE": ("national id", "national ids"),
    "IP_PRIVATE": ("private ip address", "private ip addresses"),
    "IP_PUBLIC": ("public ip address", "public ip addresses"),
    "IP6_PRIVATE": ("private ip6 address", "private ip6 addresses"),
    "IP6_PUBLIC": ("public ip6 address", "public ip6 addresses"),
}
"""Kinds whose names make no words by themselves, one and several of them."""


def placeholder_words(kind: str, count: int) -> str:
    """So many placeholders of a kind, as `kind_of` of the gate's placeholders names it; any other by its own name."""
    plain = kind.replace("_", " ").lower()
    one, several = _TOLD.get(kind, (plain, f"{plain}es" if plain.endswith("s") else f"{plain}s"))
    return f"{count:,} {one if count == 1 else several}"
