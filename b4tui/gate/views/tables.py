"""Tables whose heads say what stands below: each cell with its head before it, as `head: cell` (A40)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from b4tui.gate.patterns import lazily
from b4tui.gate.views.joining import Joined
from b4tui.gate.views.offsets import pieced

_RULE = lazily(
    r"(?=[-:|])^[ \t]{0,8}\|?[ \t]{0,4}:?-{2,40}:?[ \t]{0,4}(?:\|[ \t]{0,4}:?-{2,40}:?[ \t]{0,4}){1,30}\|?[ \t]*$", re.M
)
_CELL = lazily(r"[^|\n]+")
_TELLS = lazily(r"(?i)pass|secret|token|key|pwd|pin|credential|kennwort|zugang|auth")
_MOST_ROWS = 500
_MOST_CELL = 200


def tables(text: str) -> Iterator[Joined]:
    """The tables with a head that speaks of secrets, cell by cell, as lines."""
    if "--" not in text or "|" not in text:
        return
    for rule in _RULE.finditer(text):
        begin = text.rfind("\n", 0, max(0, rule.start() - 1)) + 1
        heads = list(_CELL.finditer(text, begin, max(begin, rule.start() - 1)))
        telling = [(at, head.group().strip()) for at, head in enumerate(heads) if _TELLS.search(head.group())]
        if telling:
            pieces = [piece for row in _rows(text, rule.end() + 1) for piece in _told(row, telling)]
            if pieces:
                yield pieced(pieces)


def _rows(text: str, at: int) -> Iterator[Sequence[re.Match[str]]]:
    for _ in range(_MOST_ROWS):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        if "|" not in text[at:end]:
            return
        yield list(_CELL.finditer(text, at, end))
        at = end + 1


def _told(row: Sequence[re.Match[str]], telling: Sequence[tuple[int, str]]) -> Iterator[tuple[str, int, int]]:
    for at, head in telling:
        if at < len(row) and (cell := row[at].group().strip(" \t`*")) and len(cell) <= _MOST_CELL:
            start = row[at].start() + row[at].group().index(cell)
            yield f"{head}: ", start, start
            yield cell, start, start + len(cell)
            yield "\n", start + len(cell), start + len(cell)
