"""Read a board file of any era, whatever is in it (research/beads.md sections 1 and 2).

One line is one JSON object. What is no JSON is reported with its line number and the rest loads; nothing a file can
hold ends the reading. The common case costs one C call a line; every doubt goes to `repair`, which may be slow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from b4tui.board.backup import join_tables, read_tables
from b4tui.board.collector import collector_off
from b4tui.board.model import Bead, BoardState, Hub, HubKind, Problem, Severity
from b4tui.board.repair import repair
from b4tui.board.store import BoardError
from b4tui.board.times import instant

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a board file holds. `rows` are (line number from 1, issue row); `memories` and `header` are an export's."""

    rows: tuple[tuple[int, Row], ...]
    problems: tuple[Problem, ...] = ()
    memories: Mapping[str, str] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)


def parse_lines(data: bytes, *, thorough: bool = False) -> Parsed:
    """Every row of the file. `thorough` also reports what only a slow look finds: keys that a row has twice."""
    lines, problems = _lines(data)
    rows: list[tuple[int, Row]] = []
    others: list[tuple[int, Row]] = []
    scan = json.JSONDecoder(parse_constant=_not_json).raw_decode
    with collector_off():
        for number, line in enumerate(lines, 1):
            row: Any = None
            if not thorough:
                try:
                    row, end = scan(line)
                    if end != len(line) and line[end:].strip(" \t\r"):
                        row = None
                except (ValueError, RecursionError):
                    row = None
            if type(row) is not dict:
                if not line or line.isspace():
                    continue
                row, found = repair(line, number)
                problems.extend(found)
                if row is None:
                    continue
            bead_id = row.get("id")
            if type(bead_id) is not str or not bead_id or "_type" in row or "_schema" in row:
                others.append((number, row))
                if not _is_issue(row):
                    continue
            rows.append((number, row))
    memories, header = _sort_out(others, problems)
    return Parsed(tuple(rows), tuple(problems), memories, header)


def read_state(hub: Hub, *, thorough: bool = False) -> BoardState:
    """The board of a hub that is kept in files, as it is now; a file that is not there yet is an empty board.

    Raises BoardError where the file cannot be read, or where only the bd program can read the hub.
    """
    if hub.data_file is None:
        raise BoardError(f"{hub.beads_dir} is a Dolt database, which only the bd program reads")
    if hub.kind is HubKind.BACKUP:
        tables = read_tables(hub.data_file.parent)
        parsed = parse_lines(tables.issues, thorough=thorough)
        return _state(hub, join_tables(parsed, tables), _version(*tables.parts()))
    try:
        data = hub.data_file.read_bytes()
    except FileNotFoundError:
        data = b""
    except OSError as error:
        raise BoardError(f"{hub.data_file} cannot be read: {error.strerror}") from error
    return state_of(hub, data, thorough=thorough)


def state_of(hub: Hub, data: bytes, *, thorough: bool = False) -> BoardState:
    """The board that `data` holds, for a caller that has read the file itself."""
    with collector_off():
        return _state(hub, parse_lines(data, thorough=thorough), _version(data))


def _state(hub: Hub, parsed: Parsed, version: str) -> BoardState:
    problems = list(parsed.problems)
    beads: dict[str, Bead] = {}
    with collector_off():
        for line, row in parsed.rows:
            key = row["id"]
            if type(key) is not str:
                key = str(key)
            bead = Bead(row, line)
            if key in beads:
                bead = _newer(beads[key], bead, problems)
            beads[key] = bead
    return BoardState(hub, beads, tuple(problems), version)


def _newer(first: Bead, second: Bead, problems: list[Problem]) -> Bead:
    """Of two rows with one id the one updated last stays, the later line where that is equal."""
    older = (instant(first.updated_at) or 0.0) > (instant(second.updated_at) or 0.0)
    kept, dropped = (first, second) if older else (second, first)
    message = (
        f"{kept.id} stands on lines {first.line} and {second.line}; line {kept.line} was updated last and is the one "
        f"shown: delete line {dropped.line}, or give that bead an id of its own"
    )
    problems.append(Problem("duplicate-id", Severity.ERROR, message, kept.id, dropped.line))
    return kept


def _lines(data: bytes) -> tuple[list[str], list[Problem]]:
    problems: list[Problem] = []
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
        text = (
            "the file begins with a byte order mark, which other trackers take for a broken row: save it as plain UTF-8"
        )
        problems.append(Problem("byte-order-mark", Severity.WARNING, text, line=1))
    windows = data.count(b"\r\n") if b"\r" in data else 0
    if windows:
        text = f"{windows} lines end in CR LF: add `.beads/*.jsonl text eol=lf` to .gitattributes and save with LF"
        problems.append(
            Problem("line-ends", Severity.WARNING, text, line=data.count(b"\n", 0, data.index(b"\r\n")) + 1)
        )
    try:
        return data.decode().split("\n"), problems
    except UnicodeDecodeError:
        return [_decoded(line, number, problems) for number, line in enumerate(data.split(b"\n"), 1)], problems


def _decoded(line: bytes, number: int, problems: list[Problem]) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        text = f"line {number} is no UTF-8 at byte {error.start}; the bytes are shown as \ufffd: save the file as UTF-8"
        problems.append(Problem("encoding", Severity.ERROR, text, line=number))
        return line.decode(errors="replace")


def _is_issue(row: Row) -> bool:
    has_id = isinstance(row.get("id"), str | int | float) and bool(row["id"]) and not isinstance(row["id"], bool)
    return has_id and row.get("_type") != "memory" and "_schema" not in row


def _sort_out(others: list[tuple[int, Row]], problems: list[Problem]) -> tuple[dict[str, str], Row]:
    """Rows that are no plain issue: memories, the header of an export, rows without an id."""
    memories: dict[str, str] = {}
    header: Row = {}
    for number, row in others:
        if row.get("_type") == "memory":
            memories[str(row.get("key", ""))] = str(row.get("value", ""))
        elif "_schema" in row:
            header = row
        elif not _is_issue(row):
            title = str(row.get("title", ""))[:60]
            text = f"line {number} has no id{f' (title: {title})' if title else ''}: give it one, or delete the line"
            problems.append(Problem("no-id", Severity.ERROR, text, line=number))
        elif row.get("_type", "issue") != "issue":
            text = f"{row['id']} is a row of kind {row['_type']!s:.40}, which is not known here; it is shown as a bead"
            problems.append(Problem("row-kind", Severity.INFO, text, str(row["id"]), number))
    return memories, header


def _version(*parts: bytes) -> str:
    digest = sha256()
    for part in parts:
        digest.update(b"%d\0" % len(part))
        digest.update(part)
    return digest.hexdigest()[:32]


def _not_json(word: str) -> None:
    raise ValueError(word)
