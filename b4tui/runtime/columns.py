"""A board as four columns: ready, working, blocked, closed. Pure, and made for 100,000 beads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from b4tui.board.model import Bead, BoardState, Readiness
from b4tui.board.times import instant
from b4tui.runtime.snapshot import Columns

Column = Literal["working", "blocked", "closed", ""]

# research/beads.md 2.2, with the words found in the wild. A status nobody knows counts as not to be worked on: blocked.
_COLUMN_OF: Mapping[str, Column] = {
    "in_progress": "working",
    "hooked": "working",
    "blocked": "blocked",
    "deferred": "blocked",
    "pinned": "blocked",
    "closed": "closed",
    "done": "closed",
    "tombstone": "",
}


def columns(state: BoardState, readiness: Readiness) -> Columns:
    """Every bead in exactly one column, deleted ones (tombstones) in none.

    Ready keeps the tracker's order; working and blocked go by priority, then id; closed is newest first. An open bead
    that is not ready (blocked, put off, not for agents) stands under blocked; one in progress under working even
    when something blocks it, because somebody has it in hand.
    """
    ready = tuple(bead_id for bead_id in readiness.ready if bead_id in state.beads)
    placed = set(ready)
    groups: dict[Column, list[Bead]] = {"working": [], "blocked": [], "closed": [], "": []}
    for bead_id, bead in state.beads.items():
        if bead_id not in placed:
            groups[_column(bead.status)].append(bead)
    return Columns(
        ready=ready,
        working=_by_priority(groups["working"]),
        blocked=_by_priority(groups["blocked"]),
        closed=_newest_first(groups["closed"]),
    )


def _column(status: str) -> Column:
    known = _COLUMN_OF.get(status)
    if known is not None:
        return known
    if status.startswith(("complete", "cancel")):
        return "closed"
    return "working" if status.endswith("review") else "blocked"


def _by_priority(beads: Iterable[Bead]) -> tuple[str, ...]:
    return tuple(bead_id for _, bead_id in sorted((bead.priority, bead.id) for bead in beads))


def _newest_first(beads: Iterable[Bead]) -> tuple[str, ...]:
    keyed = ((instant(bead.closed_at or bead.updated_at) or 0.0, bead.id) for bead in beads)
    return tuple(bead_id for _, bead_id in sorted(keyed, reverse=True))
