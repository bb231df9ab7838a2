"""Which beads hold up which: the edges of a board, judged by the rules of its era (research/beads.md section 3).

Only edges count here that can make a bead wait: `blocks`, `conditional-blocks`, `waits-for`, and `parent-child`, over
which waiting is handed down. The two eras differ in which target still blocks; each difference is one line below.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from b4tui.board.model import Bead, BoardState, Era


class EdgeType(StrEnum):
    """The edge types that bd looks at when it computes what is ready."""

    BLOCKS = "blocks"
    CONDITIONAL = "conditional-blocks"
    WAITS_FOR = "waits-for"
    PARENT = "parent-child"


BLOCKING_STATUSES = frozenset({"open", "in_progress", "blocked", "deferred", "hooked"})  # bd 0.49
FREEING_STATUSES = frozenset({"closed", "pinned", "tombstone"})  # bd 1.x; every other word blocks, custom ones too
FAILURE_WORDS = (
    "failed",
    "rejected",
    "wontfix",
    "won't fix",
    "cancelled",
    "canceled",
    "abandoned",
    "blocked",
    "error",
    "timeout",
    "aborted",
)

_TYPES = frozenset(EdgeType)
_UNCONDITIONAL = BLOCKING_STATUSES - {"hooked"}  # bd 0.49 forgot `hooked` where it reads conditional-blocks
_DONE = frozenset({"closed", "tombstone"})
_SETTLED = frozenset({"closed", "pinned"})


class Hold(NamedTuple):
    """One reason why a bead waits: an edge of this type to that bead."""

    type: EdgeType
    on: str


@dataclass(frozen=True, slots=True)
class Graph:
    """The waiting edges of a board.

    `direct` maps a bead to what its own edges make it wait for. `children` and `parents` follow `parent-child`.
    `waiting` is every bead that waits, by itself or because a parent does.
    """

    direct: Mapping[str, list[Hold]]
    children: Mapping[str, list[str]]
    parents: Mapping[str, list[str]]
    waiting: frozenset[str]

    def holders(self, bead_id: str) -> tuple[str, ...]:
        """The ids that hold the bead up: the targets of its own edges, or its waiting parents where it has none."""
        holds, parents = self.direct.get(bead_id, ()), self.parents.get(bead_id)
        if parents is None and len(holds) == 1:
            return (holds[0].on,)
        own = [hold.on for hold in holds]
        inherited = [parent for parent in parents or () if parent in self.waiting]
        return tuple(dict.fromkeys(own or inherited))


def status_of(bead: Bead) -> str:
    """The bead's status; as `Bead.status`, but fast for the common row."""
    status = bead.row.get("status")
    return status if type(status) is str and status else bead.status


def of(state: BoardState) -> Graph:
    """The graph of the board by the rules of its era, built once a board. Never raises, whatever the rows hold."""
    known = state.derived.get("graph")
    if not isinstance(known, Graph):
        known = state.derived["graph"] = _build(state)
    return known


def _build(state: BoardState) -> Graph:
    children: dict[str, list[str]] = {}
    parents: dict[str, list[str]] = {}
    edges: list[tuple[str, str, str, Any]] = []
    refused = _no_parent if state.era is Era.CLASSIC else _never
    for key, bead in state.beads.items():
        listed = bead.row.get("dependencies")
        if not listed or type(listed) is not list:
            continue
        for edge in listed:
            if type(edge) is not dict:
                continue
            kind, target = edge.get("type"), edge.get("depends_on_id")
            if type(kind) is not str or kind not in _TYPES or not target:
                continue
            target = target if type(target) is str else str(target)
            if kind == "parent-child":
                if refused(bead, state.beads.get(target)):
                    continue
                children.setdefault(target, []).append(key)
                parents.setdefault(key, []).append(target)
            else:
                edges.append((key, kind, target, edge.get("metadata")))
    direct = _direct(state, edges, children)
    return Graph(direct, children, parents, _handed_down(state, direct, children))


def _no_parent(child: Bead, parent: Bead | None) -> bool:
    """bd 0.49 has no such edge: an epic cannot be the child of a bead that is none; its import leaves the edge out."""
    return child.row.get("issue_type") == "epic" and parent is not None and parent.issue_type != "epic"


def _never(child: Bead, parent: Bead | None) -> bool:
    return False


def _direct(
    state: BoardState, edges: list[tuple[str, str, str, Any]], children: Mapping[str, list[str]]
) -> dict[str, list[Hold]]:
    beads, modern = state.beads, state.era is Era.MODERN
    direct: dict[str, list[Hold]] = {}
    for key, kind, target, metadata in edges:
        if modern and status_of(beads[key]) in FREEING_STATUSES:
            continue  # bd 1.x never marks a finished bead as blocked, and so hands nothing down from it
        if kind == "blocks":
            other = beads.get(target)  # an edge to a bead that does not exist never blocks
            if other is None:
                continue
            status = status_of(other)
            if status not in FREEING_STATUSES if modern else status in BLOCKING_STATUSES:
                direct.setdefault(key, []).append(Hold(EdgeType.BLOCKS, target))
        elif kind == "conditional-blocks":
            other = beads.get(target)
            if other is not None and _condition_holds(other, modern):
                direct.setdefault(key, []).append(Hold(EdgeType.CONDITIONAL, target))
        else:
            gate, spawner = _gate(metadata, target, modern)
            statuses = [status_of(beads[child]) for child in children.get(spawner, ())]
            if _gate_holds(gate, statuses, modern):
                direct.setdefault(key, []).append(Hold(EdgeType.WAITS_FOR, spawner))
    return direct


def _condition_holds(target: Bead, modern: bool) -> bool:
    status = status_of(target)
    if modern:
        return status not in FREEING_STATUSES
    if status == "closed":  # "do this only if that fails": a success holds it for ever
        return not any(word in target.close_reason.lower() for word in FAILURE_WORDS)
    return status in _UNCONDITIONAL


def _gate(metadata: Any, target: str, modern: bool) -> tuple[str, str]:
    """The gate of a `waits-for` edge and the bead whose children it waits for; "" where the edge names no gate."""
    try:
        value = json.loads(metadata) if isinstance(metadata, str) else metadata
    except (ValueError, RecursionError):
        value = None
    fields = value if isinstance(value, dict) else {}
    gate, spawner = fields.get("gate"), fields.get("spawner_id")
    named = isinstance(spawner, str) and bool(spawner) and not modern
    return (gate if isinstance(gate, str) else ""), str(spawner) if named else target


def _gate_holds(gate: str, statuses: list[str], modern: bool) -> bool:
    if modern:
        unsettled = any(status not in _SETTLED for status in statuses)
        if gate in ("any-children", ""):  # without a gate SQL's NULL makes bd 1.x let one finished child do
            return unsettled and "closed" not in statuses
        return unsettled
    if gate in ("all-children", ""):
        return any(status not in _DONE for status in statuses)
    return gate == "any-children" and not any(status in _DONE for status in statuses)


def _handed_down(
    state: BoardState, direct: Mapping[str, list[Hold]], children: Mapping[str, list[str]]
) -> frozenset[str]:
    """Every bead that waits: those with a hold of their own, and their descendants."""
    modern = state.era is Era.MODERN
    waiting = set(direct)
    todo = list(direct)
    while todo:
        for child in children.get(todo.pop(), ()):
            if child in waiting or (modern and status_of(state.beads[child]) in FREEING_STATUSES):
                continue
            waiting.add(child)
            todo.append(child)
    return frozenset(waiting)
