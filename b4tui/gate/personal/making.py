"""Makes personal numbers for the examples of rules: valid by their check digits, and nobody's."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from hashlib import sha256
from types import MappingProxyType

from b4tui.gate.personal.checksums import german_tax_id, iban, iban_length, luhn


def _digits(source: random.Random, count: int) -> str:
    return "".join(source.choice("0123456789") for _ in range(count))


def _card(source: random.Random, _arg: str) -> str:
    body = source.choice("45") + str(source.randint(1, 5)) + _digits(source, 13)
    return next(body + last for last in "0123456789" if luhn(body + last))


def _iban(source: random.Random, arg: str) -> str:
    """An IBAN of the country whose national part is digits alone."""
    length = iban_length(arg) or 0
    body = _digits(source, length - 4)
    return next(number for check in range(2, 99) if iban(number := f"{arg}{check:02}{body}"))


def _tax_id(source: random.Random, _arg: str) -> str:
    """A Steuer-ID: nine different digits, one of them twice, and the check digit."""
    while True:
        chosen = source.sample("123456789", 9)
        body = "".join((*chosen, source.choice(chosen)))
        for last in "0123456789":
            if german_tax_id(body + last):
                return body + last


def _ssn(source: random.Random, _arg: str) -> str:
    return f"{source.randint(100, 599)}-{source.randint(10, 99)}-{source.randint(1000, 9999)}"


_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _wallet(source: random.Random, _arg: str) -> str:
    """A Bitcoin address: a version, twenty bytes of no key, four of their double SHA-256, in base 58."""
    body = b"\0" + source.randbytes(20)
    left = int.from_bytes(body + sha256(sha256(body).digest()).digest()[:4])
    written = ""
    while left:
        left, place = divmod(left, 58)
        written = _BASE58[place] + written
    return "1" + written


MAKERS: Mapping[str, Callable[[random.Random, str], str]] = MappingProxyType(
    {
        "card": _card,
        "iban": _iban,
        "steuerid": _tax_id,
        "ssn": _ssn,
        "wallet": _wallet,
        "octet": lambda source, _arg: str(source.randrange(20, 250)),
    }
)
"""What can be made, by the names that examples use."""
