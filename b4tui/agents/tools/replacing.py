"""Find the text that an edit means, and replace it: exactly, else without trailing blanks, else by indentation.

Each way must find exactly one place, unless all are to be replaced. Small models often lose white space when they quote
(research/runtime.md 4.4); they must not be guessed at any further than that.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

MAX_NEAREST_LINES = 5_000
MAX_COMPARED = 20_000_000  # lines with lines: a file made of one line over and over must not take minutes


@dataclass(frozen=True, slots=True)
class Replaced:
    """The new text, how many places changed, and how the old text was found."""

    text: str
    count: int
    how: str


@dataclass(frozen=True, slots=True)
class NotReplaced:
    """Nothing was changed: how many places were found (0 or several), and the first line of the nearest one."""

    count: int
    nearest: int = 0


def replace(text: str, old: str, new: str, *, everywhere: bool) -> Replaced | NotReplaced:
    """Replace `old` by `new`. `old` must not be empty."""
    count = text.count(old)
    if count == 1 or (count and everywhere):
        return Replaced(text.replace(old, new), count, "exactly")
    if count:
        return NotReplaced(count)
    for how, likeness in (("without trailing blanks", str.rstrip), ("without indentation", str.strip)):
        found = _places(text, old, likeness)
        if found and (len(found) == 1 or everywhere):
            return Replaced(_put(text, old, new, found, reindent=likeness is str.strip), len(found), how)
        if found:
            return NotReplaced(len(found))
    return NotReplaced(0, _nearest(text, old))


def _places(text: str, old: str, likeness: Callable[[str], str]) -> list[int]:
    """Indexes of the lines where `old` begins, compared line by line; places do not overlap."""
    lines = [likeness(line) for line in text.splitlines()]
    wanted = [likeness(line) for line in old.splitlines()]
    if not any(wanted) or len(lines) * len(wanted) > MAX_COMPARED:
        return []
    found: list[int] = []
    for index in range(len(lines) - len(wanted) + 1):
        free = not found or index >= found[-1] + len(wanted)
        if free and lines[index] == wanted[0] and lines[index : index + len(wanted)] == wanted:
            found.append(index)
    return found


def _put(text: str, old: str, new: str, found: list[int], *, reindent: bool) -> str:
    lines = text.splitlines(keepends=True)
    quoted = old.splitlines()
    for index in reversed(found):
        there = lines[index : index + len(quoted)]
        put = _shifted(new, quoted[0], there[0]) if reindent else new
        if there[-1].endswith("\n") and put and not put.endswith("\n"):
            put += "\n"
        lines[index : index + len(quoted)] = [put]
    return "".join(lines)


def _shifted(new: str, quoted: str, there: str) -> str:
    """The new lines, moved by as much as the old text stands deeper in the file than it was quoted."""
    has, should = _indent(quoted), _indent(there)
    if has == should:
        return new
    if has and not all(line.startswith(has) for line in new.splitlines() if line.strip()):
        return new
    return "".join(should + line[len(has) :] if line.strip() else line for line in new.splitlines(keepends=True))


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _nearest(text: str, old: str) -> int:
    """The line, from 1, that looks most like the first line that was quoted; 0 where none does."""
    first = next((line.strip() for line in old.splitlines() if line.strip()), "")[:200]
    lines = [line.strip()[:200] for line in text.splitlines()[:MAX_NEAREST_LINES]]
    match = difflib.get_close_matches(first, [line for line in dict.fromkeys(lines) if line], n=1, cutoff=0.5)
    return lines.index(match[0]) + 1 if match else 0
