"""One line per agent: what it is, what it does, on what, how fast, and how much waits for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from b4tui.escalation.types import Approval
from b4tui.events import AgentState, Locality
from b4tui.runtime.snapshot import AgentView, Snapshot
from b4tui.tui import words
from b4tui.tui.badges import badge
from b4tui.tui.cards import speed
from b4tui.tui.paint import Ink, Line, Span, line
from b4tui.tui.widgets.lines import Lines

SIGNS = {
    AgentState.IDLE: ("○", Ink.FAINT),
    AgentState.WORKING: ("●", Ink.ACCENT),
    AgentState.WAITING: ("◐", Ink.INFO),
    AgentState.BACKOFF: ("✗", Ink.BAD),
    AgentState.PAUSED: ("‖", Ink.SOFT),
    AgentState.STOPPED: ("·", Ink.FAINT),
}
"""A sign and its ink per state; the state's word always stands beside it."""
STATES = {AgentState.BACKOFF: "stalled"}
"""States whose own name says little to a person."""


class AgentsPanel(Lines):
    """The agents; `enter` goes to an agent's bead, `p` pauses the one under the cursor."""

    def __init__(self, id: str | None = None) -> None:
        empty = line(Span(" No agents are enabled: [agents] in the settings.", Ink.SOFT))
        super().__init__(id=id, empty=(empty,))
        self._views: Mapping[str, AgentView] = {}

    @property
    def opens(self) -> bool:
        """An agent without a bead leads nowhere."""
        view = self._views.get(self.key)
        return view is not None and bool(view.bead)

    def show(self, snapshot: Snapshot, now: datetime) -> None:
        """The agents as they are now."""
        views = self._views = {view.key: view for view in snapshot.agents}
        wide = self.size.width >= 70
        self.show_rows(tuple(views), lambda key: (agent_line(views[key], snapshot, now, wide),))


def agent_line(view: AgentView, snapshot: Snapshot, now: datetime, wide: bool) -> Line:
    """An agent in one line; `wide` leaves room for the bead's title."""
    sign, ink = SIGNS[view.state]
    asks = asked_by(snapshot, view)
    if asks is not None:
        sign, ink = "▲", Ink.ATTENTION
    state = "asks" if asks else STATES.get(view.state, str(view.state))
    left = [
        Span(f"{sign} ", ink),
        Span(f"{view.name[:12]:<12}", Ink.STRONG),
        Span(f" {state:<8} ", ink if asks or view.state is AgentState.BACKOFF else Ink.SOFT),
    ]
    bead = snapshot.board.beads.get(view.bead) if snapshot.board and view.bead else None
    if view.bead:
        left.append(Span(f"{view.bead}  ", Ink.INK))
        left += _of_bead(view, snapshot, bead.title if bead else "")
    else:
        left.append(Span(_idle_words(view, now), Ink.BAD if view.state is AgentState.BACKOFF else Ink.FAINT))
    rate = words.rate(speed(snapshot, view.bead))
    if view.state is AgentState.WAITING:
        rate = f"{'for slot':>9}"
    if asks is not None:
        return line(*left, right=(Span("   cloud? ", Ink.ATTENTION), Span("a", Ink.ACCENT), _queue(view, wide)))
    return line(*left, right=(Span(rate, Ink.INK), _queue(view, wide)))


def _queue(view: AgentView, wide: bool) -> Span:
    queue = f"  queue {len(view.queue):>2}" if wide else f" q{len(view.queue):>3}"
    return Span(queue, Ink.SOFT if view.queue else Ink.FAINT)


def asked_by(snapshot: Snapshot, view: AgentView) -> Approval | None:
    """The approval that an agent waits for, the next to expire first; None while it asks for nothing."""
    return next((one for one in snapshot.outward.pending if one.agent == view.key), None)


def _of_bead(view: AgentView, snapshot: Snapshot, title: str) -> Iterator[Span]:
    """Why it waits, else where it is computed when that is not the first choice, then what it is about."""
    run = snapshot.runs.get(view.bead)
    if view.reason and asked_by(snapshot, view) is None:
        yield Span(view.reason, Ink.INFO)
        return
    if run is not None and run.run == view.run:
        if run.locality is Locality.REMOTE:
            yield Span(f"{badge(run.locality).text}  ", Ink.BAD)
        if run.note:
            yield Span(f"↓ {run.note}  ", Ink.INFO)
    yield Span(title, Ink.SOFT)


def _idle_words(view: AgentView, now: datetime) -> str:
    if view.next_poll_at is None:
        return view.reason
    wait = words.seconds_between(now, view.next_poll_at)
    verb = "tries again" if view.state is AgentState.BACKOFF else "looks again"
    ahead = f"{verb} in {words.age(wait)}" if wait >= 1 else f"{verb} now"
    return f"{ahead} · {view.reason}" if view.reason else ahead
