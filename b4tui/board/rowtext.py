"""One row as it is written: change some of its keys and keep every other byte (research/beads.md 2.1 and 2.6).

A row is cut into its members (key, colon, value, the blanks around them). Members that do not change are copied as
text, so number shapes, escapes, blanks and key order stay what they were; the elements of a list (comments, labels,
dependencies) are treated the same way one level down.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# Go's struct order, which is the order of keys on disk (research/beads.md section 2).
_KEYS = (
    "_type",
    "id",
    "title",
    "description",
    "design",
    "acceptance_criteria",
    "notes",
    "spec_id",
    "status",
    "priority",
    "issue_type",
    "assignee",
    "owner",
    "estimated_minutes",
    "created_at",
    "created_by",
    "updated_at",
    "started_at",
    "closed_at",
    "close_reason",
    "closed_by_session",
    "lease_expires_at",
    "heartbeat_at",
    "due_at",
    "defer_until",
    "external_ref",
    "source_system",
    "metadata",
    "compaction_level",
    "compacted_at",
    "compacted_at_commit",
    "original_size",
    "labels",
    "dependencies",
    "comments",
    "deleted_at",
    "deleted_by",
    "delete_reason",
    "original_type",
    "sender",
    "ephemeral",
)
KEY_ORDER = {key: place for place, key in enumerate(_KEYS)}

_BLANKS = re.compile(r"[ \t\r\n]*")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_DECODER = json.JSONDecoder(strict=False)


class NotARow(ValueError):
    """The text is not one JSON object and nothing else."""


@dataclass(frozen=True, slots=True)
class Style:
    """How new text is escaped. `html` is Go's habit of \\u003c for `<`, `>` and `&`; `ascii` escapes all else."""

    html: bool = True
    ascii: bool = False
    comma: str = ","
    colon: str = ":"


@dataclass(slots=True)
class _Member:
    key: str
    lead: str  # blanks before the key
    head: str  # the key, the colon and the blanks around it
    raw: str  # the value
    trail: str  # blanks after the value
    value: Any


@dataclass(frozen=True, slots=True)
class RowText:
    """A row's text, cut in pieces. `row` holds the values; of a key that stands twice the last one counts."""

    before: str
    members: tuple[_Member, ...]
    after: str

    @property
    def row(self) -> dict[str, Any]:
        """The values by key, in the order written."""
        return {member.key: member.value for member in self.members}

    @classmethod
    def parse(cls, text: str) -> RowText:
        """Cut the text of one row. Raises NotARow."""
        try:
            return cls._parse(text)
        except (ValueError, IndexError, RecursionError) as error:
            raise NotARow(str(error)) from error

    @classmethod
    def _parse(cls, text: str) -> RowText:
        at = _skip(text, 1 if text.startswith("\ufeff") else 0)
        if text[at] != "{":
            raise ValueError("no object")
        before, at = text[: at + 1], at + 1
        members: list[_Member] = []
        if text[_skip(text, at)] != "}":
            while True:
                member, at = _member(text, at)
                members.append(member)
                at += 1
                if text[at - 1] == "}":
                    break
                if text[at - 1] != ",":
                    raise ValueError("no comma between two keys")
            at -= 1
        if text[_skip(text, _skip(text, at) + 1) :]:
            raise ValueError("more than one value on the line")
        return cls(before, tuple(members), text[at:])

    def with_row(self, new: Mapping[str, Any], style: Style) -> str:
        """The text with the values of `new`: keys missing there go, new keys come in at their place in KEY_ORDER."""
        old = self.row
        style = self._own_style(style)
        closing = self.members[-1].trail if self.members else ""
        members = [_Member(m.key, m.lead, m.head, m.raw, m.trail, m.value) for m in self.members if m.key in new]
        if members and members[-1].key == self.members[-1].key:
            members[-1].trail = ""
        last = {member.key: member for member in members}
        for key, value in new.items():
            if key not in old:
                self._insert(members, key, value, style)
            elif not _same(old[key], value):
                last[key].raw = _render_over(last[key].raw, old[key], value, style)
        if members and self.members and members[0].key != self.members[0].key:
            members[0].lead = self.members[0].lead
        return self.before + ",".join(m.lead + m.head + m.raw + m.trail for m in members) + closing + self.after

    def _own_style(self, style: Style) -> Style:
        """The blanks that this row puts after commas and colons."""
        if not self.members:
            return style
        first, lead = self.members[0], (self.members[1].lead if len(self.members) > 1 else "")
        key_end = _DECODER.raw_decode(first.head)[1]
        return Style(style.html, style.ascii, "," + lead, first.head[key_end:])

    def _insert(self, members: list[_Member], key: str, value: Any, style: Style) -> None:
        head = render(key, style) + style.colon
        member = _Member(key, style.comma[1:], head, render(value, style), "", value)
        place = _place(members, key)
        if place == 0:
            member.lead = members[0].lead if members else ""
            if members:
                members[0].lead = style.comma[1:]
        members.insert(place, member)


