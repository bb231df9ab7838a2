"""Encoded values in a text, read: base64 in either alphabet, folded or not, hexadecimal, base32, and packed bytes.

Only runs long enough to hide something are tried, and only what comes out as text is a reading (research/gate.md 6.1).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from b4tui.gate.pacing import paced
from b4tui.gate.patterns import lazily
from b4tui.gate.views.dumps import dumped
from b4tui.gate.views.reading import Budget, read
from b4tui.gate.views.runs import at_least, digit_shape, folded

_SHORTEST = 16
"""Characters of the shortest value that is tried: twelve bytes in base64."""
_HEX = lazily(r"[0-9a-fA-F]{24,}")
_BASE32 = lazily(r"[A-Z2-7]{24,}")
_NOT_STANDARD = lazily(r"[^-_]{16,}")
_NOT_URL_SAFE = lazily(r"[^+/]{16,}")
_SEGMENT = lazily(r"[^-_+/]{16,}")

# Hexadecimal digits in pairs with something between them (`6a 6b`, `6a:6b`).
_PAIR_RUNS = (b"hhs" * 8, b"hhss" * 8)
_PAIRS = lazily(r"(?:[0-9a-fA-F]{2}[ :,-][:, ]?(?:\n[ \t]{0,8})?){8,}[0-9a-fA-F]{2}")
_X_PAIRS = lazily(r"(?=0x)(?:0x[0-9a-fA-F]{2}[ ,;]{1,3}(?:\n[ \t]{0,8})?){8,}0x[0-9a-fA-F]{2}")
_COMMAS_SHAPE = bytes(44 if code == 44 else 48 for code in range(256))
_COMMAS = b"," * 11
_CODE = r"(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6])"
_CODES = lazily(rf"(?<!\d)(?:{_CODE}[ ]?,[ ]?(?:\n[ \t]{{0,8}})?){{11,}}{_CODE}(?!\d)")

_MIXED = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A reading of a stretch of a text and the names of the steps to it, outermost first."""

    start: int
    end: int
    steps: tuple[str, ...]
    text: str


def decoded(text: str, budget: Budget, found: Sequence[tuple[int, int]]) -> Iterator[Decoded]:
    """What is encoded in the text, whose runs are given.

    Raises UnreadableText when it unfolds to more than the budget.
    """
    found = at_least(_SHORTEST, found)
    done = 0
    chained = _chains(text, found, budget)
    for start, end in paced(found, budget.tick):
        while chained and chained[0].end <= start:
            done = max(done, chained[0].end)
            yield chained.pop(0)
        if start < done or (chained and chained[0].start - 1 <= start < chained[0].end):
            continue
        yield from _in_run(text, start, end, budget)
    yield from chained
    yield from _spelled_out(text, budget)


def _chains(text: str, found: Sequence[tuple[int, int]], budget: Budget) -> list[Decoded]:
    """The values that are folded over several lines."""
    out = []
    for chain in paced(folded(text, found), budget.tick):
        joined = "".join(text[start:end] for start, end in chain)
        reading = _read_run(joined, budget)
        if reading is not None:
            steps, shown, _, _ = reading
            out.append(Decoded(chain[0][0], _with_padding(text, chain[-1][1]), steps, shown))
    return out


def _in_run(text: str, start: int, end: int, budget: Budget) -> Iterator[Decoded]:
    run = text[start:end]
    reading = _read_run(run, budget)
    if reading is None:
        return
    steps, shown, first, last = reading
    finish = _with_padding(text, end) if start + last == end else start + last
    yield Decoded(start + first, finish, steps, shown)


def _with_padding(text: str, end: int) -> int:
    while end < len(text) and text[end] == "=":
        end += 1
    return end


def _read_run(run: str, budget: Budget) -> tuple[tuple[str, ...], str, int, int] | None:
    """What a run says: the steps, the text, and which stretch of the run it is in. None where it says nothing."""
    for name, start, end, data in _bytes_of(run):
        reading = read(data, budget)
        if reading is not None:
            steps, text = reading
            budget.spend(len(text))
            return (name, *steps), text, start, end
    return None


def _bytes_of(run: str) -> Iterator[tuple[str, int, int, bytes]]:
    """What bytes a run may stand for, likeliest first."""
    for match in _HEX.finditer(run):
        digits = match.group()
        yield "hex", match.start(), match.end(), bytes.fromhex(digits[: len(digits) // 2 * 2])
    if run.islower() or run.isdigit():
        return
    if run.isupper():
        for match in _BASE32.finditer(run):
            yield "base32", match.start(), match.end(), _base32(match.group())
    for start, end in _stretches(run):
        stretch = run[start:end].translate(_MIXED)
        for shift in range(4 if end - start >= 24 else 1):
            yield "base64", start + shift, end, _base64(stretch[shift:])


def _stretches(run: str) -> Iterator[tuple[int, int]]:
    """The run as one value, and its parts where signs of both alphabets are in it or it may be a path."""
    yield 0, len(run)
    standard, url_safe = "+" in run or "/" in run, "-" in run or "_" in run
    if standard and url_safe:
        for pattern in (_NOT_STANDARD, _NOT_URL_SAFE):
            yield from (match.span() for match in pattern.finditer(run))
    if standard or url_safe:
        yield from (match.span() for match in _SEGMENT.finditer(run))


def _base64(run: str) -> bytes:
    rest = len(run) % 4
    return base64.b64decode(run[: len(run) - (rest == 1)] + "=" * (-len(run) % 4 if rest != 1 else 0))


def _base32(run: str) -> bytes:
    spare = {1: 1, 3: 1, 6: 1}.get(len(run) % 8, 0)  # so many characters at the end are no whole byte
    run = run[: len(run) - spare]
    return base64.b32decode(run + "=" * (-len(run) % 8))


def _spelled_out(text: str, budget: Budget) -> Iterator[Decoded]:
    """Bytes written one by one: `6a 6b …`, `0x6a, 0x6b, …`, `106, 107, …`."""
    for start, end, name, data in _spelled(text):
        reading = read(data, budget)
        if reading is not None:
            steps, shown = reading
            budget.spend(len(shown))
            yield Decoded(start, end, (name, *steps), shown)


def _spelled(text: str) -> Iterator[tuple[int, int, str, bytes]]:
    flat = text.encode("ascii", "replace")
    mask = digit_shape(flat)
    for start, end, data in dumped(text, mask):
        yield start, end, "dump", data
    if any(pairs in mask for pairs in _PAIR_RUNS):
        for match in _PAIRS.finditer(text):
            yield *match.span(), "hex", bytes.fromhex(re.sub(r"0x|[^0-9a-fA-F]", "", match.group()))
    if text.count("0x") > 8:
        for match in _X_PAIRS.finditer(text):
            yield *match.span(), "hex", bytes.fromhex(re.sub(r"0x|[^0-9a-fA-F]", "", match.group()))
    if _COMMAS in flat.translate(_COMMAS_SHAPE, b"0123456789 \t\n"):
        for match in _CODES.finditer(text):
            yield *match.span(), "codes", bytes(int(code) for code in re.findall(r"\d+", match.group()))
