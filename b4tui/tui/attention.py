"""What waits for the operator, in one place: the header counts it, `w` goes to it, the bell rings once for it."""

from __future__ import annotations

from dataclasses import dataclass

from b4tui.events import EngineStatus, Locality, RunOutcome
from b4tui.runtime.snapshot import EngineView, ModelView, Snapshot


@dataclass(frozen=True, slots=True)
class Want:
    """One thing that waits; `bead` is empty where it belongs to none, `approval` where it is not one."""

    text: str
    bead: str = ""
    approval: str = ""


def refused(snapshot: Snapshot) -> tuple[tuple[EngineView, ModelView], ...]:
    """Models that get no private text, where nothing attested serves the same role: their agents' work stands still.

    Roles that no agent here uses are left out: a router's model that is missing keeps nobody waiting.
    """
    if not snapshot.require_attested:
        return ()
    known = [
        (engine, model) for engine in snapshot.engines if engine.status is EngineStatus.UP for model in engine.models
    ]
    named = {view.model for view in snapshot.agents}
    used = {role for _, model in known if model.name in named for role in model.roles}
    served = {role for _, model in known if model.locality is Locality.ATTESTED for role in model.roles}
    return tuple(
        (engine, model)
        for engine, model in known
        if model.locality is not Locality.ATTESTED and model.reason and used & set(model.roles) - served
    )


def wants(snapshot: Snapshot) -> tuple[Want, ...]:
    """Everything that goes on only when the operator acts.

    Approvals, engines that are down, models that are not proven local, orphans that hold memory, beads that nobody may
    try again.
    """
    found = [Want("asks to send something out", one.bead, one.id) for one in snapshot.outward.pending]
    found += [
        Want(engine.reason or f"{engine.name} does not answer at {engine.address}")
        for engine in snapshot.engines
        if engine.status is EngineStatus.DOWN
    ]
    found += [Want(refusal(engine, model)) for engine, model in refused(snapshot)]
    orphans = [process for process in snapshot.machine.processes if process.orphan] if snapshot.machine else []
    found += [
        Want(f"{one.program}, pid {one.pid}, is an orphan of a server that is gone: `kill {one.pid}` frees its memory")
        for one in orphans
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


def refusal(engine: EngineView, model: ModelView) -> str:
    """Why a model gets no private text, and what to do about it."""
    said = f"{model.name} on {engine.name} is {model.locality}: {model.reason.rstrip('.')}"
    return f"{said}. {model.fix[:1].upper()}{model.fix[1:]}" if model.fix else said
