"""What a board is made of: beads, the edges between them, and the state of a whole hub at one instant.

A `Bead` is a read-only view of one row as it stands on disk: unknown keys, statuses and types stay in `row`, so that
nothing a newer tracker wrote is lost. Field names and meanings: research/beads.md section 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any


class HubKind(StrEnum):
    """Where the truth of a hub is kept (research/beads.md section 1)."""

    CLASSIC = "classic"  # .beads/issues.jsonl or beads.jsonl, in git
    EXPORT = "export"  # a modern export (`_type` rows): readable, its truth is elsewhere
    BACKUP = "backup"  # the backup tables of a Dolt hub, .beads/backup/*.jsonl: readable only
    DOLT = "dolt"  # a Dolt database, reached through the bd program


class Era(StrEnum):
    """Whose rules of readiness hold: bd up to 0.49.6, or bd 1.x."""

    CLASSIC = "0.49"
    MODERN = "1.x"


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub on disk. `root` is the folder that holds `.beads/`; `data_file` is None where only bd can read."""

    root: Path
    beads_dir: Path
    kind: HubKind
    data_file: Path | None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""  # what a person should know about how the hub was found; one sentence

    @property
    def era(self) -> Era:
        """Whose rules of readiness hold here."""
        return Era.CLASSIC if self.kind is HubKind.CLASSIC else Era.MODERN


DISCOVERED_FROM = "discovered-from"
"""The type of the edge from a bead to the one whose run made it."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """An edge as it is stored on the dependent bead; `metadata` is the raw JSON string."""

    issue_id: str
    depends_on_id: str
    type: str
    created_at: str = ""
    created_by: str = ""
    metadata: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment; `id` is a number up to bd 0.6x and a UUID after."""

    id: str
    author: str
    text: str
    created_at: str


class Bead:
    """One row of the board. Empty strings and empty tuples stand for absent keys; never change `row`."""

    __slots__ = ("line", "row")

    def __init__(self, row: Mapping[str, Any], line: int = 0) -> None:
        self.row = row
        self.line = line

    def __repr__(self) -> str:
        return f"Bead({self.id!r}, {self.title!r}, {self.status!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bead) and self.row == other.row

    def __hash__(self) -> int:
        return hash(self.id)

    def _text(self, key: str) -> str:
        value = self.row.get(key)
        return value if isinstance(value, str) else "" if value is None else str(value)

    @property
    def id(self) -> str:
        """The full id, prefix included."""
        return self._text("id")

    @property
    def title(self) -> str:
        """One line of plain text; foreign, so sanitise it before a terminal sees it."""
        return self._text("title")

    @property
    def description(self) -> str:
        """Markdown."""
        return self._text("description")

    @property
    def design(self) -> str:
        """Markdown."""
        return self._text("design")

    @property
    def acceptance(self) -> str:
        """Markdown; the key on disk is `acceptance_criteria`."""
        return self._text("acceptance_criteria")

    @property
    def notes(self) -> str:
        """Markdown."""
        return self._text("notes")

    @property
    def status(self) -> str:
        """As written; `open` where absent. May be a word no tracker knows."""
        return self._text("status") or "open"

    @property
    def priority(self) -> int:
        """0 critical to 4 backlog; 2 where absent or no whole number."""
        value = self.row.get("priority")
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else 2

    @property
    def issue_type(self) -> str:
        """As written; `task` where absent."""
        return self._text("issue_type") or "task"

    @property
    def assignee(self) -> str:
        """Who holds the claim."""
        return self._text("assignee")

    @property
    def created_at(self) -> str:
        """As written; parse it with `board.times.instant`."""
        return self._text("created_at")

    @property
    def updated_at(self) -> str:
        """As written."""
        return self._text("updated_at")

    @property
    def closed_at(self) -> str:
        """As written."""
        return self._text("closed_at")

    @property
    def close_reason(self) -> str:
        """Why it was closed, in the closer's words."""
        return self._text("close_reason")

    @property
    def created_by(self) -> str:
        """Who made it."""
        return self._text("created_by")

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels as written."""
        value = self.row.get("labels")
        return tuple(str(item) for item in value) if isinstance(value, list) else ()

    @property
    def dependencies(self) -> tuple[Dependency, ...]:
        """The edges stored on this bead: what it depends on."""
        return tuple(self._edges())

    def _edges(self) -> Iterator[Dependency]:
        value = self.row.get("dependencies")
        for edge in value if isinstance(value, list) else ():
            if isinstance(edge, dict) and edge.get("depends_on_id"):
                yield Dependency(
                    issue_id=str(edge.get("issue_id") or self.id),
                    depends_on_id=str(edge["depends_on_id"]),
                    type=str(edge.get("type") or ""),
                    created_at=str(edge.get("created_at") or ""),
                    created_by=str(edge.get("created_by") or ""),
                    metadata=str(edge.get("metadata") or ""),
                )

    @property
    def comments(self) -> tuple[Comment, ...]:
        """Comments in the order written."""
        value = self.row.get("comments")
        return tuple(
            Comment(
                id=str(item.get("id", "")),
                author=str(item.get("author") or ""),
                text=str(item.get("text") or ""),
                created_at=str(item.get("created_at") or ""),
            )
            for item in (value if isinstance(value, list) else ())
            if isinstance(item, dict)
        )


class Severity(StrEnum):
    """How bad a problem of a board is."""

    ERROR = "error"  # the row cannot be used as it is
    WARNING = "warning"  # trackers will disagree about it
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a board, for `board lint` and the console. `line` counts from 1; 0 where it has none."""

    rule: str
    severity: Severity
    message: str
    bead: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class BoardState:
    """A whole board at one instant. `beads` is in board order by id; of duplicate ids the one updated last stays.

    `problems` are those found while reading; `version` changes if and only if the content does. `derived` remembers
    what was computed from the beads (see `board.graph.of`); it is no part of the board and never copied along.
    """

    hub: Hub
    beads: Mapping[str, Bead]
    problems: tuple[Problem, ...] = ()
    version: str = ""
    derived: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def era(self) -> Era:
        """Whose rules of readiness hold."""
        return self.hub.era

    @property
    def damage(self) -> str:
        """That there are rows that cannot be used as they are, as a clause; "" where there are none."""
        errors = sum(problem.severity is Severity.ERROR for problem in self.problems)
        found = "1 error was" if errors == 1 else f"{errors} errors were"
        return f"{found} found on the board" if errors else ""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the rules of research/beads.md section 3 say of a board at one instant.

    `ready` is in the tracker's order; `blocked` maps a bead to the ids of the open beads that hold it up.
    """

    ready: tuple[str, ...]
    blocked: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBead:
    """What it takes to make a bead. `dependencies` are (type, target id) pairs; `parent` makes a child id."""

    title: str
    description: str = ""
    issue_type: str = "task"
    priority: int = 2
    labels: tuple[str, ...] = ()
    assignee: str = ""
    acceptance: str = ""
    parent: str = ""
    dependencies: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Fields to change in one write; None leaves a field as it is, "" empties it."""

    title: str | None = None
    description: str | None = None
    design: str | None = None
    acceptance: str | None = None
    notes: str | None = None
    status: str | None = None
    priority: int | None = None
    issue_type: str | None = None
    assignee: str | None = None
    add_labels: tuple[str, ...] = ()
    remove_labels: tuple[str, ...] = ()
