"""Values that were taken apart, put together: strings added to each other, lines that go on, single characters.

Only the stretches of a text in which something is joined are read anew (research/gate.md 6.1, A14 to A18).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from b4tui.gate.patterns import lazily
from b4tui.gate.views.offsets import Offsets, pieced

Joined = tuple[str, Offsets]
"""A reading, and what each stretch of it came from."""

_MARGIN = 120

# A string's end and the next one's beginning with an operator, a line's end or nothing between: "a" + "b", 'a' 'b'.
_ADDED = lazily(
    r"[\"'`](?:[ \t]{0,4}(?:[+.&~]|\.\.|<>|\|\|)[ \t]{0,4}(?:\\?\r?\n[ \t]{0,40})?"
    r"|[ \t]{0,4}\\?\r?\n[ \t]{0,40}(?:(?:[+.&~]|\.\.|<>|\|\|)[ \t]{0,4})?|[ \t]{0,2})[fbru]?[\"'`]"
)
# A line that goes on in the next: shell, PowerShell, cmd, quoted-printable.
_GOES_ON = lazily(r"[\\`^=]\r?\n[ \t]{0,40}")
_VALUE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=_-.:@$%!#*")

_PUT_TOGETHER = ("join(", "concat(", "implode(", "-join")
_LIST = lazily(r"(?:[\"'][\w+/=.:@-]{1,120}[\"'][ \t]{0,4},\s{0,40}){1,60}[\"'][\w+/=.:@-]{1,120}[\"']")
_ITEM = lazily(r"[\"']([\w+/=.:@-]{1,120})[\"']")


def joined(text: str) -> Iterator[Joined]:
    """The stretches of the text in which strings or lines are joined, as they are without the joints."""
    joints = sorted((*_added(text), *_going_on(text)))
    stretch: list[tuple[int, int]] = []
    for joint in joints:
        if stretch and joint[0] < stretch[-1][1]:
            continue
        if stretch and joint[0] - stretch[-1][1] > 2 * _MARGIN:
            yield _without(text, stretch)
            stretch = []
        stretch.append(joint)
    if stretch:
        yield _without(text, stretch)
    yield from _lists(text)


def _added(text: str) -> Iterator[tuple[int, int]]:
    for match in _ADDED.finditer(text):
        start, end = match.span()
        if start > 0 and end < len(text) and text[start - 1] in _VALUE and text[end] in _VALUE:
            yield start, end


def _going_on(text: str) -> Iterator[tuple[int, int]]:
    for match in _GOES_ON.finditer(text):
        before = text[match.start() - 1 : match.start()]
        if before and before != "=" and not (before == "`" and match[0][0] == "`"):
            yield match.span()  # and no end of a block of code in a text


def _without(text: str, joints: Sequence[tuple[int, int]]) -> Joined:
    at = max(0, joints[0][0] - _MARGIN)
    pieces = []
    for start, end in joints:
        pieces.append((text[at:start], at, start))
        at = end
    finish = min(len(text), at + _MARGIN)
    pieces.append((text[at:finish], at, finish))
    return pieced(pieces)


def _lists(text: str) -> Iterator[Joined]:
    """Lists of strings near a call that puts them together."""
    done = 0
    for at in sorted(_places(text, _PUT_TOGETHER)):
        for match in _LIST.finditer(text, max(done, at - 400), at + 400):
            done = match.end()
            yield pieced((item.group(1), *item.span(1)) for item in _ITEM.finditer(text, *match.span()))


def _places(text: str, words: Sequence[str]) -> Iterator[int]:
    for word in words:
        at = text.find(word)
        while at >= 0:
            yield at
            at = text.find(word, at + len(word))
