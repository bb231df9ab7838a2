"""Read a unified git diff: what each file gets, with the lines' real numbers. Pure.

Lines around a change are kept as context, so that what is added is read where it stands; only added lines count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from b4tui.gate.patterns import lazily

_HUNK = lazily(r"^(@@+) (?:-\d+(?:,\d+)? )+\+(?P<start>\d+)(?:,(?P<count>\d+))? @@")
# A name can hold " and " as well: git's prefix says where the second one begins.
_BINARY = lazily(r'Binary files .* and (?P<prefixed>"?b/.+) differ$|Binary files .* and (?P<new>.+) differ$')
_NOTHING = "/dev/null"
_OLD = lazily(r" -\d+(?:,(?P<count>\d+))?")
_ESCAPE = lazily(r'\\([0-7]{3}|[abtnvfr"\\])')
_LETTERS = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}


class NoDiff(ValueError):
    """The text is no unified diff; the message says at which line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile:
    """One file of a diff: the new side of its hunks.

    `numbers[i]` is the real number of line i, `added[i]` whether it counts. `binary`: the content is not in the diff.
    """

    path: str
    text: str = ""
    numbers: tuple[int, ...] = ()
    added: tuple[bool, ...] = ()
    binary: bool = False


def changed_files(diff: str) -> Iterator[ChangedFile]:
    """The files of a diff that get or change lines. Raises NoDiff for what is none, or is cut short."""
    lines = diff.split("\n")
    at, files, open_file = 0, 0, _Open("")
    while at < len(lines):
        line = lines[at]
        if hunk := _HUNK.match(line):
            if not open_file.path:
                raise NoDiff(f"line {at + 1} begins a hunk of no file")
            at = open_file.take(lines, at, hunk)
            continue
        if line.startswith(("diff --git ", "diff --cc ", "diff --combined ", "--- ")):
            if line.startswith("diff ") or open_file.numbers:
                yield from open_file.closed()
                open_file = _Open("")
            files += 1
        elif line.startswith("+++ "):
            open_file.path = _path(line[4:])
        elif match := _BINARY.match(line):
            if (path := _path(match["prefixed"] or match["new"])) != _NOTHING:
                yield ChangedFile(path=path, binary=True)
        elif line.startswith("GIT binary patch"):
            yield ChangedFile(path=open_file.path or "a binary file", binary=True)
        at += 1
    yield from open_file.closed()
    if not files and diff.strip():
        raise NoDiff("it has no line that begins a file's changes")


class _Open:
    """A file while its hunks are read."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.numbers: list[int] = []
        self._lines: list[str] = []
        self._added: list[bool] = []

    def take(self, lines: list[str], at: int, hunk: re.Match[str]) -> int:
        """Read the hunk that begins at a line, and give the line after it. Its head says how long it is."""
        sides = len(hunk[1]) - 1
        old = [int(count["count"] or 1) for count in _OLD.finditer(hunk[0])]
        number, new = int(hunk["start"]), int(hunk["count"] or 1)
        at += 1
        while new > 0 or any(count > 0 for count in old):
            if at >= len(lines):
                raise NoDiff(f"it ends within a hunk of {self.path}")
            marks, text = lines[at][:sides].ljust(sides), lines[at][sides:]
            at += 1
            if marks.startswith("\\"):  # "no newline at end of file"
                continue
            if set(marks) - set(" +-"):
                raise NoDiff(f"line {at} is none of a hunk")
            gone = "-" in marks  # from this side; a merge's diff has one mark for each parent
            old = [count - (mark == ("-" if gone else " ")) for count, mark in zip(old, marks, strict=True)]
            if gone:
                continue
            self._lines.append(text)
            self.numbers.append(number)
            self._added.append("+" in marks)
            number, new = number + 1, new - 1
        return at

    def closed(self) -> Iterator[ChangedFile]:
        if self.path and self.path != _NOTHING and any(self._added):
            yield ChangedFile(
                path=self.path,
                text="\n".join(self._lines),
                numbers=tuple(self.numbers),
                added=tuple(self._added),
            )


def _path(written: str) -> str:
    """A path as a diff writes it: without git's prefix, its quotes and escapes taken off."""
    path = written.split("\t")[0] if not written.startswith('"') else written
    if path.startswith('"') and path.rstrip().endswith('"'):
        data = bytearray()
        body, at = path.rstrip()[1:-1], 0
        for match in _ESCAPE.finditer(body):
            data += body[at : match.start()].encode("utf-8", "surrogateescape")
            data.append(_LETTERS.get(match[1]) or int(match[1], 8) & 0xFF)
            at = match.end()
        path = (bytes(data) + body[at:].encode("utf-8", "surrogateescape")).decode("utf-8", "replace")
    return path[2:] if path.startswith(("b/", "a/", "w/", "i/")) else path
