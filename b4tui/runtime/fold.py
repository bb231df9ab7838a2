"""Snapshot + event -> snapshot. Pure; a snapshot shares with the one before it whatever did not change.

Streamed text is not folded: at hundreds of tokens a second it goes to the transcripts and the meter, and `with_rates`
brings the figures in a few times a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from b4tui import events as e
from b4tui import outward_events as o
from b4tui.events import AgentState, Event
from b4tui.runtime.activity import in_words
from b4tui.runtime.gauges.machine_watch import with_sample
from b4tui.runtime.gauges.meter import Reading
from b4tui.runtime.picture import Picture
from b4tui.runtime.snapshot import Activity, AgentView, EngineView, FileChange, RunView, Snapshot, TokensView
from b4tui.telemetry.types import MachineSample

ACTIVITY_LINES = 200

_EMPTY_HANDED: Mapping[str, Any] = {"state": AgentState.IDLE, "bead": "", "run": ""}


def fold(snapshot: Snapshot, event: Event) -> Snapshot:
    """The snapshot after an event; the same object when the event changes nothing that is in it."""
    if isinstance(event, e.TextStreamed):
        return snapshot
    after = _with_activity(_folded(snapshot, event), event)
    return snapshot if after is snapshot else replace(after, revision=snapshot.revision + 1)


def with_picture(snapshot: Snapshot, picture: Picture, read_only: str) -> Snapshot:
    """The board as it was read just now, with queues for the agents that run here."""
    queues = picture.queues.queues
    return replace(
        snapshot,
        read_only=read_only,
        branch=picture.branch,
        loading=False,
        board=picture.state,
        board_error="",
        columns=picture.columns,
        blocked_by=picture.readiness.blocked,
        routes=picture.queues.routes,
        attempts_spent=picture.waiting,
        agents=tuple(replace(agent, queue=queues.get(agent.key, ())) for agent in snapshot.agents),
        revision=snapshot.revision + 1,
    )


def with_rates(snapshot: Snapshot, readings: Mapping[str, Reading]) -> Snapshot:
    """The measured tokens per second of every run that streams now."""
    runs = dict(snapshot.runs)
    for bead, view in snapshot.runs.items():
        reading = readings.get(view.run) if view.ended_at is None else None
        if reading is not None:
            speed = view.tokens_per_s if reading.tokens_per_s is None else reading.tokens_per_s
            if (speed, reading.rates) != (view.tokens_per_s, view.rates):
                runs[bead] = replace(view, tokens_per_s=speed, rates=reading.rates)
    if all(runs[bead] is view for bead, view in snapshot.runs.items()):
        return snapshot
    return replace(snapshot, runs=runs, revision=snapshot.revision + 1)


def with_machine(snapshot: Snapshot, sample: MachineSample | None) -> Snapshot:
    """The newest sample of the machine, and those of the last ten minutes."""
    if sample is None or sample is snapshot.machine:
        return snapshot
    history = with_sample(snapshot.history, sample)
    return replace(snapshot, machine=sample, history=history, revision=snapshot.revision + 1)


def with_tokens(snapshot: Snapshot, tokens: TokensView) -> Snapshot:
    """What the servers counted, by agent and by model."""
    if tokens is snapshot.tokens or tokens == snapshot.tokens:
        return snapshot
    return replace(snapshot, tokens=tokens, revision=snapshot.revision + 1)


def _folded(snapshot: Snapshot, event: Event) -> Snapshot:
    match event:
        case e.BoardFailed():
            return replace(snapshot, board_error=event.reason, loading=False)
        case e.RunStarted():
            return _run_started(snapshot, event)
        case e.RunFinished():
            return _run_finished(snapshot, event)
        case e.RunMoved():
            return _run(snapshot, event.bead, event.run, lambda view: _moved(view, event))
        case e.StepStarted():
            return _run(snapshot, event.bead, event.run, lambda view: replace(view, step=event.step))
        case e.ToolCalled():
            said = f"{event.tool} {event.summary}".strip()
            return _run(snapshot, event.bead, event.run, lambda view: replace(view, last_tool=said))
        case e.FileChanged():
            return _run(snapshot, event.bead, event.run, lambda view: _with_file(view, event))
        case e.TokensCounted():
            return _run(snapshot, event.bead, event.run, lambda view: _counted(view, event))
        case e.AgentChanged():
            return _agent_changed(snapshot, event)
        case e.EngineChanged():
            return _engine_changed(snapshot, event)
        case o.ApprovalAsked():
            return _run(snapshot, event.bead, event.run, lambda view: replace(view, approval=event.approval))
        case o.EscalationAnswered() | o.EscalationRefused():
            return _run(snapshot, event.bead, event.run, lambda view: replace(view, approval=""))
        case o.PrivateRead():
            return _run(snapshot, event.bead, event.run, lambda view: _with_source(view, event.source))
        case o.RunReleased():
            return _run(snapshot, event.bead, event.run, lambda view: replace(view, released=True))
    return snapshot


def _with_activity(snapshot: Snapshot, event: Event) -> Snapshot:
    if isinstance(event, e.AgentChanged) and _is_said(event.reason, snapshot.engines):
        return snapshot  # the engines' own lines have said it, once for all agents
    run = snapshot.runs.get(getattr(event, "bead", ""))
    told = in_words(event, run.last_tool if run else "")
    if told is None:
        return snapshot
    text, level = told
    who = getattr(event, "agent", "") or getattr(event, "engine", "") or "b4tui"
    name = next((agent.name for agent in snapshot.agents if agent.key == who), who)
    line = Activity(at=event.at, who=name, text=text, bead=getattr(event, "bead", ""), level=level)
    return replace(snapshot, activity=(*snapshot.activity[1 - ACTIVITY_LINES :], line))


def _is_said(reason: str, engines: Iterable[EngineView]) -> bool:
    """Whether a reason is made of nothing but what is wrong with engines."""
    rest = reason
    for said in sorted((engine.reason for engine in engines if engine.reason), key=len, reverse=True):
        rest = rest.replace(said, "")
    return bool(reason) and not rest.strip("; ")


def _run_started(snapshot: Snapshot, event: e.RunStarted) -> Snapshot:
    view = RunView(
        run=event.run,
        bead=event.bead,
        agent=event.agent,
        engine=event.engine,
        model=event.model,
        started_at=event.at,
        context_limit=event.context_limit,
        locality=event.locality,
        digest=event.digest,
        profile=event.profile,
        note=event.note,
    )
    after = replace(snapshot, runs={**snapshot.runs, event.bead: view})
    return _agent(after, event.agent, lambda agent: replace(agent, bead=event.bead, run=event.run))


def _run_finished(snapshot: Snapshot, event: e.RunFinished) -> Snapshot:
    after = _run(
        snapshot,
        event.bead,
        event.run,
        lambda view: replace(view, ended_at=event.at, outcome=event.outcome, reason=event.reason, step=event.steps),
    )
    return _agent(
        after,
        event.agent,
        lambda agent: agent if agent.run != event.run else replace(agent, **_EMPTY_HANDED),
    )


def _moved(view: RunView, event: e.RunMoved) -> RunView:
    return replace(
        view,
        engine=event.engine,
        model=event.model,
        locality=event.locality,
        digest=event.digest,
        profile=event.profile,
        note=event.note,
    )


def _with_source(view: RunView, label: str) -> RunView:
    known = view.private_sources
    return view if label in known else replace(view, private_sources=(*known, label))


def _with_file(view: RunView, event: e.FileChanged) -> RunView:
    change = FileChange(path=event.path, added=event.added, removed=event.removed)
    return replace(view, files=(*(file for file in view.files if file.path != event.path), change))


def _counted(view: RunView, event: e.TokensCounted) -> RunView:
    seconds = event.generate_seconds
    return replace(
        view,
        prompt_tokens=view.prompt_tokens + event.prompt_tokens,
        generated_tokens=view.generated_tokens + event.generated_tokens,
        context_used=event.prompt_tokens + event.generated_tokens,
        tokens=view.tokens.with_answer(event),
        tokens_per_s=round(event.generated_tokens / seconds, 1) if seconds else view.tokens_per_s,
    )


def _run(snapshot: Snapshot, bead: str, run: str, change: Callable[[RunView], RunView]) -> Snapshot:
    """Change the view of a run that is still the bead's latest."""
    view = snapshot.runs.get(bead)
    if view is None or view.run != run:
        return snapshot
    return replace(snapshot, runs={**snapshot.runs, bead: change(view)})


def _agent(snapshot: Snapshot, key: str, change: Callable[[AgentView], AgentView]) -> Snapshot:
    agents = tuple(change(agent) if agent.key == key else agent for agent in snapshot.agents)
    return replace(snapshot, agents=agents)


def _agent_changed(snapshot: Snapshot, event: e.AgentChanged) -> Snapshot:
    busy = event.state in (AgentState.WORKING, AgentState.WAITING)
    return _agent(
        snapshot,
        event.agent,
        lambda agent: replace(
            agent,
            state=event.state,
            reason=event.reason,
            bead=event.bead,
            run=agent.run if busy else "",
            next_poll_at=event.next_poll_at,
        ),
    )


def _engine_changed(snapshot: Snapshot, event: e.EngineChanged) -> Snapshot:
    known = {view.name: view for view in snapshot.engines}
    view = known.get(event.engine) or EngineView(name=event.engine, address=event.address, status=event.status)
    known[event.engine] = replace(
        view,
        address=event.address,
        status=event.status,
        version=event.version or view.version,
        simulated=event.simulated or view.simulated,
        locality=event.locality,
        reason=event.reason,
        loaded=view.loaded if event.status is e.EngineStatus.UP else (),
    )
    return replace(snapshot, engines=tuple(known.values()))
