"""The part of a board that decides whether one bead is blocked, found without parsing the rest.

A bead is blocked by what it depends on itself and by what its parents, at any depth, depend on (research/beads.md 3).
So the rows that matter are the bead, its parents, the targets of all their edges, and the children of those targets.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from b4tui.board.document import Document
from b4tui.board.model import Bead, BoardState, Dependency, Hub
from b4tui.board.reader import state_of
from b4tui.board.rules import judge

_MOST_SEARCHES = 100  # more would cost as much as parsing the board


def blockers(document: Document, hub: Hub, bead_id: str, now: float) -> tuple[Bead, ...]:
    """The open beads that hold this one up, by the rules of the hub's era; empty where it is free."""
    state = _vicinity(document, hub, bead_id) or state_of(hub, document.data)
    return tuple(state.beads[key] for key in judge(state, now).blocked.get(bead_id, ()) if key in state.beads)


def _vicinity(document: Document, hub: Hub, bead_id: str) -> BoardState | None:
    """The board reduced to what matters for this bead; None where only the whole board can tell."""
    rows: list[bytes] = []
    searched: set[str] = set()
    line = [bead_id]
    while line:
        key = line.pop()
        if key in searched:
            continue
        searched.add(key)
        if len(searched) > _MOST_SEARCHES:
            return None
        found = list(document.lines_with(key))
        rows.extend(found)
        beads = state_of(hub, b"\n".join(found)).beads
        if key not in beads:
            return None  # dangling, or its id is written with escapes: the whole board decides
        for edge in beads[key].dependencies:
            if edge.type == "parent-child":
                line.append(edge.depends_on_id)
                continue
            for target in _named_by(edge):
                if target in searched or target.startswith("external:"):
                    continue
                near = list(document.lines_with(target))
                if not near:
                    return None
                rows.extend(near)
    return state_of(hub, b"\n".join(dict.fromkeys(rows)))


def _named_by(edge: Dependency) -> Iterator[str]:
    """The target, and the bead that a waits-for edge names as its spawner."""
    yield edge.depends_on_id
    if edge.metadata:
        try:
            spawner = json.loads(edge.metadata).get("spawner_id")
        except (ValueError, AttributeError, RecursionError):
            return
        if isinstance(spawner, str) and spawner:
            yield spawner
