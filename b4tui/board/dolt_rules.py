"""What must hold before and after a change of a Dolt hub: pure, over the state that one list gave.

Rules named by number are those of research/beads-dolt.md section 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from b4tui.board.bd_answers import Unanswered
from b4tui.board.model import Bead, BoardState, Hub, NewBead, Problem, Severity
from b4tui.board.rules import judge
from b4tui.board.store import BoardError, ClaimLost, Refused


def state_of_rows(hub: Hub, rows: Sequence[Mapping[str, Any]], version: str) -> BoardState:
    """The board that one `list` described, in its order; rows without an id are reported, not dropped silently."""
    beads: dict[str, Bead] = {}
    problems: list[Problem] = []
    for number, row in enumerate(rows, 1):
        bead = Bead(row, number)
        if not bead.id:
            message = f"row {number} of bd's list has no id and is not shown; run `bd list --all -n 0` to look at it"
            problems.append(Problem("no-id", Severity.ERROR, message, line=number))
            continue
        beads[bead.id] = bead
    return BoardState(hub, beads, tuple(problems), version)


def not_written(unknown: Unanswered, finding: str) -> BoardError:
    """What to tell when bd gave no answer and the board, read again, shows that nothing was done (section 9)."""
    return BoardError(f"{unknown}. The board was read again: {finding}; try again")


def holds(bead: Bead, actor: str) -> bool:
    """Rule 10: what the row of a won claim says."""
    return bead.assignee == actor and bead.status == "in_progress"


def check_claim(state: BoardState, bead: Bead, actor: str, now: float) -> None:
    """Raise ClaimLost where the bead is not free for `actor`; one in progress never is, not even for its holder.

    `now` is in seconds since the epoch. bd claims blocked beads without a word (rule 14), so that is judged here.
    """
    if bead.status != "open":
        holder = f", held by {bead.assignee}" if bead.assignee else ""
        raise ClaimLost(f"{bead.id} is {bead.status}{holder}; take another bead")
    if bead.assignee not in ("", actor):
        raise ClaimLost(f"{bead.id} is meant for {bead.assignee}; take another bead")
    blockers = judge(state, now).blocked.get(bead.id)
    if blockers is not None:
        raise ClaimLost(f"{bead.id} is blocked by {', '.join(blockers) or 'another bead'}; close that first")


def check_new_bead(state: BoardState, new: NewBead) -> None:
    """Raise Refused for what bd would take with a mere warning: unknown targets, two edges to one bead (section 3)."""
    if new.parent and new.parent not in state.beads:
        raise Refused(f"there is no bead {new.parent!r} to be the parent; ids are written in full")
    targets = [target for _, target in new.dependencies]
    for kind, target in new.dependencies:
        if target.startswith("external:"):
            raise Refused(f"bd takes an external edge only afterwards: make the bead, then add its edge to {target}")
        if target not in state.beads:
            raise Refused(f"there is no bead {target!r} to depend on; ids are written in full")
        if not kind or ":" in kind:
            raise Refused(f"{kind!r} is no type of an edge")
        if targets.count(target) > 1 or target == new.parent:
            raise Refused(f"bd keeps one edge between two beads, and there would be two to {target}")


def edges_missing(made: Bead, new: NewBead) -> tuple[str, ...]:
    """The targets that were asked for and are not on the bead that was made."""
    have = {edge.depends_on_id for edge in made.dependencies}
    return tuple(target for _, target in new.dependencies if target not in have)


def landed_bead(before: BoardState, after: BoardState, title: str, actor: str) -> Bead | None:
    """The bead that a `create` without an answer made all the same, if it did."""
    for bead in after.beads.values():
        if bead.id not in before.beads and bead.title == title.strip() and bead.created_by == actor:
            return bead
    return None


def has_edge(bead: Bead, on: str) -> bool:
    """True where the bead depends on `on`, whatever the type of the edge: bd keeps one a pair."""
    return any(edge.depends_on_id == on for edge in bead.dependencies)


def with_edge(bead: Bead, on: str, kind: str) -> Bead:
    """The bead with one edge more."""
    edges = [*(bead.row.get("dependencies") or ()), {"issue_id": bead.id, "depends_on_id": on, "type": kind}]
    return Bead({**bead.row, "dependencies": edges})


def without_edge(bead: Bead, on: str) -> Bead:
    """The bead without its edge to `on`."""
    edges = [edge for edge in bead.row.get("dependencies") or () if edge.get("depends_on_id") != on]
    return Bead({**bead.row, "dependencies": edges})
