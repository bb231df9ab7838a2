"""The text of beads and comments, which is Markdown more often than not, as lines that are easier on the eye.

Headings, lists, quotes, code and emphasis get an ink; nothing else is understood, nothing can be clicked, and text
that only looks like Markdown stays as it was written. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.cells import cell_len

from b4tui.tui.paint import Ink, Line, Span, chopped, legible

MOST = 100_000
"""Characters of one text that are shown."""
LONG = 58
"""A line of so many characters that ends in mid-sentence was broken by an editor, not by its author."""

_FENCE = re.compile(r"^ {0,3}(```|~~~)")
_HEADING = re.compile(r"^ {0,3}#{1,6} +(.+?)(?: +#+)?$")
_ITEM = re.compile(r"^( {0,12})([-*+]|\d{1,3}[.)])( +)(?=\S)")
_QUOTE = re.compile(r"^ {0,3}>+ ?")
_INLINE = re.compile(r"(?<![\w*])\*\*(?=\S)(?P<bold>[^*]{1,300}?)(?<=\S)\*\*|(?<!`)`(?P<code>[^`]{1,300})`(?!`)")


def prose(text: str, width: int, ink: Ink = Ink.INK) -> Iterator[Line]:
    """Foreign text as lines of at most `width` cells."""
    code = False
    for row in _unbroken(legible(text[:MOST]).split("\n")):
        if _FENCE.match(row):
            code = not code
        elif code:
            yield from _code(row, width)
        else:
            yield from _line(row, width, ink)
    if len(text) > MOST:
        yield Line((Span(f"… {len(text) - MOST:,} more characters are not shown", Ink.FAINT),))


def _unbroken(rows: Iterable[str]) -> Iterator[str]:
    """Rows in which a sentence that an editor broke over several is one again; nothing inside code is touched."""
    held, code = "", False
    for row in rows:
        fence = bool(_FENCE.match(row))
        goes_on = len(held) >= LONG and held[-1:] not in ".:;!?|" and row[:1].islower() and not code
        if held and goes_on and len(held) < MOST:
            held = f"{held} {row}"
            continue
        if held:
            yield held
        code ^= fence
        held = "" if fence or code else row
        if not held:
            yield row
    if held:
        yield held


def _code(row: str, width: int) -> Iterator[Line]:
    for piece in chopped(row, max(1, width - 2)):
        yield Line((Span("│ ", Ink.FAINT), Span(piece, Ink.SOFT)))


def _line(row: str, width: int, ink: Ink) -> Iterator[Line]:
    if heading := _HEADING.match(row):
        yield from _flow(heading[1], width, Ink.STRONG, "", "")
    elif item := _ITEM.match(row):
        mark = "•" if item[2] in "-*+" else item[2]
        first = f"{item[1][: width // 3]}{mark} "
        yield from _flow(row[item.end() :], width, ink, first, " " * len(first))
    elif quote := _QUOTE.match(row):
        yield from _flow(row[quote.end() :], width, Ink.SOFT, "▏ ", "▏ ")
    else:
        indent = row[: len(row) - len(row.lstrip())][: width // 3]
        yield from _flow(row.strip(), width, ink, indent, indent)


def _flow(text: str, width: int, ink: Ink, first: str, others: str) -> Iterator[Line]:
    """Words of several inks wrapped together; `first` and `others` stand before the first and the other lines."""
    room = max(1, width - len(first))
    if not ("`" in text or "**" in text) and cell_len(text) <= room:
        yield _row(first, [Span(text, ink)])
        return
    prefix, spans, left = first, list[Span](), room
    for word in _words(text, ink):
        size = cell_len(word.text)
        if size > left and spans and not word.text.isspace():
            yield _row(prefix, spans)
            prefix, spans, left = others, [], room
        *full, rest = chopped(word.text, room) if size > room else [word.text]
        for piece in full:
            yield _row(prefix, [Span(piece, word.ink)])
            prefix = others
        if rest.isspace() and (not spans or cell_len(rest) > left):
            continue
        spans.append(Span(rest, word.ink))
        left -= cell_len(rest)
    if spans or prefix == first:
        yield _row(prefix, spans)


def _row(prefix: str, spans: list[Span]) -> Line:
    """Neighbours of one ink as one span: a line of few spans is cheap to draw."""
    joined = [Span(prefix, Ink.FAINT)] if prefix else []
    for span in spans:
        if joined and joined[-1].ink is span.ink:
            joined[-1] = Span(joined[-1].text + span.text, span.ink)
        else:
            joined.append(span)
    return Line(tuple(joined) or (Span(""),))


def _words(text: str, ink: Ink) -> Iterator[Span]:
    for part in _inline(text, ink):
        yield from (Span(word, part.ink) for word in re.findall(r"\s+|\S+", part.text))


def _inline(text: str, ink: Ink) -> Iterator[Span]:
    at = 0
    for found in _INLINE.finditer(text):
        yield Span(text[at : found.start()], ink)
        yield Span(found["bold"], Ink.STRONG) if found["bold"] is not None else Span(found["code"], Ink.INFO)
        at = found.end()
    yield Span(text[at:], ink)
