"""Finds values of this machine's secrets without keeping them: of each form only a keyed hash (research/gate.md 6.4).

Two passes, both linear. Forms of eleven characters and more are found anywhere: the text is squeezed to its letters
and digits and cut into sixes; any stretch of eleven holds one six whole, so each form is known by six sixes. Shorter
forms (weak passwords) are found as words, known by their longest one. A six or a word is only a hint, kept as 22 bits;
what decides is the HMAC of the whole form.
"""

from __future__ import annotations

import hmac
import re
import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, islice

from b4tui.gate.known.disguises import Form, forms_of, longest_word, squeezed
from b4tui.gate.patterns import lazily
from b4tui.gate.types import Hit

RULE = "known-secret"


def _of_word(char: str) -> bool:
    return char.isalnum() or char == "_"


_SIX = 6
_MASK = (1 << 22) - 1
_MOST = 1000  # more findings of one text are not told apart: that it stays here is long decided
_SEAM = 2  # characters between two pieces of a key: the end of a line
_BLOCK = struct.Struct(f"{_SIX}s" * 256)
_SEPARATORS = bytes(code if chr(code).isascii() and _of_word(chr(code)) else 32 for code in range(256))
_RUNS = lazily(r"[0-9A-Za-z]+")


@dataclass(frozen=True, slots=True)
class KnownValue:
    """A secret of this machine and where it was found, as a person calls it (`environment ANTHROPIC_API_KEY`).

    `thorough`: look for its encodings too; pieces of a long key are looked for as they are.
    """

    value: str = field(repr=False)
    origin: str
    thorough: bool = True


@dataclass(frozen=True, slots=True)
class _Form:
    """What is kept of a form: its keyed hash, its length, where in it the hint stands, and words for a finding."""

    digest: bytes = field(repr=False)
    length: int
    offset: int
    why: str
    starts_word: bool = False
    ends_word: bool = False


_Hints = Mapping[int, Sequence[_Form]]


