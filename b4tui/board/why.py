"""Why a bead is ready or not: the rule that decides, and the chain of beads that holds it up, in words.

The same rules as `rules.judge` (research/beads.md section 3), told for one bead.
"""

from __future__ import annotations

from dataclasses import dataclass

from b4tui.board import graph
from b4tui.board.graph import EdgeType, Graph, Hold
from b4tui.board.lookalikes import meant_edge
from b4tui.board.model import Bead, BoardState, Era
from b4tui.board.rules import Rule, deferred_parent, is_on, obstacle
from b4tui.board.store import NoSuchBead
from b4tui.board.times import instant

_LONGEST_CHAIN = 20  # links that are told one by one


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a bead is ready or not. `reason` is one sentence; `chain` tells link by link what holds it up, nearest first.

    `rule` is the first rule of research section 3 that says no; `holders` are the ids that hold it up directly;
    `facts` are things worth knowing that decide nothing.
    """

    bead: str
    ready: bool
    rule: Rule
    reason: str
    chain: tuple[str, ...] = ()
    holders: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it in words: the reason, the chain, the facts."""
        return (self.reason, *self.chain, *self.facts)


def explain(state: BoardState, bead_id: str, now: float) -> Explanation:
    """Why this bead is ready or not at `now` (seconds since the epoch). Raises NoSuchBead."""
    bead = state.beads.get(bead_id)
    if bead is None:
        raise NoSuchBead(f"no bead {bead_id} on this board; `b4tui board list` shows all ids")
    edges = graph.of(state)
    rule = obstacle(state, edges, bead_id, now)
    return Explanation(
        bead=bead_id,
        ready=rule is Rule.READY,
        rule=rule,
        reason=_reason(state, edges, bead, rule, now),
        chain=tuple(_chain(state, edges, bead_id)) if bead_id in edges.waiting else (),
        holders=edges.holders(bead_id) if bead_id in edges.waiting else (),
        facts=tuple(_facts(state, edges, bead, now)),
    )


def _reason(state: BoardState, edges: Graph, bead: Bead, rule: Rule, now: float) -> str:
    key, row = bead.id, bead.row
    if rule is Rule.STATUS:
        return f"not ready: its status is {bead.status}, and only open beads are offered (rule 1)"
    if rule is Rule.SWITCH:
        switch = "pinned: it is kept as context" if is_on(row.get("pinned")) else "ephemeral: it is a tool's own note"
        return f"not ready: it is {switch}, not work (rule 2)"
    if rule is Rule.INTERNAL_ID:
        return "not ready: ids with -mol- or -wisp- belong to workflows, and bd 0.49 hides them (rule 2)"
    if rule is Rule.TYPE:
        return f"not ready: beads of type {bead.issue_type} are no work to claim (rule 3)"
    if rule is Rule.DEFERRED:
        return f"not ready: deferred until {row.get('defer_until')} (rule 4)"
    if rule is Rule.PARENT_DEFERRED:
        parent = deferred_parent(state, edges, key, now)
        return f"not ready: its parent {parent} is deferred until {state.beads[parent].row.get('defer_until')} (rule 4)"
    if rule is Rule.BLOCKED:
        first, *rest = edges.direct[key]
        more = f" and {len(rest)} more" if rest else ""
        return f"not ready: it {_hold_words(state, edges, first)}{more} (rule 5)"
    if rule is Rule.PARENT_BLOCKED:
        return f"not ready: its parent {edges.holders(key)[0]} is blocked (rule 5)"
    return "ready: it is open, it is work, it is not deferred, and nothing blocks it"


