"""Check digits of the numbers that are met most; rarer ones are python-stdnum's, loaded when first needed."""

from __future__ import annotations

import string
from importlib import import_module

_LENGTHS = {
    word[:2]: int(word[2:])
    for line in (
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29",
        "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20",
        "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29",
        "PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20",
        "YE30",
    )
    for word in line.split()
}
"""Characters of an IBAN by country (SWIFT's IBAN registry, release 101)."""


_AS_NUMBERS = str.maketrans({letter: str(place) for place, letter in enumerate(string.ascii_uppercase, 10)})
"""Letters as the numbers that ISO 7064 counts them for."""


def luhn(digits: str) -> bool:
    """Whether a row of digits ends in the check digit of ISO/IEC 7812."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        value = ord(char) - 48
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def iban_length(country: str) -> int | None:
    """How many characters an IBAN of the country has; None where the country has none."""
    return _LENGTHS.get(country)


def iban(number: str) -> bool:
    """Whether upper-case letters and digits without spaces are an IBAN: its country's length, and 1 modulo 97."""
    if (
        _LENGTHS.get(number[:2]) != len(number)
        or not number.isascii()
        or not number.isalnum()
        or number != number.upper()
    ):
        return False
    return int((number[4:] + number[:4]).translate(_AS_NUMBERS)) % 97 == 1


def german_tax_id(digits: str) -> bool:
    """Whether eleven digits are a Steuer-Identifikationsnummer.

    The last is the check digit of ISO 7064 MOD 11,10; of the first ten, one digit is there twice or three times and all
    others once, and the number does not begin with zero (§ 139a AO, rules of the Bundeszentralamt für Steuern).
    """
    if len(digits) != 11 or not digits.isdigit() or digits[0] == "0":
        return False
    if sorted(digits[:10].count(char) for char in set(digits[:10]))[-2:] not in ([1, 2], [1, 3]):
        return False
    product = 10
    for char in digits[:10]:
        product = ((int(char) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def passes(module: str, number: str) -> bool:
    """Whether a module of python-stdnum (`fi.hetu`, `gb.nhs`) calls the number valid."""
    return bool(import_module(f"stdnum.{module}").is_valid(number))