class Vault:
    """The values to look for. `key` is for the hashes: made anew for each process, never stored."""

    __slots__ = ("_free", "_key", "_words", "size")

    def __init__(self, values: Iterable[KnownValue], key: bytes) -> None:
        self._key = key
        free: dict[int, list[_Form]] = {}
        words: dict[int, list[_Form]] = {}
        known: dict[str, KnownValue] = {}
        for value in values:
            known.setdefault(value.value, value)
        for value in known.values():
            for form in forms_of(value.value, thorough=value.thorough):
                if form.free:
                    self._keep_free(free, form, value.origin)
                else:
                    self._keep_word(words, form, value.origin)
        self._free: _Hints = free
        self._words: _Hints = words
        self.size = len(known)

    def __repr__(self) -> str:
        return f"Vault({self.size} values)"

    def find(self, text: str) -> Iterator[Hit]:
        """Where a known value stands in the text. What overlaps is one finding, as are pieces of one key in a row."""
        found = [*islice(self._found_free(text), _MOST), *islice(self._found_words(text), _MOST)]
        last: Hit | None = None
        for hit in sorted(found, key=lambda one: (one.start, -one.end, one.why)):
            if last is None:
                last = hit
            elif hit.start < last.end or (hit.why == last.why and hit.start <= last.end + _SEAM):
                last = replace(last, end=max(last.end, hit.end))
            else:
                yield last
                last = hit
        if last is not None:
            yield last

    def _keep_free(self, free: dict[int, list[_Form]], form: Form, origin: str) -> None:
        text = form.text.encode("ascii")
        digest, why = self._digest(text), _why(form, origin)
        for first in range(_SIX):
            # However the text is cut, one of these sixes is whole; of each way to cut it the most telling one.
            offset = max(range(first, len(text) - _SIX + 1, _SIX), key=lambda at: len(set(text[at : at + _SIX])))
            hint = hash(text[offset : offset + _SIX]) & _MASK
            free.setdefault(hint, []).append(_Form(digest, len(text), offset, why))

    def _keep_word(self, words: dict[int, list[_Form]], form: Form, origin: str) -> None:
        offset, length = longest_word(form.text)
        hint = hash(form.text[offset : offset + length].encode("ascii")) & _MASK
        kept = _Form(
            self._digest(form.text.encode("utf-8", "surrogatepass")),
            len(form.text),
            offset,
            _why(form, origin),
            starts_word=_of_word(form.text[0]),
            ends_word=_of_word(form.text[-1]),
        )
        words.setdefault(hint, []).append(kept)

    def _found_free(self, text: str) -> Iterator[Hit]:
        if not self._free:
            return
        narrow = squeezed(text)
        hints = [(at, hint) for at, six in enumerate(_sixes(narrow)) if (hint := hash(six) & _MASK) in self._free]
        wide: _Wide | None = None
        digests: dict[bytes, bytes] = {}
        for at, hint in hints:
            for form in self._free[hint]:
                start = at * _SIX - form.offset
                piece = narrow[start : start + form.length] if start >= 0 else b""
                if len(piece) == form.length and self._same(piece, form.digest, digests):
                    wide = wide or _Wide(text)
                    yield Hit(RULE, wide.place(start), wide.place(start + form.length - 1) + 1, form.why)

    def _found_words(self, text: str) -> Iterator[Hit]:
        if not self._words:
            return
        words = set(text.encode("ascii", "replace").translate(_SEPARATORS).split())
        digests: dict[bytes, bytes] = {}
        for word in (word for word in words if hash(word) & _MASK in self._words):
            for match in re.finditer(rf"(?<![0-9A-Za-z_]){word.decode()}(?![0-9A-Za-z_])", text):
                for form in self._words[hash(word) & _MASK]:
                    start = match.start() - form.offset
                    end = start + form.length
                    piece = text[start:end] if start >= 0 else ""
                    if len(piece) != form.length or not _apart(text, start, end, form):
                        continue
                    if self._same(piece.encode("utf-8", "surrogatepass"), form.digest, digests):
                        yield Hit(RULE, start, end, form.why)

    def _same(self, piece: bytes, digest: bytes, digests: dict[bytes, bytes]) -> bool:
        """Whether a piece is the form; each different piece is hashed once."""
        if piece not in digests:
            digests[piece] = self._digest(piece)
        return hmac.compare_digest(digests[piece], digest)

    def _digest(self, piece: bytes) -> bytes:
        return hmac.digest(self._key, piece, "sha256")


def _sixes(narrow: bytes) -> Iterator[bytes]:
    """The squeezed text cut into sixes, less what is left at its end."""
    at = 0
    while at + _BLOCK.size <= len(narrow):
        yield from _BLOCK.unpack_from(narrow, at)
        at += _BLOCK.size
    for start in range(at, len(narrow) - _SIX + 1, _SIX):
        yield narrow[start : start + _SIX]


class _Wide:
    """Where the characters of a squeezed text stand in the whole one."""

    __slots__ = ("_before", "_starts")

    def __init__(self, text: str) -> None:
        runs = [match.span() for match in _RUNS.finditer(text)]
        self._starts = [start for start, _ in runs]
        self._before = [0, *accumulate(end - start for start, end in runs)]

    def place(self, at: int) -> int:
        """The place of the squeezed text's character number `at`."""
        run = bisect_right(self._before, at) - 1
        return self._starts[run] + at - self._before[run]


def _why(form: Form, origin: str) -> str:
    return f"{form.how}: the value of {origin}" if form.how else f"equals the value of {origin}"


def _apart(text: str, start: int, end: int, form: _Form) -> bool:
    """Whether the form stands by itself, not within a longer word."""
    before = form.starts_word and start > 0 and _of_word(text[start - 1])
    after = form.ends_word and end < len(text) and _of_word(text[end])
    return not before and not after
