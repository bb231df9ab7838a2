"""Merge the two rows that one bead has on two sides, key by key (research/beads.md section 5, last paragraph)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from b4tui.board.model import Bead
from b4tui.board.times import instant

Row = Mapping[str, Any]
ABSENT = object()
_STATUS_RANK = {"closed": 3, "in_progress": 2, "open": 1}
_CLOSING = ("closed_at", "close_reason", "closed_by_session")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed one thing: what each wanted, and what was kept, in words for a person."""

    bead: str
    key: str
    ours: str
    theirs: str
    kept: str
    message: str


class RowPair:
    """One bead that both sides changed."""

    def __init__(self, key: str, base: Row, ours: Row, theirs: Row, conflicts: list[Conflict]) -> None:
        self.key = key
        self.base = base
        self.ours = ours
        self.theirs = theirs
        self.conflicts = conflicts
        self.theirs_newer = moment(theirs, "updated_at") > moment(ours, "updated_at")

    def merged(self) -> Row:
        """The row of both."""
        special: dict[str, Callable[[], Any]] = {
            "labels": self._labels,
            "dependencies": self._dependencies,
            "comments": self._comments,
            "notes": self._notes,
            "priority": self._priority,
            "updated_at": lambda: self._later("updated_at"),
        }
        row: dict[str, Any] = {}
        for name in list(dict.fromkeys([*self.ours, *self.theirs])):
            if name in ("status", "assignee", *_CLOSING):
                continue
            value = special[name]() if name in special else self._three_way(name)
            if value is not ABSENT:
                row[name] = value
        return self._in_order(row | self._state_of_work())

    def _in_order(self, row: Row) -> Row:
        names = [name for name in dict.fromkeys([*self.ours, *row]) if name in row]
        return {name: row[name] for name in names}

    def _value(self, side: Row, name: str) -> Any:
        return side.get(name, ABSENT)

    def _changed(self, name: str) -> tuple[bool, bool]:
        base = self._value(self.base, name)
        return not same(base, self._value(self.ours, name)), not same(base, self._value(self.theirs, name))

    def _three_way(self, name: str) -> Any:
        """Whoever changed it; where both did, the row updated last."""
        ours, theirs = self._value(self.ours, name), self._value(self.theirs, name)
        mine, other = self._changed(name)
        if same(ours, theirs) or not other:
            return ours
        if not mine:
            return theirs
        return self._choose(name, theirs if self.theirs_newer else ours, "the row updated last")

    def _choose(self, name: str, value: Any, why: str) -> Any:
        ours, theirs = word(self._value(self.ours, name)), word(self._value(self.theirs, name))
        message = (
            f"{self.key}: {name} was changed on both sides ({ours} here, {theirs} there); kept {word(value)}: {why}"
        )
        self.conflicts.append(Conflict(self.key, name, ours, theirs, word(value), message))
        return value

    def _priority(self) -> Any:
        """0 is a priority like any other (bd takes it for unset); where both changed it, the more urgent."""
        ours, theirs = self._value(self.ours, "priority"), self._value(self.theirs, "priority")
        if all(self._changed("priority")) and isinstance(ours, int) and isinstance(theirs, int) and ours != theirs:
            return self._choose("priority", min(ours, theirs), "the more urgent")
        return self._three_way("priority")

    def _notes(self) -> Any:
        """Notes of both sides, one under the other, where both wrote some."""
        ours, theirs = self._value(self.ours, "notes"), self._value(self.theirs, "notes")
        both_wrote = all(self._changed("notes")) and isinstance(ours, str) and isinstance(theirs, str)
        if not both_wrote or ours == theirs:
            return self._three_way("notes")
        return self._choose("notes", f"{ours}\n\n---\n\n{theirs}", "both texts, ours first")

    def _later(self, name: str) -> Any:
        ours, theirs = self._value(self.ours, name), self._value(self.theirs, name)
        if ours is ABSENT or theirs is ABSENT:
            return theirs if ours is ABSENT else ours
        return theirs if moment(self.theirs, name) > moment(self.ours, name) else ours

    def _labels(self) -> Any:
        labels = self._set("labels", word)
        if labels is ABSENT or not all(isinstance(label, str) for label in labels):
            return labels
        return sorted(labels)

    def _dependencies(self) -> Any:
        return self._set("dependencies", lambda edge: word([_part(edge, "depends_on_id"), _part(edge, "type")]))

    def _set(self, name: str, identity: Callable[[Any], str]) -> Any:
        """A three-way merge of sets: what either side added comes in, what either side removed goes."""
        if not self._are_lists(name):
            return self._three_way(name)
        base, ours, theirs = ({identity(item) for item in side.get(name, [])} for side in self._sides())
        removed = base - (ours & theirs)
        items = [item for item in self.ours.get(name, []) if identity(item) not in removed]
        items += [item for item in self.theirs.get(name, []) if identity(item) not in removed | ours]
        return items or ABSENT

    def _comments(self) -> Any:
        """Every comment of both sides, in the order of time. Their ids are numbers of one machine and tell nothing."""
        if not self._are_lists("comments"):
            return self._three_way("comments")
        ours = self.ours.get("comments", [])
        missing = Counter(map(_comment, self.theirs.get("comments", []))) - Counter(map(_comment, ours))
        new = []
        for item in self.theirs.get("comments", []):
            if missing[_comment(item)] > 0:
                missing[_comment(item)] -= 1
                new.append(item)
        if not new:
            return ours or ABSENT
        return sorted([*ours, *new], key=lambda item: instant(str(_part(item, "created_at"))) or 0.0)

    def _sides(self) -> tuple[Row, Row, Row]:
        return self.base, self.ours, self.theirs

    def _are_lists(self, name: str) -> bool:
        return all(isinstance(side.get(name, []), list) for side in self._sides())

    def _state_of_work(self) -> dict[str, Any]:
        """Status, assignee and what goes with a close, which only make sense together."""
        side = self._winning_side()
        row = {name: side[name] for name in ("status", *_CLOSING) if name in side}
        if Bead(side).status != "closed":
            for name in _CLOSING:
                row.pop(name, None)
        elif all(Bead(each).status == "closed" for each in (self.ours, self.theirs)):
            last = max((self.ours, self.theirs), key=lambda each: moment(each, "closed_at"))
            row |= {name: last[name] for name in _CLOSING if name in last}
        assignee = self._assignee(side)
        if assignee is not ABSENT:
            row["assignee"] = assignee
        return row

    def _winning_side(self) -> Row:
        """The side whose status holds: who changed it, else closed before in progress before open.

        A bead that was closed before and reopened on one side is open, unless the other side closed it again later.
        """
        mine, other = self._changed("status")
        if "closed" in (Bead(self.ours).status, Bead(self.theirs).status):
            # Reopened and closed again looks like no change of the status; the time of the close tells.
            mine, other = mine or self._changed("closed_at")[0], other or self._changed("closed_at")[1]
        if not (mine and other):
            return self.theirs if other else self.ours
        ours, theirs = Bead(self.ours).status, Bead(self.theirs).status
        if ours == theirs:
            return self.ours if self._claimed_first() else self.theirs
        closing, open_ = (self.ours, self.theirs) if ours == "closed" else (self.theirs, self.ours)
        if "closed" in (ours, theirs):
            was_closed = Bead(self.base).status == "closed"
            reopened = was_closed and moment(open_, "updated_at") > moment(closing, "closed_at")
            winner = open_ if reopened else closing
        else:
            winner = self.theirs if _rank(theirs) > _rank(ours) else self.ours
        self._choose(
            "status", Bead(winner).status, "closed before in progress before open, a later reopen before a close"
        )
        return winner

    def _claimed_first(self) -> bool:
        return moment(self.ours, "updated_at") <= moment(self.theirs, "updated_at")

    def _assignee(self, winner: Row) -> Any:
        """Of two claims the earlier one; otherwise whoever changed it."""
        ours, theirs = self._value(self.ours, "assignee"), self._value(self.theirs, "assignee")
        if not all(self._changed("assignee")) or same(ours, theirs):
            return self._three_way("assignee")
        if ABSENT in (ours, theirs):
            return self._choose("assignee", self._value(winner, "assignee"), "as the status that holds")
        first = ours if self._claimed_first() else theirs
        return self._choose("assignee", first, "the earlier claim; the other agent must stop")


def _comment(item: Any) -> str:
    return word([_part(item, "author"), _part(item, "created_at"), _part(item, "text")])


def _rank(status: str) -> int:
    return _STATUS_RANK.get(status, 1)


def moment(row: Row, key: str) -> float:
    """The row's timestamp in seconds since the epoch; 0 where it has none."""
    value = row.get(key)
    return (instant(value) if isinstance(value, str) else None) or 0.0


def _part(item: Any, key: str) -> Any:
    return item.get(key) if isinstance(item, dict) else item


def word(value: Any) -> str:
    """A value as a report shows it."""
    return "nothing" if value is ABSENT else json.dumps(value, ensure_ascii=False, sort_keys=True)


def same(first: Any, second: Any) -> bool:
    """Equal as JSON, whatever the order of keys."""
    if first is ABSENT or second is ABSENT:
        return first is second
    return json.dumps(first, sort_keys=True) == json.dumps(second, sort_keys=True)
