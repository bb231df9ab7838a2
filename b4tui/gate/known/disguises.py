"""The forms in which a secret may stand in a text: as it is, encoded, turned round, or half of it (research 6.4).

All but the plain form of a short value are squeezed: only ASCII letters and digits, so that what is folded, quoted,
spaced out or written in the URL-safe alphabet is the same.
"""

from __future__ import annotations

import base64
import codecs
from collections.abc import Iterator
from dataclasses import dataclass, field

FREE = 11
"""Squeezed characters from which a form is looked for anywhere; a shorter one only as a word of its own."""
_HALF = 12
_PIECE = 32
_PIECES = 128
_HEAD = 40  # the beginning of a long token is often the same for all of its kind
_LEAST_VARIED = 4  # different characters of a form: half of a value may be a row of the same
_LEAST_WORD = 3  # characters of the longest run of letters and digits of a short form

_OTHERS = bytes(code for code in range(256) if not (chr(code).isascii() and chr(code).isalnum()))


def squeezed(text: str) -> bytes:
    """The text's ASCII letters and digits, in order."""
    return text.encode("ascii", "ignore").translate(None, _OTHERS)


@dataclass(frozen=True, slots=True)
class Form:
    """One form. `free`: squeezed, and found anywhere; else literal, and found as a word. `how` says which it is."""

    text: str = field(repr=False)
    free: bool
    how: str = ""


def forms_of(value: str, *, thorough: bool = True) -> Iterator[Form]:
    """The forms of a value worth looking for, each once. Not `thorough`: as it is alone, for pieces of a key."""
    seen: set[str] = set()
    for text, how in _written(value) if thorough else ((value, ""),):
        form = _form(text, how)
        if form is not None and form.text not in seen:
            seen.add(form.text)
            yield form


def _form(text: str, how: str) -> Form | None:
    narrow = squeezed(text).decode("ascii")
    if len(set(text)) < _LEAST_VARIED:
        return None
    if len(narrow) >= FREE:
        return Form(narrow, True, how)
    if "half" in how or "within" in how or longest_word(text)[1] < _LEAST_WORD:
        return None
    return Form(text, False, how)


def _written(value: str) -> Iterator[tuple[str, str]]:
    from urllib.parse import quote  # only who has secrets pays for it

    data = value.encode("utf-8", "surrogatepass")
    yield value, ""
    yield value[::-1], "reversed"
    yield codecs.encode(value, "rot13"), "in rot13"
    yield quote(value, safe="", errors="replace"), "quoted for a URL"
    yield data.hex(), "in hex"
    yield data.hex().upper(), "in hex"
    yield base64.b64encode(data).decode().rstrip("="), "in base64"
    for shift in (0, 1, 2):
        yield base64_core(data, shift), "within base64"
    middle = len(value) // 2
    if middle >= _HALF:
        yield value[:middle], "half of it"
        yield value[middle:], "half of it"
    if len(value) >= 2 * _PIECE:
        pieces = range(_HEAD, len(value) - _PIECE, _PIECE)
        for start in pieces[:_PIECES]:
            yield value[start : start + _PIECE], "half of it"


def base64_core(data: bytes, shift: int) -> str:
    """The characters of base64 that depend on these bytes alone, when `shift` bytes stand before them."""
    encoded = base64.b64encode(bytes(shift) + data).decode()
    first = (shift * 8 + 5) // 6
    return encoded[first : (shift + len(data)) * 8 // 6]


def longest_word(text: str) -> tuple[int, int]:
    """Where the longest run of ASCII letters, digits and underscores begins, and its length."""
    best = (0, 0)
    start = -1
    for at, char in enumerate(f"{text} "):
        if char.isascii() and (char.isalnum() or char == "_"):
            start = at if start < 0 else start
        elif start >= 0:
            if at - start > best[1]:
                best = (start, at - start)
            start = -1
    return best
