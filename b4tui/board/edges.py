"""What is wrong with the edges of a board: targets, circles, types, gates (research/beads.md 2.4 and section 3)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from b4tui.board.circles import components
from b4tui.board.lookalikes import KNOWN, meant_edge
from b4tui.board.model import Bead, BoardState, Dependency, Problem, Severity

_CIRCLE_TYPES = frozenset({"blocks", "conditional-blocks", "parent-child"})
_LONGEST_TYPE = 50  # characters; bd refuses more


def edge_problems(state: BoardState) -> Iterator[Problem]:
    """The problems of all edges: bead by bead, then the circles."""
    for bead in state.beads.values():
        if bead.row.get("dependencies"):
            yield from _of_bead(state, bead)
        yield from _parent(state, bead)
    yield from _circles(state)


def _of_bead(state: BoardState, bead: Bead) -> Iterator[Problem]:
    seen: set[str] = set()
    listed = bead.row.get("dependencies")
    lost = sum(isinstance(item, dict) for item in (listed if isinstance(listed, list) else ())) - len(bead.dependencies)
    if lost:
        text = f"has {lost} edges without depends_on_id, which lead nowhere: remove them"
        yield Problem("edge", Severity.ERROR, f"{bead.id} {text}", bead.id, bead.line)
    for edge in bead.dependencies:
        for rule, severity, text in _of_edge(state, bead, edge):
            yield Problem(rule, severity, f"{bead.id} {text}", bead.id, bead.line)
        if edge.depends_on_id in seen:
            text = f"has two edges to {edge.depends_on_id}, and bd 1.x keeps one a pair: remove one"
            yield Problem("double-edge", Severity.INFO, f"{bead.id} {text}", bead.id, bead.line)
        seen.add(edge.depends_on_id)


def _of_edge(state: BoardState, bead: Bead, edge: Dependency) -> Iterator[tuple[str, Severity, str]]:
    kind, target = edge.type, edge.depends_on_id
    if not kind:
        yield "edge-type", Severity.ERROR, f"has an edge to {target} without a type, which blocks nothing: add one"
    elif len(kind) > _LONGEST_TYPE:
        yield "edge-type", Severity.ERROR, f"has an edge type of {len(kind)} characters, and bd takes {_LONGEST_TYPE}"
    elif meant_edge(kind):
        text = f"has an edge of type {kind} to {target}, which bd ignores: write {meant_edge(kind)} if that is meant"
        yield "look-alike-edge", Severity.WARNING, text
    elif kind not in KNOWN:
        yield "edge-type", Severity.INFO, f"has an edge of type {kind} to {target}, which no rule looks at"
    if edge.issue_id != bead.id:
        yield "edge-owner", Severity.WARNING, f"holds an edge that names {edge.issue_id} as its bead: put it there"
    if target == bead.id:
        yield "self-edge", Severity.ERROR, f"has an edge of type {kind} to itself: remove it"
    elif target not in state.beads and not target.startswith("external:"):
        text = f"has an edge of type {kind} to {target}, which is not on this board and so blocks nothing: remove it"
        yield "dangling-edge", Severity.WARNING, text
    elif kind == "blocks" and target in state.beads and state.beads[target].status == "tombstone":
        yield "dangling-edge", Severity.INFO, f"depends on {target}, which was deleted and so blocks nothing: remove it"
    if kind == "parent-child" and bead.issue_type == "epic" and state.beads.get(target, bead).issue_type != "epic":
        text = f"is an epic and a child of {target}, which is none; bd 0.49 leaves that edge out: turn the edge round"
        yield "epic-below", Severity.WARNING, text
    if kind == "waits-for":
        yield from _gate(edge)


def _gate(edge: Dependency) -> Iterator[tuple[str, Severity, str]]:
    if not edge.metadata.strip():
        text = (
            f"waits for {edge.depends_on_id} with empty metadata, on which bd 0.49 fails and calls everything ready: "
            'set it to {"gate":"all-children"}'
        )
        yield "waits-for", Severity.ERROR, text
        return
    try:
        fields = json.loads(edge.metadata)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        yield (
            "waits-for",
            Severity.ERROR,
            f"waits for {edge.depends_on_id} with metadata that is no object: mend it",
        )
    elif fields.get("gate") not in ("all-children", "any-children"):
        text = (
            f"waits for {edge.depends_on_id} without a gate, which 0.49 reads as all-children and 1.x as any-children"
        )
        yield "waits-for", Severity.WARNING, f"{text}: name one"


def _parent(state: BoardState, bead: Bead) -> Iterator[Problem]:
    """A child id (`x-a1.2`) says who the parent is, but only the edge counts."""
    parent, dot, number = bead.id.rpartition(".")
    if not (dot and parent and number.isdecimal()) or bead.status == "tombstone":
        return
    if parent not in state.beads:
        text = f"{bead.id} has the id of a child of {parent}, which is not on this board, and bd refuses that: add it"
        yield Problem("child-id", Severity.WARNING, text, bead.id, bead.line)
    elif not any(edge.type == "parent-child" and edge.depends_on_id == parent for edge in bead.dependencies):
        text = f"{bead.id} has the id of a child of {parent}, but no parent-child edge to it: add one"
        yield Problem("child-id", Severity.INFO, text, bead.id, bead.line)


def _circles(state: BoardState) -> Iterator[Problem]:
    """Beads that wait for each other: over blocks edges, or because a parent waits for what is below it."""
    ahead: dict[str, list[str]] = {}
    blocking: set[tuple[str, str]] = set()
    for key, bead in state.beads.items():
        for edge in bead.dependencies if bead.row.get("dependencies") else ():
            if edge.type in _CIRCLE_TYPES and edge.depends_on_id != key:
                ahead.setdefault(key, []).append(edge.depends_on_id)
                if edge.type != "parent-child":
                    blocking.add((key, edge.depends_on_id))
    for circle in components(ahead):
        members = sorted(circle)
        inside = any((source, target) in blocking for source in members for target in ahead[source])
        done = all(state.beads[member].status in ("closed", "tombstone") for member in members)
        named = ", ".join(members[:6]) + (" ..." if len(members) > 6 else "")
        what = "wait for each other, so none of them is ever ready" if inside else "are each other's parents"
        text = f"{named} {what}: remove one edge of the circle"
        severity = Severity.INFO if done else Severity.ERROR
        yield Problem("circle", severity, text, members[0], state.beads[members[0]].line)
