"""What waits for the operator, in one place: the header counts it, `w` goes to it, the bell rings once for it."""

from __future__ import annotations

from dataclasses import dataclass

from b4tui.events import EngineStatus, RunOutcome
from b4tui.runtime.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Want:
    """One thing that waits; `bead` is empty where it belongs to none."""

    text: str
    bead: str = ""


def wants(snapshot: Snapshot) -> tuple[Want, ...]:
    """Everything that goes on only when the operator acts: engines that are down, beads nobody may try again."""
    found = [
        Want(engine.reason or f"{engine.name} does not answer at {engine.address}")
        for engine in snapshot.engines
        if engine.status is EngineStatus.DOWN
    ]
    if snapshot.board_error:
        found.append(Want(snapshot.board_error))
    ready = set(snapshot.columns.ready) if snapshot.runs or snapshot.attempts_spent else set()
    found += [Want("attempts spent", bead) for bead in sorted(snapshot.attempts_spent)]
    found += [
        Want("cancelled", bead)
        for bead, run in snapshot.runs.items()
        if run.outcome is RunOutcome.CANCELLED and bead in ready and bead not in snapshot.attempts_spent
    ]
    return tuple(found)
