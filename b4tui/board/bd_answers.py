"""What the bd program's answers mean: pure, and written for every shape that bd 0.57 to 1.x was seen to give.

The rules are those of research/beads-dolt.md section 0 and are named by their numbers; where an error stands
(stdout or stderr, JSON or text) is in its section 3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from b4tui.board.model import Bead
from b4tui.board.store import BoardError, Busy, ClaimLost, NoSuchBead, ReadOnly, Refused

OLDEST = (0, 57)  # from here on the loser of a claim exits with an error (research/beads.md 1)
_LONGEST_COMPLAINT = 600  # characters of bd's own words in an error message
_LISTED_ONLY = ("dependencies", "parent", "dependency_count", "dependent_count", "comment_count", "comments")


class Unanswered(BoardError):
    """bd ended without an answer (killed, out of time, crashed, garbage): what it did is unknown until re-read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call of bd left behind. `rc` is negative where a signal ended it."""

    rc: int
    stdout: bytes
    stderr: bytes


def payload(answer: Answer) -> Any:
    """The data of a good answer; None where bd said nothing. Raises the BoardError that a bad one means.

    Rule 4: the exit code decides, then stdout is parsed, and stderr is looked at last. What bd writes to stderr
    beside a success (truncation notices, warnings) is no error.
    """
    if answer.rc != 0:
        raise failure(answer)
    text = answer.stdout.decode("utf-8", "replace").strip()
    if text in ("", "null"):
        return None
    found, data = _first_json(text)
    if not found:
        raise Unanswered(f"bd said done, but not in JSON: {plain(text) or 'nothing'}")
    return _unwrapped(data)


def failure(answer: Answer) -> BoardError:
    """The error that an answer with another exit code than 0 means, in words with what to do next."""
    words = complaint(answer)
    if answer.rc < 0:
        return Unanswered(f"bd was ended by signal {-answer.rc} before it answered{_because(words)}")
    for pattern, error, advice in _MEANINGS:
        if pattern.search(words):
            return error(f"{words}{advice}")
    if answer.rc > 1:
        return Unanswered(f"bd failed with exit code {answer.rc}{_because(words)}")
    return BoardError(f"bd failed: {words or 'it gave no reason'}")


def complaint(answer: Answer) -> str:
    """Why bd failed, in its own words on one line: JSON on stdout, else JSON on stderr, else the text of stderr.

    Rule 4: JSON on stderr may stand behind warning lines, and text may be followed by pages on usage.
    """
    stdout = answer.stdout.decode("utf-8", "replace").strip()
    stderr = answer.stderr.decode("utf-8", "replace").strip()
    for text in (stdout, stderr, _from_first_object(stderr)):
        found, data = _first_json(text)
        data = _unwrapped(data) if found else None
        if isinstance(data, dict) and data.get("error"):
            said = [str(data[key]) for key in ("error", "message", "hint") if data.get(key)]
            return plain(": ".join(said))
    return plain(_error_lines(stderr) or stdout)


def rows(data: Any) -> tuple[Mapping[str, Any], ...]:
    """The rows of an array answer; `null` and nothing are an empty list. Raises Unanswered for any other shape."""
    if data is None:
        return ()
    if isinstance(data, list) and all(isinstance(row, dict) for row in data):
        return tuple(data)
    raise Unanswered("bd answered with something else than a list of beads; is BD_BIN really bd?")


def changed_row(data: Any, bead_id: str) -> Mapping[str, Any]:
    """The one row that a change of `bead_id` returned.

    Rule 5: bd looks an unknown id up by substring, so the row must be the one that was asked for. Raises BoardError
    where bd changed another bead, Unanswered where it returned none.
    """
    found = rows(data if isinstance(data, list) or data is None else [data])
    # A comment and an edge name their bead in issue_id; a comment has an id of its own.
    ids = [str(row.get("issue_id") or row.get("id") or "") for row in found]
    if ids == [bead_id]:
        return found[0]
    if not ids:
        raise Unanswered(f"bd said done, but did not name {bead_id}")
    raise BoardError(
        f"bd was asked for {bead_id} and changed {plain(', '.join(ids))}: somebody deleted {bead_id} in this moment."
        f" Look at {plain(', '.join(ids))} and put it back as it was"
    )


def carried(listed: Bead, row: Mapping[str, Any]) -> Bead:
    """The bead that a change returned, with those keys of the listed one that only `list` gives."""
    extra = {key: listed.row[key] for key in _LISTED_ONLY if key in listed.row and key not in row}
    return Bead({**row, **extra})


def version_of(data: Any) -> tuple[int, ...]:
    """The version in `bd version --json`, as numbers; empty where there is none."""
    text = str(data.get("version", "")) if isinstance(data, dict) else ""
    match = re.match(r"v?(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in match.groups(default="0")) if match else ()


def plain(text: str) -> str:
    """One line of text without control characters, cut to a length that fits a message."""
    text = re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", text)
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return words if len(words) <= _LONGEST_COMPLAINT else words[: _LONGEST_COMPLAINT - 1] + "…"


def _first_json(text: str) -> tuple[bool, Any]:
    """Rule 4: only the first JSON value counts; `bootstrap` for one appends progress with escapes after it."""
    if not text.startswith(("{", "[")):
        return False, None
    try:
        return True, json.JSONDecoder().raw_decode(text)[0]
    except (ValueError, RecursionError):
        return False, None


def _unwrapped(data: Any) -> Any:
    """The payload with or without the envelope of BD_JSON_ENVELOPE (bd 1.0.4 and later; earlier ones ignore it)."""
    if not isinstance(data, dict):
        return data
    if data.keys() == {"schema_version", "data"}:
        return data["data"]
    return {key: value for key, value in data.items() if key != "schema_version"}


def _from_first_object(text: str) -> str:
    match = re.search(r"^\{", text, re.MULTILINE)
    return text[match.start() :] if match else ""


def _error_lines(stderr: str) -> str:
    """The lines from the error on; warnings before it and the usage page behind it say nothing of the failure."""
    text = stderr.split("\nUsage:", 1)[0]
    match = re.search(r"^(?:Error|cannot|panic)\b", text, re.MULTILINE)
    return text[match.start() :] if match else text


def _because(words: str) -> str:
    return f": {words}" if words else ""


# The first that fits wins: every error of an open database also says "init schema", so the lock comes before it.
_MEANINGS: tuple[tuple[re.Pattern[str], type[BoardError], str], ...] = (
    (re.compile(r"already claimed by|not claimable"), ClaimLost, ""),  # rule 10
    (
        re.compile(r"locked by another dolt process"),
        Busy,
        ". Another program keeps the hub's database open: wait for it, or end it, and try again",
    ),
    (re.compile(r"no issues? found matching"), NoSuchBead, ". Read the board again: somebody may have deleted it"),
    (
        re.compile(r"no beads database found|no_beads_directory"),
        ReadOnly,
        ". If this is a fresh clone, fetch its data with `bd bootstrap --yes` in the hub's folder",
    ),
    (
        re.compile(r"server unreachable|connection refused", re.IGNORECASE),
        ReadOnly,
        ". b4tui works with embedded Dolt hubs only",
    ),
    (
        re.compile(r"schema[ -](?:skew|drift|version)|newer schema|newer version of bd", re.IGNORECASE),
        ReadOnly,
        ". Install the bd version that last wrote this hub, or name it in BD_BIN",
    ),
    (re.compile(r"^Error: unknown (?:shorthand )?(?:flag|command)"), ReadOnly, ". This bd is too old: install bd 1.0"),
    (
        re.compile(
            r"blocked by open|\binvalid\b|create a cycle|itself|already exists|validation failed|required"
            r"|cannot be empty|not allowed|must be|prefix|Incorrect string value",
            re.IGNORECASE,
        ),
        Refused,
        "",
    ),
)
