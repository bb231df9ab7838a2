"""The badge of an engine, a model or a run: where it is computed, as far as that is proven. Word and sign, then colour.

`attested` is calm and `remote` is red. `unattested` is amber only where the operator is wanted: the policy refuses
private text and nothing else serves the role (`attention.refused`).
"""

from __future__ import annotations

from b4tui.engines.names import whole_name
from b4tui.events import AgentState, EngineStatus, Locality
from b4tui.runtime.snapshot import EngineView, Snapshot
from b4tui.tui.attention import refused
from b4tui.tui.paint import Ink, Span

DIGEST = 12
"""Hexadecimal digits of a digest that are shown, as `ollama list` does."""


def badge(locality: Locality, *, wanted: bool = False) -> Span:
    """The badge; `wanted` when it keeps work from going on."""
    match locality:
        case Locality.ATTESTED:
            return Span("◆ attested", Ink.ACCENT)
        case Locality.REMOTE:
            return Span("✗ remote", Ink.BAD)
    return Span(f"▲ {locality}", Ink.ATTENTION) if wanted else Span(f"◇ {locality}", Ink.SOFT)


def engine_badge(snapshot: Snapshot, engine: EngineView) -> Span:
    """An engine's badge: amber when one of its models is refused and nothing else serves that role."""
    return badge(engine.locality, wanted=any(one is engine for one, _ in refused(snapshot)))


def model_badge(snapshot: Snapshot, engine: EngineView, name: str) -> Span | None:
    """The badge of a model that an engine holds under this name; None for one that no role wants."""
    view = next((model for model in engine.models if whole_name(model.name) == whole_name(name)), None)
    if view is None:
        return None
    return badge(view.locality, wanted=any(one is view for _, one in refused(snapshot)))


def chief(snapshot: Snapshot) -> EngineView | None:
    """The engine that speaks for all where there is room for one: the one most runs are on now, else the first that
    answers and has models for roles.
    """
    at_work = [snapshot.runs[view.bead].engine for view in snapshot.agents if _runs(snapshot, view.bead, view.state)]

    def rank(engine: EngineView) -> tuple[int, bool, bool]:
        return -at_work.count(engine.name), engine.status is not EngineStatus.UP, not engine.models

    return min(snapshot.engines, key=rank, default=None)


def _runs(snapshot: Snapshot, bead: str, state: AgentState) -> bool:
    run = snapshot.runs.get(bead)
    return run is not None and run.ended_at is None and state in {AgentState.WORKING, AgentState.WAITING}


def short_digest(digest: str) -> str:
    """The first digits of a digest; `n/a` where it is not known."""
    return digest.removeprefix("sha256:")[:DIGEST] or "n/a"
