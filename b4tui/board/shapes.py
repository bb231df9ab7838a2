"""Beads as the JSON rows that bd prints (research/beads.md section 6), in the field order of the row on disk.

Keys a newer tracker wrote stay. What bd derives is derived here from the board itself, in every list alike: bd 0.49
counts all edges (though it prints 0 in `ready`), bd 1.x counts `blocks` edges alone and names the parent.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from b4tui.board import graph
from b4tui.board.graph import BLOCKING_STATUSES, EdgeType
from b4tui.board.model import Bead, BoardState, Dependency, Era, Readiness
from b4tui.board.rules import is_on
from b4tui.board.stats import count
from b4tui.board.times import instant
from b4tui.board.why import Explanation

Row = dict[str, Any]

_DERIVED = frozenset({"_type", "dependency_count", "dependent_count", "comment_count", "parent"})
_NEVER_IN_LISTS = _DERIVED | {"comments"}
_NEVER_IN_BLOCKED = _NEVER_IN_LISTS | {"dependencies"}
_NEVER_IN_EDGES = _NEVER_IN_BLOCKED | {"close_reason"}


def list_row(bead: Bead, state: BoardState) -> Row:
    """A row of `list` and `ready`, and of the answer to every write: all but comments, and three counts."""
    modern = state.era is Era.MODERN
    edges, dependents = bead.dependencies, _dependents(state).get(bead.id, ())
    row = _row(bead, _NEVER_IN_LISTS)
    row["dependency_count"] = sum(not modern or edge.type == EdgeType.BLOCKS for edge in edges)
    row["dependent_count"] = sum(not modern or edge.type == EdgeType.BLOCKS for edge in dependents)
    row["comment_count"] = _comment_count(bead)
    parent = next((edge.depends_on_id for edge in edges if edge.type == EdgeType.PARENT), "")
    if modern and parent:
        row["parent"] = parent
    return row


def show_row(bead: Bead, state: BoardState) -> Row:
    """The row of `show`: edges both ways as beads with `dependency_type`, and the comments in full.

    An edge to a bead that is not on the board shows as its id and type alone.
    """
    row = _row(bead, _DERIVED | {"dependencies"})
    comments = row.pop("comments", None)
    if bead.dependencies:
        row["dependencies"] = [_edge_row(state, edge.depends_on_id, edge.type) for edge in bead.dependencies]
    dependents = sorted(_dependents(state).get(bead.id, ()), key=lambda edge: _list_key(state, edge.issue_id))
    if dependents:
        row["dependents"] = [_edge_row(state, edge.issue_id, edge.type) for edge in dependents]
    if comments:
        row["comments"] = comments
    return row


def blocked_rows(state: BoardState, readiness: Readiness) -> list[Row]:
    """The rows of `blocked`, each with `blocked_by` and `blocked_by_count`, in the era's order.

    bd 0.49 lists what a `blocks` edge holds up and what was set to blocked or deferred by hand, but no children of
    blocked parents; bd 1.x lists everything that waits.
    """
    if state.era is Era.MODERN:
        blocked = {key: list(holders) for key, holders in readiness.blocked.items()}
        order = sorted(blocked, key=lambda key: _list_key(state, key))
    else:
        blocked = _blocked_by_classic(state)
        order = sorted(blocked, key=lambda key: (state.beads[key].priority, key))
    return [
        {
            **_row(state.beads[key], _NEVER_IN_BLOCKED),
            "blocked_by_count": len(blocked[key]),
            "blocked_by": blocked[key],
        }
        for key in order
    ]


def why_row(explanation: Explanation) -> Row:
    """The document of `why`: the bead, whether it is ready, the rule, and the words."""
    row = asdict(explanation)
    row["rule"] = str(explanation.rule)
    return {key: list(value) if isinstance(value, tuple) else value for key, value in row.items()}


def stats_document(state: BoardState) -> Row:
    """The document of `stats`: under `summary` what bd of the hub's era counts, under `file` every bead there is.

    They differ where a classic file has rows of equal content: bd 0.49 counts those once (research/beads.md 0.8).
    """
    everything = asdict(count(state))
    bds = asdict(count(state, drop_equal=True)) if state.era is Era.CLASSIC else dict(everything)
    del bds["equal_content_issues"]
    return {"summary": bds, "file": everything}


def list_order(state: BoardState) -> tuple[Bead, ...]:
    """All beads in the order of `bd list`: priority, the newest first, then id."""
    return tuple(state.beads[key] for key in sorted(state.beads, key=lambda key: _list_key(state, key)))


def _row(bead: Bead, without: frozenset[str]) -> Row:
    """The bead's keys in their order; the few that every reader relies on are there and have the right type."""
    sure = {
        "id": bead.id,
        "title": bead.title,
        "status": graph.status_of(bead),
        "priority": bead.priority,
        "issue_type": bead.issue_type,
    }
    row = {key: sure.pop(key, value) for key, value in bead.row.items() if key not in without}
    return {**row, **sure}


def _comment_count(bead: Bead) -> int:
    """How many comments the row holds; the tracker's own count where it was read without them (a Dolt board)."""
    told = bead.row.get("comment_count")
    return told if "comments" not in bead.row and type(told) is int else len(bead.comments)


def _edge_row(state: BoardState, bead_id: str, kind: str) -> Row:
    bead = state.beads.get(bead_id)
    row = _row(bead, _NEVER_IN_EDGES) if bead is not None else {"id": bead_id}
    row["dependency_type"] = kind
    return row


def _dependents(state: BoardState) -> dict[str, list[Dependency]]:
    """Edges by the bead they lead to, gathered once a board."""
    known: dict[str, list[Dependency]] | None = state.derived.get("dependents")
    if known is None:
        known = {}
        for bead in state.beads.values():
            for edge in bead.dependencies if bead.row.get("dependencies") else ():
                kept = edge if edge.issue_id == bead.id else Dependency(bead.id, edge.depends_on_id, edge.type)
                known.setdefault(edge.depends_on_id, []).append(kept)
        state.derived["dependents"] = known
    return known


def _blocked_by_classic(state: BoardState) -> dict[str, list[str]]:
    blocked: dict[str, list[str]] = {}
    for key, bead in state.beads.items():
        status = graph.status_of(bead)
        if status not in BLOCKING_STATUSES or is_on(bead.row.get("pinned")):
            continue
        holders = {edge.depends_on_id for edge in bead.dependencies if edge.type == "blocks" and _blocks(state, edge)}
        if holders or status in ("blocked", "deferred"):
            blocked[key] = sorted(holders)
    return blocked


def _blocks(state: BoardState, edge: Dependency) -> bool:
    target = state.beads.get(edge.depends_on_id)
    if target is None:
        return edge.depends_on_id.startswith("external:")
    return graph.status_of(target) in BLOCKING_STATUSES


def _list_key(state: BoardState, key: str) -> tuple[int, float, str]:
    bead = state.beads[key]
    return bead.priority, -(instant(bead.created_at) or 0.0), key