def render(value: Any, style: Style) -> str:
    """The value as JSON text in this style. Lone surrogates come out as escapes, so that the text can be encoded."""
    text = json.dumps(value, ensure_ascii=style.ascii, separators=(style.comma, style.colon))
    if style.html:
        text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    return _LONE_SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def new_row_text(row: Mapping[str, Any], style: Style) -> str:
    """A row that is not on the board yet, its keys in KEY_ORDER."""
    ordered = sorted(row, key=lambda key: KEY_ORDER.get(key, len(KEY_ORDER)))
    return render({key: row[key] for key in ordered}, style)


def _skip(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    return match.end() if match else at


def _member(text: str, at: int) -> tuple[_Member, int]:
    """The member that begins at `at` (its blanks included) and the index of the comma or brace after it."""
    start = _skip(text, at)
    if text[start] != '"':
        raise ValueError("a key is no string")
    key, end = _DECODER.raw_decode(text, start)
    colon = _skip(text, end)
    if text[colon] != ":":
        raise ValueError("no colon after a key")
    begin = _skip(text, colon + 1)
    value, stop = _DECODER.raw_decode(text, begin)
    after = _skip(text, stop)
    return _Member(key, text[at:start], text[start:begin], text[begin:stop], text[stop:after], value), after


def _place(members: Sequence[_Member], key: str) -> int:
    """After the key that comes closest before it in KEY_ORDER; a key unknown there goes last."""
    rank = KEY_ORDER.get(key)
    if rank is None:
        return len(members)
    lower = [(KEY_ORDER[m.key], at) for at, m in enumerate(members) if KEY_ORDER.get(m.key, rank) < rank]
    if lower:
        return max(lower)[1] + 1
    return next((at for at, m in enumerate(members) if m.key in KEY_ORDER), len(members))


def _same(old: Any, new: Any) -> bool:
    """Equal as JSON: 1, 1.0 and true differ."""
    return old is new or (type(old) is type(new) and json.dumps(old) == json.dumps(new))


def _render_over(raw: str, old: Any, new: Any, style: Style) -> str:
    """The new value; elements of a list that were there before keep their text."""
    if not (isinstance(old, list) and isinstance(new, list)):
        return render(new, style)
    kept = list(zip(old, _elements(raw), strict=True))
    pieces = []
    for element in new:
        match = next((pair for pair in kept if _same(pair[0], element)), None)
        if match is not None:
            kept.remove(match)
        pieces.append(match[1] if match else render(element, style))
    return "[" + style.comma.join(pieces) + "]"


def _elements(raw: str) -> list[str]:
    """The text of each element of a list that is known to be JSON."""
    pieces: list[str] = []
    at = _skip(raw, 1)
    while raw[at] != "]":
        _, stop = _DECODER.raw_decode(raw, at)
        pieces.append(raw[at:stop])
        at = _skip(raw, stop)
        at = _skip(raw, at + 1) if raw[at] == "," else at
    return pieces
