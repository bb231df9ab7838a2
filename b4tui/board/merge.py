"""Merge two boards that grew apart, row by row and key by key (research/beads.md section 5, last paragraph).

`merge` never loses a row, a comment or a label, never writes conflict markers into the file, and reports every choice
it had to make. As a git merge driver: `mergedriver`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, product

from b4tui.board.document import Document
from b4tui.board.lines import Lines
from b4tui.board.mergerow import Conflict, Row, RowPair, moment, same, word
from b4tui.board.model import Bead
from b4tui.board.reader import parse_lines

_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Merged:
    """The merged board and the choices made on the way."""

    data: bytes
    conflicts: tuple[Conflict, ...] = ()


def merge(base: bytes, ours: bytes, theirs: bytes) -> Merged:
    """Merge two versions of a board file that both come from `base`.

    Our file is the ground: its line order, its styles and its unreadable lines stay, and only rows that the other side
    changed are written anew. Lines of theirs that are no rows (memories, broken lines) are added where they are new.
    """
    before, mine, other = _Side(base), _Side(ours), _Side(theirs)
    result = Lines(ours)
    conflicts: list[Conflict] = []
    for key, row in other.rows.items():
        old = before.rows.get(key)
        if key in mine.rows:
            _both(key, old, mine, other, result, conflicts)
        elif old is None:
            result.add(key, other.line_of(key))
        elif not same(old, row):
            result.add(key, other.line_of(key))
            conflicts.append(_kept_row(key, "removed here and changed there"))
    for key, row in mine.rows.items():
        old = before.rows.get(key)
        if old is None or key in other.rows:
            continue
        if same(old, row):
            result.drop(mine.at[key])
        else:
            conflicts.append(_kept_row(key, "changed here and removed there"))
    known = {*base.split(b"\n"), *ours.split(b"\n")}
    result.append(line for line in other.foreign_lines() if line not in known)
    return Merged(result.to_bytes(), tuple(conflicts))


def _both(key: str, old: Row | None, mine: _Side, other: _Side, result: Lines, conflicts: list[Conflict]) -> None:
    """A bead that both sides have: take what changed, or merge the two rows."""
    ours, theirs = mine.rows[key], other.rows[key]
    if same(ours, theirs) or (old is not None and same(old, theirs)):
        return
    if old is not None and same(old, ours):
        result.put(mine.at[key], other.line_of(key))
    elif old is None and ours.get("created_at") != theirs.get("created_at"):
        _apart(key, mine, other, result, conflicts)
    elif deleted := next((side for side in (ours, theirs) if Bead(side).status == "tombstone"), None):
        if deleted is ours:
            result.put(mine.at[key], other.line_of(key))
        conflicts.append(_kept_row(key, "deleted on one side and changed on the other"))
    else:
        merged = RowPair(key, old or {}, ours, theirs, conflicts).merged()
        document = Document(mine.line_of(key))
        result.put(mine.at[key], document.replaced(document.find(key), merged).data)


def _apart(key: str, mine: _Side, other: _Side, result: Lines, conflicts: list[Conflict]) -> None:
    """Two different beads got one id on two machines: the later one gets another, the same on every machine."""
    ours_later = (moment(mine.rows[key], "created_at"), word(mine.rows[key])) > (
        moment(other.rows[key], "created_at"),
        word(other.rows[key]),
    )
    later = mine if ours_later else other
    row = later.rows[key]
    taken = mine.rows.keys() | other.rows.keys() | set(result.added)
    new_key = next(f"{key}{letter}" for letter in _letters() if f"{key}{letter}" not in taken)
    document = Document(later.line_of(key))
    renamed = document.replaced(document.find(key), _renamed(row, key, new_key)).data
    if ours_later:
        result.put(mine.at[key], other.line_of(key))
    result.add(new_key, renamed)
    message = f"{key} was given to two different beads; the later one ({Bead(row).title[:60]}) is now {new_key}"
    conflicts.append(Conflict(key, "id", key, key, new_key, message))


def _renamed(row: Row, key: str, new_key: str) -> Row:
    new = {**row, "id": new_key}
    for name in ("dependencies", "comments"):
        items = row.get(name)
        if isinstance(items, list):
            new[name] = [
                {**item, "issue_id": new_key} if isinstance(item, dict) and item.get("issue_id") == key else item
                for item in items
            ]
    return new


def _letters() -> Iterator[str]:
    for length in count(1):
        yield from map("".join, product("bcdfghjkmnpqrstvwxz", repeat=length))


def _kept_row(key: str, what: str) -> Conflict:
    return Conflict(key, "", "", "", "the changed row", f"{key} was {what}; the changed row is kept")


class _Side:
    """One version of the file: its rows by id (of duplicates the one that counts) and where they stand."""

    def __init__(self, data: bytes) -> None:
        self.lines = data.removeprefix(_MARK).split(b"\n")
        self.rows: dict[str, Row] = {}
        self.at: dict[str, int] = {}
        self._beads: set[int] = set()
        for line, row in parse_lines(data).rows:
            key = str(row["id"])
            self._beads.add(line - 1)
            if key not in self.rows or moment(self.rows[key], "updated_at") <= moment(row, "updated_at"):
                self.rows[key] = row
                self.at[key] = line - 1

    def line_of(self, key: str) -> bytes:
        """The bead's line as it stands, without its end."""
        return self.lines[self.at[key]].rstrip(b"\r")

    def foreign_lines(self) -> Iterator[bytes]:
        """Lines that hold no bead."""
        return (line for at, line in enumerate(self.lines) if at not in self._beads and line.strip())
