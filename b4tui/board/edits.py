"""What each verb does to a row: pure functions from a row to a new row (research/beads.md 2, 2.6 and 4).

They keep the tracker's invariants: `updated_at` is bumped and never goes back, `closed_at` is there if and only if the
status is closed, labels are sorted and unique, and no status or type comes in that bd 0.49 would refuse (one such row
makes it refuse the whole file). Keys they do not name stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from b4tui.board.model import Bead, Changes, NewBead
from b4tui.board.store import ClaimLost, NothingChanged, Refused
from b4tui.board.times import instant, stamp

Row = dict[str, Any]

STATUSES = ("open", "in_progress", "blocked", "deferred", "hooked", "pinned", "closed")
TYPES = ("task", "bug", "feature", "epic", "chore")
_ALIASES = {"enhancement": "feature", "feat": "feature"}
_LONGEST_TITLE = 500
_LONGEST_KIND = 50
_HALF = re.compile("[\ud800-\udfff]")
_STEP = timedelta(microseconds=2)  # more than a float of seconds can lose


def claimed(row: Mapping[str, Any], actor: str, now: datetime, *, started_at: bool = False) -> Row:
    """In progress and held by the actor. Raises ClaimLost unless it is open and unassigned, or assigned to the actor.

    A bead in progress cannot be claimed again, not even by its holder: two programs that use one agent's name would
    both believe to hold it. `started_at` is written only on boards that know the key.
    """
    bead, new = _begin(row)
    _named(actor)
    if bead.status == "in_progress":
        raise ClaimLost(f"{bead.id} is held by {bead.assignee or 'somebody unnamed'}")
    if bead.status != "open":
        raise ClaimLost(f"{bead.id} cannot be claimed: its status is {bead.status}")
    if bead.assignee not in ("", actor):
        raise ClaimLost(f"{bead.id} is assigned to {bead.assignee}")
    new["assignee"] = actor
    new["status"] = "in_progress"
    if started_at:
        new["started_at"] = stamp(now)
    return _bumped(new, now)


def released(row: Mapping[str, Any], actor: str, comment: str, now: datetime) -> Row:
    """Open again and nobody's, with the comment. Raises NothingChanged unless it is in progress and the actor's."""
    bead, new = _begin(row)
    if bead.status != "in_progress" or bead.assignee != actor:
        holder = f", assigned to {bead.assignee}" if bead.assignee else ""
        raise NothingChanged(f"{bead.id} is not held by {actor}: it is {bead.status}{holder}")
    new["status"] = "open"
    new.pop("assignee", None)
    new.pop("started_at", None)
    if comment.strip():
        _comment(new, actor, comment, now)
    return _bumped(new, now)


def closed(row: Mapping[str, Any], reason: str, now: datetime) -> Row:
    """Closed with the reason. Raises NothingChanged when it is closed."""
    bead, new = _begin(row)
    if bead.status == "closed":
        raise NothingChanged(f"{bead.id} is already closed")
    new["status"] = "closed"
    _put(new, "close_reason", reason)
    new = _bumped(new, now)
    new["closed_at"] = new["updated_at"]
    return new


def reopened(row: Mapping[str, Any], actor: str, reason: str, now: datetime) -> Row:
    """Open again, the assignee kept as in bd; the reason becomes a comment. Raises NothingChanged if not closed."""
    bead, new = _begin(row)
    if bead.status != "closed":
        raise NothingChanged(f"{bead.id} is not closed: it is {bead.status}")
    _leave_closed(new)
    new["status"] = "open"
    if reason.strip():
        _comment(new, actor, reason, now)
    return _bumped(new, now)


def updated(row: Mapping[str, Any], changes: Changes, now: datetime) -> Row:
    """The fields of `changes`. Raises NothingChanged when all of them are so already, Refused for impossible values."""
    bead, new = _begin(row)
    if changes.title is not None:
        new["title"] = _title(changes.title)
    texts = {"description": changes.description, "design": changes.design, "acceptance_criteria": changes.acceptance}
    for key, text in {**texts, "notes": changes.notes, "assignee": changes.assignee}.items():
        if text is not None:
            _put(new, key, text)
    if changes.priority is not None and changes.priority != bead.priority:
        new["priority"] = _priority(changes.priority)
    if changes.issue_type is not None and changes.issue_type != bead.issue_type:
        new["issue_type"] = _type(changes.issue_type)
    labels = set(bead.labels) - set(changes.remove_labels) | _labels(changes.add_labels)
    if labels != set(bead.labels):
        _put(new, "labels", sorted(labels))
    status = changes.status if changes.status is not None and changes.status != bead.status else None
    if status is not None:
        _leave_closed(new)
        new["status"] = _status(status)
    if new == row:
        raise NothingChanged(f"{bead.id} is already so")
    new = _bumped(new, now)
    if status == "closed":
        new["closed_at"] = new["updated_at"]
    return new


def commented(row: Mapping[str, Any], author: str, text: str, now: datetime) -> Row:
    """One more comment. Raises Refused for an empty one."""
    _, new = _begin(row)
    if not text.strip():
        raise Refused("an empty comment says nothing; give it a text")
    _comment(new, author, text, now)
    return _bumped(new, now)


def depending(row: Mapping[str, Any], on: str, kind: str, actor: str, now: datetime) -> Row:
    """One more edge. Raises NothingChanged when it is there, Refused for an edge to itself or a bad kind."""
    bead, new = _begin(row)
    if on == bead.id:
        raise Refused(f"{bead.id} cannot depend on itself")
    _kind(kind)
    if any(edge.depends_on_id == on and edge.type == kind for edge in bead.dependencies):
        raise NothingChanged(f"{bead.id} already depends on {on} ({kind})")
    new["dependencies"] = [*_list(new, "dependencies"), _edge(bead.id, on, kind, actor, now)]
    return _bumped(new, now)


def independent(row: Mapping[str, Any], on: str, now: datetime) -> Row:
    """Without any edge to `on`. Raises NothingChanged when there is none."""
    bead, new = _begin(row)
    edges = _list(new, "dependencies")
    kept = [edge for edge in edges if not (isinstance(edge, dict) and edge.get("depends_on_id") == on)]
    if len(kept) == len(edges):
        raise NothingChanged(f"{bead.id} does not depend on {on}")
    _put(new, "dependencies", kept)
    return _bumped(new, now)


def created(new: NewBead, bead_id: str, actor: str, now: datetime) -> Row:
    """The row of a new bead. Raises Refused for impossible values."""
    at = stamp(now)
    row: Row = {"id": bead_id, "title": _title(new.title)}
    _put(row, "description", new.description)
    _put(row, "acceptance_criteria", new.acceptance)
    row |= {"status": "open", "priority": _priority(new.priority), "issue_type": _type(new.issue_type)}
    _put(row, "assignee", new.assignee)
    row |= {"created_at": at, "created_by": actor, "updated_at": at}
    _put(row, "labels", sorted(_labels(new.labels)))
    edges = [("parent-child", new.parent)] if new.parent else []
    edges += [edge for edge in dict.fromkeys(new.dependencies) if edge not in edges]
    for kind, on in edges:
        _kind(kind)
        if not on.strip():
            raise Refused(f"a dependency of kind {kind} names no bead; write it as {kind}:ID")
    _put(row, "dependencies", [_edge(bead_id, on, kind, actor, now) for kind, on in edges])
    return row


def _begin(row: Mapping[str, Any]) -> tuple[Bead, Row]:
    bead = Bead(row)
    if bead.status == "tombstone":
        raise Refused(f"{bead.id} was deleted")
    return bead, dict(row)


def _bumped(row: Row, now: datetime) -> Row:
    """`updated_at` is now, or just after what it was where a clock runs ahead: bd takes only rows that are newer."""
    before = instant(Bead(row).updated_at)
    if before is not None and before >= now.timestamp():
        now = datetime.fromtimestamp(before, UTC) + _STEP
    row["updated_at"] = stamp(now)
    return row


def _leave_closed(row: Row) -> None:
    for key in ("closed_at", "close_reason", "closed_by_session"):
        row.pop(key, None)


def _comment(row: Row, author: str, text: str, now: datetime) -> None:
    comments = _list(row, "comments")
    numbers = [item["id"] for item in comments if isinstance(item, dict) and type(item.get("id")) is int]
    at = stamp(now.replace(microsecond=0))
    comment = {"id": max(numbers, default=0) + 1, "issue_id": row["id"], "author": author, "text": _whole(text)}
    row["comments"] = [*comments, {**comment, "created_at": at}]


def _edge(bead_id: str, on: str, kind: str, actor: str, now: datetime) -> Row:
    edge = {"issue_id": bead_id, "depends_on_id": on, "type": kind, "created_at": stamp(now), "created_by": actor}
    if kind == "waits-for":
        edge["metadata"] = '{"gate":"all-children"}'  # an empty one breaks bd 0.49's cache (research/beads.md 3)
    return edge


def _put(row: Row, key: str, value: Any) -> None:
    """Set the key, or take it away where the value is empty, as Go's omitempty does."""
    if value:
        row[key] = _whole(value) if isinstance(value, str) else value
    else:
        row.pop(key, None)


