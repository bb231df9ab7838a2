"""`b4tui gate check - --jsonl`: one answer for each row of a stream, whatever the row is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from b4tui.cli.common import print_json_line
from b4tui.cli.gate.checking import Scan, Target, checked
from b4tui.cli.gate.words import finding_document
from b4tui.gate.types import Verdict

_ESCAPED = 6  # bytes of a line for one of its text, where every character is escaped
_HEAD = 4096
_ID = re.compile(rb'"id"\s*:\s*("(?:[^"\\]|\\.){0,512}"|-?\d{1,32}(?![\d.eE]))')


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was read; `refusal` says what is wrong with it."""

    id: Any
    text: str = ""
    refusal: str = ""


def answer_rows(
    stream: BinaryIO, scan: Scan, category: str | None, may_escalate: frozenset[str], most: int, *, hashes: bool
) -> bool:
    """Answer every row, each as soon as it is checked. Says whether any of them stays here."""
    kept = False
    for row in rows(stream, most):
        result = checked(Target(name="text", text=row.text, refusal=row.refusal), scan, category, may_escalate)
        kept = kept or result.verdict is Verdict.LOCAL_ONLY
        answer: dict[str, Any] = {"id": row.id, "verdict": result.verdict}
        if result.reasons:
            answer["reason"] = "; ".join(result.reasons)
        answer["findings"] = [finding_document(placed.finding, hashes) for placed in result.findings]
        print_json_line(answer)
    return kept


def rows(stream: BinaryIO, most: int) -> Iterator[Row]:
    """The rows of a stream of JSON lines. A broken one is a row too; blank lines are none. `most`: bytes of a text."""
    longest = most * _ESCAPED + _HEAD
    while line := stream.readline(longest + 1):
        if len(line) > longest and not line.endswith(b"\n"):
            while (more := stream.readline(longest)) and not more.endswith(b"\n"):
                pass
            yield Row(_id_in(line[:_HEAD]), refusal=f"the row is longer than {longest:,} bytes; it was not read")
        elif line.strip():
            yield _row(line)


def _row(line: bytes) -> Row:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return Row(_id_in(line[:_HEAD]), refusal="the row is not valid JSON; it was not read")
    if not isinstance(row, dict):
        return Row(None, refusal='the row is no JSON object with "id" and "text"')
    text = row.get("text")
    if not isinstance(text, str):
        return Row(row.get("id"), refusal='the row has no "text" that is a string')
    return Row(row.get("id"), text)


def _id_in(line: bytes) -> Any:
    """The id at the beginning of a row that cannot be read as a whole; None where none is seen."""
    match = _ID.search(line)
    try:
        return json.loads(match[1]) if match else None
    except ValueError:
        return None
