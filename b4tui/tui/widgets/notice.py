"""What is wrong with the whole hub, under the header until it is mended: in words, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from b4tui.events import AgentState, EngineStatus
from b4tui.runtime.snapshot import Snapshot
from b4tui.tui import words
from b4tui.tui.attention import refusal, refused
from b4tui.tui.paint import Ink, Line, Span, wrapped
from b4tui.tui.widgets.inked import Panel

MOST_ROWS = 2
"""Rows one notice may take."""


class NoticePanel(Panel):
    """Takes no room while nothing is wrong."""

    def on_mount(self) -> None:
        """Nothing is wrong so far."""
        self.display = False

    def show(self, snapshot: Snapshot, now: datetime) -> None:
        """What is wrong now."""
        lines = tuple(notices(snapshot, now, self.app.size.width))
        if self.display != bool(lines):
            self.display = bool(lines)
        self.show_lines(lines)


def notices(snapshot: Snapshot, now: datetime, width: int) -> Iterator[Line]:
    """The worst first: a board that is unreadable or broken, engines that are down, gate, refused models, read-only."""
    if snapshot.board_error:
        yield from _notice("✗", Ink.BAD, snapshot.board_error, "", width)
    if told := _damage(snapshot):
        yield from _notice("▲", Ink.ATTENTION, told, "", width)
    for engine in snapshot.engines:
        if engine.status is EngineStatus.DOWN:
            reason = engine.reason or f"{engine.name} does not answer at {engine.address}"
            yield from _notice("✗", Ink.BAD, reason, _next_try(snapshot, now), width)
    yield from _outward(snapshot, width)
    if blocked := refused(snapshot):
        more = f"+{len(blocked) - 1} more" if len(blocked) > 1 else ""
        yield from _notice("▲", Ink.ATTENTION, refusal(*blocked[0]), more, width)
    if snapshot.read_only:
        yield from _notice("▲", Ink.ATTENTION, f"Read-only: {snapshot.read_only}", "", width)


def _damage(snapshot: Snapshot) -> str:
    """How many rows of the board cannot be used as they are: no column looks whole that is not."""
    found = snapshot.board.damage if snapshot.board else ""
    return f"{found}, so beads may be missing: `b4tui board lint` tells where." if found else ""


def _outward(snapshot: Snapshot, width: int) -> Iterator[Line]:
    """What does not stand of what keeps private things here."""
    outward = snapshot.outward
    for error in (outward.gate_error, outward.ledger_error):
        if error:
            yield from _notice("✗", Ink.BAD, f"Nothing can leave: {error}", "", width)
    if outward.unsafe_rules:
        told = f"Rules of the gate are switched off by [gate] unsafe_disable: {', '.join(outward.unsafe_rules)}"
        yield from _notice("▲", Ink.ATTENTION, told, "", width)


def _next_try(snapshot: Snapshot, now: datetime) -> str:
    """When the first of the agents looks again; nothing once that moment has come."""
    moments = [view.next_poll_at for view in snapshot.agents if view.state is AgentState.BACKOFF and view.next_poll_at]
    waits = [words.seconds_between(now, moment) for moment in moments]
    return f"again in {words.age(min(waits))}" if waits and min(waits) >= 1 else ""


def _notice(sign: str, ink: Ink, text: str, aside: str, width: int) -> Iterator[Line]:
    room = max(20, width - 5 - (len(aside) + 2 if aside else 0))
    rows = list(wrapped(text, room, ink, limit=2000))
    for number, row in enumerate(rows[:MOST_ROWS]):
        more = "…" if number == MOST_ROWS - 1 and len(rows) > MOST_ROWS else ""
        right = (Span(aside, Ink.FAINT), Span(" ")) if aside and number == 0 else ()
        yield Line((Span(f" {sign if number == 0 else ' '} ", ink), *row.left, Span(more, ink)), right)
