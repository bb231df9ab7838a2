"""Engines, their models and our lines before them, as the snapshot shows them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from b4tui.config import Settings
from b4tui.engines.dispatch.profile import profile_of
from b4tui.engines.dispatch.queue import Line
from b4tui.engines.dispatch.roles import model_there
from b4tui.engines.dispatch.turns import Ticket
from b4tui.engines.interface import Attestation
from b4tui.events import Locality
from b4tui.runtime.engine_watch import Seen
from b4tui.runtime.snapshot import EngineView, ModelView, QueueView, RequestView, Snapshot


def with_seen(snapshot: Snapshot, seen: Seen, settings: Settings) -> Snapshot:
    """The snapshot after a look at an engine."""

    def shown(view: EngineView) -> EngineView:
        queue = replace(view.queue, slots=seen.slots)
        models = model_views(settings, seen.engine, seen.attestations)
        return replace(view, loaded=seen.loaded, models=models, load=seen.load, queue=queue)

    return _changed(snapshot, {seen.engine: shown})


def with_lines(snapshot: Snapshot, lines: Mapping[str, Line], at: datetime, clock: float) -> Snapshot:
    """The snapshot with the lines as they are now; `clock` is the monotonic time that is `at`."""

    def request(ticket: Ticket) -> RequestView:
        return RequestView(
            agent=ticket.agent,
            bead=ticket.bead,
            model=ticket.model,
            request_class=ticket.request_class.name.lower(),
            since=at - timedelta(seconds=clock - ticket.since),
        )

    def known(row: RequestView, before: tuple[RequestView, ...]) -> RequestView:
        """The row as it was shown, where it is the same request: two clocks do not agree to the microsecond."""
        same = (old for old in before if replace(old, since=row.since) == row and abs(old.since - row.since) < JITTER)
        return next(same, row)

    def shown(view: EngineView, line: Line) -> EngineView:
        before = (*view.queue.running, *view.queue.waiting)
        running = tuple(known(request(ticket), before) for ticket in line.running)
        waiting = tuple(known(request(ticket), before) for ticket in line.waiting)
        queue = QueueView(slots=view.queue.slots, running=running, waiting=waiting)
        return view if queue == view.queue else replace(view, queue=queue)

    changes = {name: (lambda view, line=line: shown(view, line)) for name, line in lines.items()}
    return _changed(snapshot, changes)


JITTER = timedelta(milliseconds=50)


def model_views(settings: Settings, engine: str, attestations: Mapping[str, Attestation]) -> tuple[ModelView, ...]:
    """The models that roles want of an engine, each once: an embedded one serves its file under every name."""
    views: dict[str, ModelView] = {}
    for name, known in attestations.items():
        roles = tuple(key for key, role in settings.roles.items() if model_there(settings, engine, role.model) == name)
        missing = known.missing if known.locality is not Locality.ATTESTED else None
        before = views.get(known.model)
        views[known.model] = ModelView(
            name=known.model,
            roles=(*before.roles, *roles) if before else roles,
            locality=known.locality,
            digest=known.digest,
            pinned=known.pinned,
            profile=profile_of(settings, engine, name).name if roles else "",
            reason=known.failure.message if known.failure else missing.detail if missing else "",
            fix=missing.fix if missing else "",
        )
    return tuple(views.values())


def _changed(snapshot: Snapshot, changes: Mapping[str, Callable[[EngineView], EngineView]]) -> Snapshot:
    engines = tuple(changes[view.name](view) if view.name in changes else view for view in snapshot.engines)
    if engines == snapshot.engines:
        return snapshot
    return replace(snapshot, engines=engines, revision=snapshot.revision + 1)
