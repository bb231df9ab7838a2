r"""Characters written as something else, in the midst of a text: `\u0067`, `\x67`, `\147`, `%67`, `&#103;`, `\"`.

All kinds are undone at once, one level at a time, in the stretches of the text that have any.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from b4tui.gate.patterns import lazily
from b4tui.gate.views.offsets import Offsets

# Runs are undone as one, because a letter may be several bytes. Backslashes may be escaped themselves, a few times.
_NAMED = "quot|apos|amp|lt|gt|colon|equals|sol|lowbar|period|commat|num"
_ESCAPE = lazily(
    r"(?=[\\%&=])"  # where a search may skip to
    r"((?:%(?:25){0,8}[0-9a-fA-F]{2})+"
    r"|(?:\\{1,8}u[0-9a-fA-F]{4})+|\\u\{[0-9a-fA-F]{1,6}\}|\\U[0-9a-fA-F]{8}"
    r"|(?:\\{1,8}x[0-9a-fA-F]{2})+"
    r"|(?:\\{1,8}[01][0-7]{2}){2,}"
    rf"|(?:&(?:amp;){{0,8}}(?:\#[0-9]{{1,7}}|\#[xX][0-9a-fA-F]{{1,6}}|{_NAMED});)+"
    r"|(?:=[0-9A-F]{2}){3,}"
    r"|(?<!\\)\\{1,15}[\"'/nrt])"
)
# What is escaped several times over in one of these ways is read in one step: nothing else can be meant by it.
_NESTED = lazily(r"(?<=%)(?:25)+(?=[0-9a-fA-F]{2})")
_NESTED_ENTITY = lazily(r"&(?:amp;)+")
_SIMPLE = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "/": "/"}
_MARKS = "\\%&="
_MARGIN = 200
_DENSE = 24
"""Characters of a run of escapes that cannot be there by chance: eight of `%67`."""


@dataclass(frozen=True, slots=True)
class Unescaped:
    """A stretch of a text with one level of its escapes undone.

    `dense`: with runs of them that must hide something; `plain`: only quotes and line ends were escaped, as in any
    string of JSON.
    """

    name: str
    text: str
    offsets: Offsets
    dense: bool
    plain: bool


def unescaped(text: str) -> Iterator[Unescaped]:
    """The stretches of the text that have escapes, with one level of them undone."""
    if not any(mark in text for mark in _MARKS):
        return
    parts = _ESCAPE.split(text)  # plain text and escapes in turn
    if len(parts) == 1:
        return
    undone = {escape: _undone(escape) for escape in set(parts[1::2])}
    ends = [*accumulate(map(len, parts))]
    first = 1
    for piece in range(2, len(parts) - 1, 2):
        if _apart(parts[piece]):
            yield from _stretch(text, parts, ends, undone, first, piece)
            first = piece + 1
    yield from _stretch(text, parts, ends, undone, first, len(parts) - 1)


def _apart(gap: str) -> bool:
    return len(gap) > 2 * _MARGIN or (len(gap) > 1 and gap.count("\n") > 2)


def _stretch(
    text: str, parts: Sequence[str], ends: Sequence[int], undone: dict[str, tuple[str, str]], first: int, last: int
) -> Iterator[Unescaped]:
    """The pieces from `first` (an escape) to before `last` (the plain text after the last escape), read."""
    escapes = parts[first:last:2]
    kinds = {undone[escape][0] for escape in escapes}
    if kinds == {"simple"} and len(escapes) == 1 and escapes[0][-1] not in "\"'":
        return  # one `\n` in a line: nothing is read otherwise for it
    start, end = _begin(text, ends[first - 1]), _end(text, ends[last - 1])
    read = [text[start : ends[first - 1]], *parts[first:last], text[ends[last - 1] : end]]
    read[1::2] = [undone[escape][1] for escape in escapes]
    starts = [0, *accumulate(map(len, read))]
    length = starts.pop()
    offsets = Offsets(starts, [start, *ends[first - 1 : last]], [*ends[first - 1 : last], end], length)
    name = "+".join(sorted({"escapes" if kind == "simple" else kind for kind in kinds}))
    dense = any(len(escape) >= _DENSE for escape in escapes if undone[escape][0] != "simple")
    yield Unescaped(name, "".join(read), offsets, dense, kinds == {"simple"})


def _begin(text: str, at: int) -> int:
    """Where a stretch that has its first escape at `at` begins: with its line, or a while before."""
    return max(text.rfind("\n", 0, at) + 1, at - _MARGIN)


def _end(text: str, at: int) -> int:
    after = text.find("\n", at, at + _MARGIN)
    return after if after >= 0 else min(len(text), at + _MARGIN)


def _undone(escape: str) -> tuple[str, str]:
    """What kind of escapes they are, and what they say."""
    if escape[0] == "%":
        return "percent", _text(bytes.fromhex(_NESTED.sub("", escape).replace("%", "")))
    if escape[0] == "&":
        from html import unescape  # its table of names is large, and rarely needed

        return "entities", unescape(_NESTED_ENTITY.sub("&", escape))
    if escape[0] == "=":
        return "quoted-printable", _text(bytes.fromhex(escape.replace("=", "")))
    codes = [code for code in escape.split("\\") if code]
    if not codes or (len(codes) == 1 and codes[0] in _SIMPLE):
        return "simple", _SIMPLE[escape[-1]]
    if codes[0][0] == "x":
        return "escapes", _text(bytes.fromhex("".join(code[1:] for code in codes)))
    if codes[0][0] in "uU":
        return "escapes", _characters(codes)
    return "escapes", _text(bytes(int(code, 8) for code in codes))


def _characters(codes: Sequence[str]) -> str:
    if codes[0][0] == "u" and codes[0][1] != "{":  # uXXXX, perhaps in pairs of surrogates
        return bytes.fromhex("".join(code[1:] for code in codes)).decode("utf-16-be", "replace")
    code = int(codes[0][1:].strip("{}"), 16)
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")
