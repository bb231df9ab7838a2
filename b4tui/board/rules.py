"""What is ready, and what is blocked by what: bd's rules of both eras (research/beads.md section 3).

`judge` gives the same set in the same order as `bd ready` of the hub's era. Time comes in as an argument.
"""

from __future__ import annotations

from enum import StrEnum
from math import floor

from b4tui.board import graph
from b4tui.board.collector import collector_off
from b4tui.board.model import Bead, BoardState, Era, Readiness
from b4tui.board.times import instant, written

NOT_WORK_TYPES = frozenset({"merge-request", "gate", "molecule", "message", "agent", "role", "rig"})
DONE_STATUSES = frozenset({"closed", "tombstone"})
RECENT_SECONDS = 48 * 3600  # the hybrid sort puts younger beads first


class Sort(StrEnum):
    """The orders that `bd ready --sort` offers. bd 0.49 uses HYBRID where none is named, bd 1.x PRIORITY."""

    PRIORITY = "priority"
    HYBRID = "hybrid"
    OLDEST = "oldest"


class Rule(StrEnum):
    """What decides about a bead; the numbers are those of research/beads.md section 3."""

    READY = "ready"
    STATUS = "status"  # 1
    SWITCH = "pinned or ephemeral"  # 2
    INTERNAL_ID = "internal id"  # 2, bd 0.49 only
    TYPE = "type"  # 3
    DEFERRED = "deferred"  # 4
    PARENT_DEFERRED = "parent deferred"  # 4, bd 1.x only
    BLOCKED = "blocked"  # 5
    PARENT_BLOCKED = "parent blocked"  # 5


def judge(state: BoardState, now: float, sort: Sort | None = None) -> Readiness:
    """What is ready at `now` (seconds since the epoch), and which beads that are not done wait for which others."""
    with collector_off():
        edges = graph.of(state)
        waiting = edges.waiting
        ready = []
        blocked = {}
        for key, bead in state.beads.items():
            status = graph.status_of(bead)
            if key in waiting:
                if status not in DONE_STATUSES:
                    blocked[key] = edges.holders(key)
            elif status == "open" and obstacle(state, edges, key, now) is Rule.READY:
                ready.append(key)
        return Readiness(_ordered(state, ready, now, sort or default_sort(state.era)), blocked)


def default_sort(era: Era) -> Sort:
    """The sort that `bd ready` of the era uses when none is named."""
    return Sort.HYBRID if era is Era.CLASSIC else Sort.PRIORITY


def obstacle(state: BoardState, edges: graph.Graph, bead_id: str, now: float) -> Rule:
    """The first rule that keeps the bead from being ready, in the order of research section 3; READY if none does."""
    bead = state.beads[bead_id]
    row, modern = bead.row, state.era is Era.MODERN
    if graph.status_of(bead) != "open":
        return Rule.STATUS
    if is_on(row.get("pinned")) or is_on(row.get("ephemeral")):
        return Rule.SWITCH
    if not modern and ("-mol-" in bead_id or "-wisp-" in bead_id):
        return Rule.INTERNAL_ID
    if bead.issue_type in NOT_WORK_TYPES:
        return Rule.TYPE
    if is_later(row.get("defer_until"), now):
        return Rule.DEFERRED
    if modern and deferred_parent(state, edges, bead_id, now):
        return Rule.PARENT_DEFERRED
    if bead_id in edges.direct:
        return Rule.BLOCKED
    return Rule.PARENT_BLOCKED if bead_id in edges.waiting else Rule.READY


def deferred_parent(state: BoardState, edges: graph.Graph, bead_id: str, now: float) -> str:
    """The direct parent that is deferred to a later time, which hides the bead in bd 1.x; "" where none is."""
    for parent in edges.parents.get(bead_id, ()):
        if parent in state.beads and is_later(state.beads[parent].row.get("defer_until"), now):
            return parent
    return ""


def is_on(value: object) -> bool:
    """A switch of a row: true, or 1 as the backup tables write it."""
    return value is True or (value == 1 and type(value) is int)


def is_later(value: object, now: float) -> bool:
    """A timestamp that has not come yet; anything that is no timestamp is not later."""
    if not value or not isinstance(value, str):
        return False
    moment = instant(value)
    return moment is not None and moment > now


def _ordered(state: BoardState, ids: list[str], now: float, sort: Sort) -> tuple[str, ...]:
    rank = _modern_rank if state.era is Era.MODERN else _classic_rank
    return tuple(sorted(ids, key=lambda bead_id: rank(state.beads[bead_id], now - RECENT_SECONDS, sort)))


def _modern_rank(bead: Bead, recent: float, sort: Sort) -> tuple[float | str, ...]:
    created = floor((instant(bead.created_at) or 0.0) + 0.5)  # Dolt keeps times rounded to seconds
    if sort is Sort.PRIORITY:
        return (0, bead.priority, -created, bead.id)
    if sort is Sort.HYBRID and created >= recent:
        return (0, bead.priority, created, bead.id)
    return (1, 0, created, bead.id)


def _classic_rank(bead: Bead, recent: float, sort: Sort) -> tuple[float | str, ...]:
    """bd 0.49 sorts times as texts, whatever their offsets; equal ones by priority, then as its import came to them."""
    created, depth = written(bead.created_at), bead.id.count(".")
    if sort is Sort.PRIORITY or (sort is Sort.HYBRID and (instant(bead.created_at) or 0.0) >= recent):
        return (0, bead.priority, created, depth, bead.id)
    return (1, 0, created, bead.priority, depth, bead.id)
