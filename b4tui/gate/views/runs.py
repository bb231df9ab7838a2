"""The long words of a text, which encoded values are: found by shape, without trying a pattern at each place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from b4tui.gate.patterns import lazily

SHORTEST = 14
"""Characters of the shortest run: the longer half of a short token."""

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/_-"
_SHAPE = bytes(49 if code in _ALPHABET else 48 for code in range(256))
_DIGITS = bytes(104 if code in b"0123456789abcdefABCDEF" else 115 if code in b" :,-" else 48 for code in range(256))
_RUN, _GAP = b"1" * SHORTEST, b"0"

# How one line of folded text goes over into the next: what closes it, the line's end, what quotes or indents the next.
_FOLD = lazily(r"[\"'`,;)\\]{0,4}[ \t]{0,8}\r?\n[ \t>|\"'#*]{0,16}")
_LAST = lazily(r"[-+]?([A-Za-z0-9+/_-]{1,20})={0,2}")


def shape(text: str) -> bytes:
    """A byte for each character: `1` where base64 has it, `0` elsewhere."""
    return text.encode("ascii", "replace").translate(_SHAPE)


def digit_shape(text: bytes) -> bytes:
    """A byte for each: `h` for a hexadecimal digit, `s` for what stands between digits, `0` for all else."""
    return text.translate(_DIGITS)


def runs(text: str) -> list[tuple[int, int]]:
    """Where the runs of characters of base64 (either alphabet) are that are long enough to matter, ascending."""
    mask = shape(text)
    found = []
    start = mask.find(_RUN)
    while start >= 0:
        end = mask.find(_GAP, start + SHORTEST)
        if end < 0:
            end = len(text)
        found.append((start, end))
        start = mask.find(_RUN, end)
    return found


def at_least(length: int, found: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The runs that are so long."""
    return [run for run in found if run[1] - run[0] >= length]


def folded(text: str, found: Sequence[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], ...]]:
    """Runs that follow each other line by line, as one value folded into lines does: two lines or more at a time.

    The last line may be shorter than a run. The signs of a diff at the beginning of each line are left out.
    """
    chain: list[tuple[int, int]] = []
    for start, end in found:
        if chain and _next_line(text, chain[-1][1]) == start:
            chain.append((start, end))
            continue
        yield from _closed(text, chain)
        chain = [(start, end)]
    yield from _closed(text, chain)


def _closed(text: str, chain: list[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], ...]]:
    if not chain:
        return
    sign = text[chain[0][0]]
    signed = sign in "+-" and all(text[start] == sign for start, _ in chain)
    after = _next_line(text, chain[-1][1])
    if after >= 0 and (last := _LAST.match(text, after)):
        chain.append(last.span(1) if signed else (after, last.end(1)))
    if len(chain) > 1:
        yield tuple((start + (signed and text[start] == sign), end) for start, end in chain)


def _next_line(text: str, end: int) -> int:
    """Where the value goes on after a line that ends at `end`; -1 where the line does not end there."""
    fold = _FOLD.match(text, end)
    return fold.end() if fold else -1
