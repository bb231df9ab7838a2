"""Ready beads, routed to agents: who is queued for what, in the tracker's order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from b4tui.board.model import Bead, BoardState, Readiness
from b4tui.routing.rules import Routing
from b4tui.runtime.snapshot import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Queues:
    """`routes` has every ready bead that is for an agent; `queues` maps an agent's key to its beads, next first."""

    routes: Mapping[str, Route] = field(default_factory=dict)
    queues: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def routed(
    state: BoardState, readiness: Readiness, route: Callable[[Bead], Routing | None], waiting: Collection[str]
) -> Queues:
    """Route every ready bead and line the beads up; those in `waiting` (for the operator) keep a route but no place."""
    routes: dict[str, Route] = {}
    queues: dict[str, list[str]] = {}
    for bead_id in readiness.ready:
        bead = state.beads.get(bead_id)
        routing = route(bead) if bead is not None else None
        if routing is None:
            continue
        routes[bead_id] = Route(agent=routing.agent, category=routing.category, reason=routing.reason)
        if bead_id not in waiting:
            queues.setdefault(routing.agent, []).append(bead_id)
    return Queues(routes=routes, queues={agent: tuple(beads) for agent, beads in queues.items()})
