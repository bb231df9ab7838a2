"""What is wrong with one row by itself: types, statuses, times, names (research/beads.md 2.1 to 2.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from b4tui.board.model import Bead, Problem, Severity
from b4tui.board.times import instant

STATUSES = frozenset({"open", "in_progress", "blocked", "hooked", "deferred", "pinned", "closed", "tombstone"})
TYPES = frozenset(
    {
        "bug",
        "feature",
        "task",
        "epic",
        "chore",
        "decision",
        "message",
        "molecule",
        "gate",
        "spike",
        "story",
        "milestone",
        "event",
        "agent",
        "role",
        "rig",
        "convoy",
        "slot",
        "merge-request",
    }
)
MOST_TITLE = 500  # characters

_TEXTS = (
    "title",
    "description",
    "design",
    "acceptance_criteria",
    "notes",
    "status",
    "issue_type",
    "assignee",
    "owner",
    "created_by",
    "close_reason",
)
_TIMES = ("created_at", "updated_at", "closed_at", "started_at", "due_at", "defer_until", "deleted_at")
_LISTS = ("labels", "dependencies", "comments")
_DONE_WORDS = re.compile(r"done|complete|cancel|resolved|finished", re.IGNORECASE)
_UNESCAPED = re.compile(r"[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def row_problems(bead: Bead) -> Iterator[Problem]:
    """The problems of one row, in the order of its fields."""
    yield from _types(bead)
    yield from _words(bead)
    yield from _times(bead)
    yield from _claim(bead)


def _problem(bead: Bead, rule: str, severity: Severity, text: str) -> Problem:
    return Problem(rule, severity, f"{bead.id} {text}", bead.id, bead.line)


def _types(bead: Bead) -> Iterator[Problem]:
    row = bead.row
    if not isinstance(row.get("id"), str):
        yield _problem(bead, "field-type", Severity.ERROR, "has an id that is no text: put it in quotes")
    for name in _TEXTS:
        value = row.get(name)
        if name in row and not isinstance(value, str):
            yield _problem(bead, "field-type", Severity.ERROR, f"has {_kind(value)} as {name}: write text")
    for name in _LISTS:
        value = row.get(name)
        if value is not None and not isinstance(value, list):
            yield _problem(bead, "field-type", Severity.ERROR, f"has {_kind(value)} as {name}: write a list")
        elif isinstance(value, list):
            wanted = str if name == "labels" else dict
            wrong = sum(not isinstance(item, wanted) for item in value)
            if wrong:
                text = f"has {wrong} entries in {name} that are no {'text' if wanted is str else 'objects'}: mend them"
                yield _problem(bead, "field-type", Severity.ERROR, text)
    yield from _priority(bead)


def _priority(bead: Bead) -> Iterator[Problem]:
    value = bead.row.get("priority")
    if value is None:
        text = "has no priority: bd takes that for P0, the highest; it is shown as P2; write one"
        yield _problem(bead, "priority", Severity.WARNING, text)
    elif isinstance(value, bool) or not isinstance(value, int):
        text = f"has {_kind(value)} as priority, shown as P{bead.priority}: write a whole number from 0 to 4"
        yield _problem(bead, "priority", Severity.ERROR, text)
    elif not 0 <= value <= 4:
        yield _problem(bead, "priority", Severity.ERROR, f"has priority {value:.6g}: write one from 0 to 4")


def _words(bead: Bead) -> Iterator[Problem]:
    if not bead.title.strip():
        yield _problem(bead, "title", Severity.ERROR, "has no title, and bd refuses such a bead: give it one")
    elif len(bead.title) > MOST_TITLE:
        text = f"has a title of {len(bead.title)} characters, and bd takes {MOST_TITLE}: shorten it"
        yield _problem(bead, "title", Severity.ERROR, text)
    if bead.status not in STATUSES:
        meant = "closed" if _DONE_WORDS.search(bead.status) else "in_progress or a label"
        text = f"has the status {bead.status:.40}, for which bd 0.49 refuses the whole file: use {meant}"
        yield _problem(bead, "unknown-status", Severity.WARNING, text)
    if bead.issue_type not in TYPES:
        text = f"has the type {bead.issue_type:.40}, for which bd refuses the whole file unless types.custom names it"
        yield _problem(bead, "unknown-type", Severity.WARNING, text)
    texts = [value for value in bead.row.values() if isinstance(value, str)]
    if any(_UNESCAPED.search(text) for text in texts):
        text = "has half a surrogate pair in a text, which other trackers replace: write the character again"
        yield _problem(bead, "surrogate", Severity.WARNING, text)
    if any(_CONTROL.search(text) for text in texts):
        text = "has control characters in a text, which are shown as marks: remove them"
        yield _problem(bead, "control-text", Severity.INFO, text)


def _times(bead: Bead) -> Iterator[Problem]:
    row = bead.row
    for name in ("created_at", "updated_at"):
        if not row.get(name):
            yield _problem(bead, "time", Severity.WARNING, f"has no {name}: add one, as sorting and merging use it")
    for name in _TIMES:
        if row.get(name) and instant(row[name]) is None:
            text = f"has {_shown(row[name])} as {name}, which is no time: write it as 2026-01-31T12:00:00Z"
            yield _problem(bead, "time", Severity.ERROR, text)
    created, updated = instant(bead.created_at), instant(bead.updated_at)
    if created is not None and updated is not None and updated < created:
        yield _problem(bead, "time", Severity.INFO, "was updated before it was created: some clock was wrong")
    if bead.status == "closed" and not bead.closed_at:
        yield _problem(bead, "closed-at", Severity.ERROR, "is closed but has no closed_at, and bd refuses it: add one")
    if bead.closed_at and bead.status not in ("closed", "tombstone"):
        text = f"is {bead.status} but has closed_at, and bd refuses it: close it or remove closed_at"
        yield _problem(bead, "closed-at", Severity.ERROR, text)
    if bead.status == "tombstone" and not row.get("deleted_at"):
        yield _problem(bead, "tombstone", Severity.WARNING, "is a tombstone without deleted_at: add one")
    if row.get("deleted_at") and bead.status != "tombstone":
        yield _problem(bead, "tombstone", Severity.WARNING, "has deleted_at but is no tombstone: remove the key")


def _claim(bead: Bead) -> Iterator[Problem]:
    if bead.status == "in_progress" and not bead.assignee:
        text = "is in progress but nobody holds it: claim it, or set it back to open"
        yield _problem(bead, "claim", Severity.WARNING, text)
    labels = bead.labels
    if len(set(labels)) != len(labels):
        yield _problem(bead, "labels", Severity.INFO, "has a label more than once: remove the second")
    keys = [(comment.author, comment.created_at, comment.text) for comment in bead.comments]
    if len(set(keys)) != len(keys):
        yield _problem(bead, "comments", Severity.INFO, "has a comment more than once, as after a merge: remove one")


def _kind(value: Any) -> str:
    names = {bool: "a switch", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), "null")


def _shown(value: Any) -> str:
    return repr(value)[:40]