def _chain(state: BoardState, edges: Graph, bead_id: str) -> list[str]:
    """From the bead to what holds it up in the end: up to the blocked parent, then along the first hold that waits."""
    lines: list[str] = []
    seen = {bead_id}
    here = bead_id
    while len(lines) < _LONGEST_CHAIN:
        holds = edges.direct.get(here)
        if holds:
            lines.extend(f"{here} {_hold_words(state, edges, hold)}" for hold in holds)
            onward = next((other for hold in holds for other in _beyond(edges, hold)), "")
        else:
            onward = edges.holders(here)[0]
            lines.append(f"{here} is blocked by its parent {onward}{_described(state, onward)}")
        if not onward:
            return lines
        if onward in seen:
            return [
                *lines,
                f"{onward} comes round again: these beads wait for each other; take one edge of the circle away",
            ]
        seen.add(onward)
        here = onward
    return [*lines, f"and so on: {here} is held up as well"]


def _beyond(edges: Graph, hold: Hold) -> list[str]:
    """The beads behind a hold that wait themselves."""
    behind = edges.children.get(hold.on, []) if hold.type is EdgeType.WAITS_FOR else [hold.on]
    return [other for other in behind if other in edges.waiting]


def _hold_words(state: BoardState, edges: Graph, hold: Hold) -> str:
    about = _described(state, hold.on)
    if hold.type is EdgeType.BLOCKS:
        return f"waits for {hold.on}{about}"
    if hold.type is EdgeType.CONDITIONAL:
        target = state.beads.get(hold.on)
        if state.era is Era.CLASSIC and target is not None and target.status == "closed":
            return f"is to be done only if {hold.on} fails, and that ended well"
        return f"waits for {hold.on}{about}, as it is to be done only if that fails"
    left = [child for child in edges.children.get(hold.on, ()) if graph.status_of(state.beads[child]) != "closed"]
    named = ", ".join(left[:5]) + (" ..." if len(left) > 5 else "")
    return f"waits for the children of {hold.on}: " + (f"{named} not closed" if left else "none is closed yet")


def _described(state: BoardState, bead_id: str) -> str:
    """The status in brackets, with the holder; nothing for a bead that is not on the board."""
    bead = state.beads.get(bead_id)
    if bead is None:
        return ""
    return f" ({bead.status}, {bead.assignee})" if bead.assignee else f" ({bead.status})"


def _facts(state: BoardState, edges: Graph, bead: Bead, now: float) -> list[str]:
    key = bead.id
    facts = []
    if bead.assignee:
        facts.append(f"assigned to {bead.assignee}; bd ready shows assigned beads too")
    if bead.status == "in_progress" and not bead.assignee:
        facts.append("in progress, but nobody holds it")
    if bead.status == "blocked" and key not in edges.waiting:
        facts.append("its status was set to blocked by hand; no edge blocks it")
    until = bead.row.get("defer_until")
    moment = instant(until) if isinstance(until, str) else None
    if bead.status == "deferred" and moment is not None and moment <= now:
        facts.append(f"its deferral ended {until}, but its status stays deferred: set it to open")
    for edge in bead.dependencies:
        facts.extend(_edge_facts(state, edges, key, edge.type, edge.depends_on_id))
    held = [other for other, holds in edges.direct.items() if any(hold.on == key for hold in holds)]
    if held:
        facts.append(f"holds up {', '.join(held[:5])}{f' and {len(held) - 5} more' if len(held) > 5 else ''}")
    return facts


def _edge_facts(state: BoardState, edges: Graph, key: str, kind: str, target: str) -> list[str]:
    meant = meant_edge(kind)
    if meant:
        return [f"its edge of type {kind} to {target} looks like {meant}, but bd ignores it"]
    if kind not in frozenset(EdgeType):
        return []
    if target.startswith("external:"):
        return [f"depends on {target} in another project, which bd checks only where external_projects is set"]
    other = state.beads.get(target)
    if other is None:
        return [f"its {kind} edge leads to {target}, which is not on this board, and so blocks nothing"]
    if kind == EdgeType.BLOCKS and Hold(EdgeType.BLOCKS, target) not in edges.direct.get(key, ()):
        return [f"{target} no longer blocks it: its status is {other.status}"]
    if kind == EdgeType.PARENT and target not in edges.waiting:
        return [f"its parent {target} is {other.status}, which blocks nothing"]
    return []
