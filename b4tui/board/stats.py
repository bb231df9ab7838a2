"""The counts that `bd stats` gives, by the formulas of the hub's era, and the rows that bd 0.49 would not have counted.

bd counts `ready_issues` and `blocked_issues` otherwise than it lists them; measured against the real programs:
0.49 looks at `blocks` edges alone, 1.x takes the blocked off the open. `rules.judge` gives what is really ready.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from b4tui.board import graph
from b4tui.board.content import equal_beads
from b4tui.board.graph import BLOCKING_STATUSES, FREEING_STATUSES, EdgeType, Graph
from b4tui.board.model import Bead, BoardState, Era
from b4tui.board.rules import DONE_STATUSES, is_on
from b4tui.board.times import instant


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts of a board by bd's names and formulas, of every bead the file holds; tombstones are no issues.

    `equal_content_issues` is how many rows bd 0.49 drops at import because an earlier row has the same content: its
    own counts are smaller by that many (research/beads.md 0.8). Lead time is from creation to close, in hours.
    """

    total_issues: int
    open_issues: int
    in_progress_issues: int
    closed_issues: int
    blocked_issues: int
    deferred_issues: int
    ready_issues: int
    tombstone_issues: int
    pinned_issues: int
    epics_eligible_for_closure: int
    average_lead_time_hours: float
    equal_content_issues: int


def count(state: BoardState, *, drop_equal: bool = False) -> Summary:
    """The summary of a board.

    With `drop_equal` the later ones of equal beads are left out, as bd 0.49 does: its own figures, to compare with.
    """
    later = {bead.id for group in equal_beads(state.beads.values()) for bead in group[1:]}
    if drop_equal:
        state = _only(state, lambda bead: bead.id not in later)
    if state.era is Era.MODERN:  # bd 1.x keeps ephemeral beads in a table of their own, which it does not count
        state = _only(state, lambda bead: not is_on(bead.row.get("ephemeral")))
    counts = Counter(graph.status_of(bead) for bead in state.beads.values())
    edges = graph.of(state)
    blocked, ready = _modern_counts(state, edges) if state.era is Era.MODERN else _classic_counts(state, edges)
    return Summary(
        total_issues=len(state.beads) - counts["tombstone"],
        open_issues=counts["open"],
        in_progress_issues=counts["in_progress"],
        closed_issues=counts["closed"],
        blocked_issues=blocked,
        deferred_issues=counts["deferred"],
        ready_issues=ready,
        tombstone_issues=counts["tombstone"],
        pinned_issues=sum(is_on(bead.row.get("pinned")) for bead in state.beads.values()),
        epics_eligible_for_closure=_finished_epics(state, edges),
        average_lead_time_hours=_lead_time(state.beads.values()),
        equal_content_issues=len(later),
    )


def _only(state: BoardState, keep: Callable[[Bead], bool]) -> BoardState:
    return replace(state, beads={key: bead for key, bead in state.beads.items() if keep(bead)})


def _classic_counts(state: BoardState, edges: Graph) -> tuple[int, int]:
    held = {key for key, holds in edges.direct.items() if any(hold.type is EdgeType.BLOCKS for hold in holds)}
    blocked = sum(graph.status_of(state.beads[key]) in BLOCKING_STATUSES for key in held)
    ready = sum(key not in held and graph.status_of(bead) == "open" for key, bead in state.beads.items())
    return blocked, ready


def _modern_counts(state: BoardState, edges: Graph) -> tuple[int, int]:
    blocked = sum(graph.status_of(state.beads[key]) not in FREEING_STATUSES for key in edges.waiting)
    opened = sum(graph.status_of(bead) == "open" for bead in state.beads.values())
    return blocked, max(0, opened - blocked)


def _finished_epics(state: BoardState, edges: Graph) -> int:
    """Epics that are not closed while all their children, one at least, are; bd 0.49 counts deleted epics too."""
    return sum(
        bead.issue_type == "epic"
        and graph.status_of(bead) not in (DONE_STATUSES if state.era is Era.MODERN else ("closed",))
        and all(graph.status_of(state.beads[child]) == "closed" for child in edges.children[key])
        for key, bead in state.beads.items()
        if key in edges.children
    )


def _lead_time(beads: Iterable[Bead]) -> float:
    hours = []
    for bead in beads:
        created, closed = instant(bead.created_at), instant(bead.closed_at)
        if created is not None and closed is not None:
            hours.append((closed - created) / 3600)
    return sum(hours) / len(hours) if hours else 0.0
