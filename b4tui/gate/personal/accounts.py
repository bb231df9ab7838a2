"""IBANs, with or without spaces, in capitals or not."""

from __future__ import annotations

from b4tui.gate.patterns import lazily
from b4tui.gate.personal.checksums import iban, iban_length
from b4tui.gate.types import Hit

_WHOLE = lazily(r"[A-Za-z]{2}[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}")


def iban_at(text: str, digits: int) -> Hit | None:
    """The IBAN whose check digits begin at a place, two letters after its own beginning."""
    start = digits - 2
    if start < 0 or (start and text[start - 1].isalnum()):
        return None
    length = iban_length(text[start : start + 2].upper())
    match = _WHOLE.match(text, start)
    if length is None or match is None:
        return None
    end = start + length
    while end <= match.end():
        number = text[start:end].replace(" ", "").replace("-", "")
        if len(number) == length:
            fits = not text[end : end + 1].isalnum() and iban(number.upper())
            return Hit("iban", start, end, "an account with the right check digits") if fits else None
        end += length - len(number)
    return None