def _list(row: Mapping[str, Any], key: str) -> list[Any]:
    value = row.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Refused(f"the key {key} of {row['id']} is no list; mend the row first")
    return value


def _named(actor: str) -> None:
    if not actor.strip():
        raise Refused("a claim needs a name: pass --actor, or set BEADS_ACTOR")


def _whole(text: str) -> str:
    """The text with a mark for each half of a surrogate pair: bytes that were no UTF-8, which no tracker keeps."""
    return _HALF.sub("\ufffd", text)


def _title(title: str) -> str:
    line = _whole(" ".join(title.split()))
    if not line:
        raise Refused("a bead needs a title")
    if len(line) > _LONGEST_TITLE:
        raise Refused(f"the title has {len(line)} characters; {_LONGEST_TITLE} are allowed")
    return line


def _status(status: str) -> str:
    if status not in STATUSES:
        raise Refused(f"{status!r} is no status; use one of {', '.join(STATUSES)}")
    return status


def _type(issue_type: str) -> str:
    known = _ALIASES.get(issue_type, issue_type)
    if known not in TYPES:
        raise Refused(f"{issue_type!r} is no type; use one of {', '.join(TYPES)}")
    return known


def _priority(priority: int) -> int:
    if not 0 <= priority <= 4:
        raise Refused(f"{priority} is no priority; use 0 (critical) to 4 (backlog)")
    return priority


def _kind(kind: str) -> None:
    if not kind.strip() or len(kind) > _LONGEST_KIND:
        raise Refused(f"a dependency's kind has 1 to {_LONGEST_KIND} letters, such as blocks or parent-child")


def _labels(labels: tuple[str, ...]) -> set[str]:
    return {_whole(label.strip()) for label in labels if label.strip()}
