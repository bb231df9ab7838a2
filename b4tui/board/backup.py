"""The backup tables of a Dolt hub, `.beads/backup/*.jsonl`, joined to the rows of every other era.

bd 0.56 wrote one file a table: every SQL column in each row, empty text for what is absent, 0 and 1 for no and yes
(research/beads.md 1.3). They are a copy: they are read, never written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from b4tui.board.model import Problem, Severity
from b4tui.board.repair import repair
from b4tui.board.store import BoardError

if TYPE_CHECKING:
    from b4tui.board.reader import Parsed

Row = dict[str, Any]

_SWITCHES = frozenset({"ephemeral", "no_history", "pinned", "is_template", "crystallizes"})
_ALWAYS = frozenset({"id", "title", "priority"})  # kept although they may be empty or 0


@dataclass(frozen=True, slots=True)
class Tables:
    """The bytes of the four tables that make a board; a table that is not there is empty."""

    issues: bytes
    labels: bytes
    dependencies: bytes
    comments: bytes

    def parts(self) -> tuple[bytes, ...]:
        """All tables, for a version of the whole."""
        return (self.issues, self.labels, self.dependencies, self.comments)


def read_tables(folder: Path) -> Tables:
    """The tables in `.beads/backup`. Raises BoardError where one cannot be read."""
    names = ("issues", "labels", "dependencies", "comments")
    return Tables(*(_bytes(folder / f"{name}.jsonl") for name in names))


def join_tables(parsed: Parsed, tables: Tables) -> Parsed:
    """The issue rows in the common shape, with their labels, edges and comments."""
    problems = list(parsed.problems)
    every = [(line, _trimmed(row)) for line, row in parsed.rows]
    by_id = {str(row["id"]): row for _, row in every}
    for name, table in (
        ("labels", tables.labels),
        ("dependencies", tables.dependencies),
        ("comments", tables.comments),
    ):
        for number, item in _items(table, name, problems):
            row = by_id.get(str(item.get("issue_id")))
            if row is None:
                owner = f"{item.get('issue_id')!s:.60}"
                text = f"{name}.jsonl line {number} belongs to {owner}, which is no bead of the backup"
                problems.append(Problem("orphan-row", Severity.WARNING, text, line=number))
            elif name == "labels":
                row.setdefault(name, []).append(str(item.get("label", "")))
            else:
                row.setdefault(name, []).append(_trimmed(item))
    for row in by_id.values():
        if "labels" in row:
            row["labels"] = sorted(set(row["labels"]))
    return replace(parsed, rows=tuple(every), problems=tuple(problems))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise BoardError(f"{path} cannot be read: {error.strerror}") from error


def _trimmed(row: Row) -> Row:
    """A row as other eras write it: absent keys for empty values, true for the switches that are on."""
    kept: Row = {}
    for key, value in row.items():
        if key in _SWITCHES and isinstance(value, int):
            if value:
                kept[key] = True
        elif key in _ALWAYS or not (
            value is None or value == "" or value == 0 or (key == "metadata" and value == "{}")
        ):
            kept[key] = value
    return kept


def _items(table: bytes, name: str, problems: list[Problem]) -> Iterator[tuple[int, Row]]:
    for number, line in enumerate(table.decode(errors="replace").split("\n"), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            row, found = repair(line, number)
            problems.extend(replace(problem, message=f"{name}.jsonl {problem.message}") for problem in found)
        if row is not None:
            yield number, row
