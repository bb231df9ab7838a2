"""What a bead looks like on the board: pure functions from the snapshot to lines of ink.

A card is two lines, three where the bead is being worked on, and one where the terminal is small. The first line is
the title's alone; the last one ends with the id, so that long ids cost the title nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from b4tui.board.model import Bead
from b4tui.board.times import instant
from b4tui.events import AgentState, RunOutcome
from b4tui.runtime.snapshot import RunView, Snapshot
from b4tui.tui import words
from b4tui.tui.paint import Ink, Line, Span, line, sparkline, wrapped

JUST_CLOSED_S = 10.0
"""How long a closed bead stays green."""
INDENT = "   "
NARROW = 32
"""Cells below which a card leaves out how old the bead is, so that the id still fits."""
LONG_PREFIX = 4
MOST_NAME = 40


class Column(StrEnum):
    """The four columns of the board, left to right."""

    READY = "ready"
    WORKING = "working"
    BLOCKED = "blocked"
    CLOSED = "closed"


HEIGHTS = {Column.READY: 2, Column.WORKING: 3, Column.BLOCKED: 2, Column.CLOSED: 2}
"""Lines of a card where there is room."""

EMPTY = {
    Column.READY: ("Nothing is ready.", "n makes a bead."),
    Column.WORKING: ("Nobody is at work.", "Agents take what is ready."),
    Column.BLOCKED: ("Nothing is blocked.", ""),
    Column.CLOSED: ("Nothing is closed yet.", ""),
}


def ids(snapshot: Snapshot, column: Column) -> tuple[str, ...]:
    """The ids of a column, in the order shown."""
    chosen: tuple[str, ...] = getattr(snapshot.columns, column.value)
    return chosen


def running_first(snapshot: Snapshot, keys: tuple[str, ...]) -> tuple[str, ...]:
    """The beads that an agent here works on before those that somebody else holds, each in their order."""
    return tuple(sorted(keys, key=lambda key: key not in snapshot.runs or snapshot.runs[key].ended_at is not None))


def priority_ink(priority: int) -> Ink:
    """The ink of a priority; its number always stands beside it."""
    return (Ink.INFO, Ink.INFO, Ink.SOFT)[priority] if 0 <= priority < 3 else Ink.FAINT


def speed(snapshot: Snapshot, bead_id: str) -> float | None:
    """Tokens per second of the answer that the bead's agent gets, or got last while it runs a tool.

    Ollama is silent while a model writes a tool call: the last measured speed stands until the next. None before the
    first answer, while the agent waits for its turn, and when the run has ended.
    """
    run = snapshot.runs.get(bead_id)
    if run is None or run.ended_at is not None:
        return None
    working = any(view.key == run.agent and view.state is AgentState.WORKING for view in snapshot.agents)
    return run.tokens_per_s if working else None


def empty_lines(
    column: Column, *, width: int, loading: bool, filtered_from: int = 0, hub: str = ""
) -> tuple[Line, ...]:
    """What stands in a column of `width` cells without cards."""
    if loading:
        first, second = "Reading the board…", hub
    elif filtered_from:
        first, second = f"0 of {filtered_from:,} match.", "esc clears the filter."
    else:
        first, second = EMPTY[column]
    said = (*wrapped(first, width - 2, Ink.SOFT), *wrapped(second, width - 2, Ink.FAINT))
    return (Line(), *(Line((Span(" "), *text.left)) for text in said))


@dataclass(frozen=True, slots=True)
class Deck:
    """Makes the cards of one snapshot at one instant."""

    snapshot: Snapshot
    now: datetime

    def card(self, bead_id: str, column: Column, height: int, width: int = 80) -> tuple[Line, ...]:
        """The card of a bead in a column, `height` lines of it, made for `width` cells."""
        bead = self.snapshot.board.beads.get(bead_id) if self.snapshot.board else None
        if bead is None:
            return (line(Span(bead_id, Ink.SOFT)),)
        run = self.snapshot.runs.get(bead_id)
        if height == 1:
            return (self._short(bead, run, column),)
        second = self._asked(bead) or self._second(bead, run, column, width)
        if height == 2:
            return self._head(bead, column), _signed(second, bead.id, width)
        if run is None or run.ended_at is not None:
            return self._head(bead, column), _signed(second, bead.id, width), Line()
        return self._head(bead, column), second, _signed(_pulse(run), bead.id, width)

    def _head(self, bead: Bead, column: Column, *named: Span) -> Line:
        closed = column is Column.CLOSED
        sign = (
            Span(f"{'✓ ':<3}", self._closed_ink(bead))
            if closed
            else Span(f"P{bead.priority:<2}"[:3], priority_ink(bead.priority))
        )
        return line(sign, *named, Span(bead.title, Ink.SOFT if closed else Ink.STRONG))

    def _short(self, bead: Bead, run: RunView | None, column: Column) -> Line:
        second = self._asked(bead) or self._second(bead, run, column)
        head = self._head(bead, column, Span(f"{bead.id}  ", Ink.SOFT))
        return Line(head.left, (second.left[1], Span(" "), *second.right))

    def _asked(self, bead: Bead) -> Line | None:
        """In place of all else: an approval that this bead waits for."""
        one = next((one for one in self.snapshot.outward.pending if one.bead == bead.id), None)
        if one is None or bead.status == "closed":
            return None
        waited = words.age((self.now - one.asked_at).total_seconds())
        return line(Span(INDENT), Span(f"▲ approval, {self.name(one.agent)[:MOST_NAME]}, {waited}", Ink.ATTENTION))

    def _second(self, bead: Bead, run: RunView | None, column: Column, width: int = 80) -> Line:
        match column:
            case Column.READY:
                return self._ready(bead, run)
            case Column.WORKING:
                return self._working(bead, run, width)
            case Column.BLOCKED:
                return self._blocked(bead)
            case Column.CLOSED:
                return self._closed(bead, run)

    def _ready(self, bead: Bead, run: RunView | None) -> Line:
        created = Span(f"{self._age(bead.created_at):>4}", Ink.FAINT)
        if bead.id in self.snapshot.attempts_spent:
            return line(Span(INDENT), Span("▲ gave up: r retries", Ink.ATTENTION))
        if run is not None and run.outcome is RunOutcome.CANCELLED:
            return line(Span(INDENT), Span("▲ cancelled: r retries", Ink.ATTENTION))
        if run is not None and run.outcome in {RunOutcome.FAILED, RunOutcome.ENGINE}:
            return line(Span(INDENT), Span(f"✗ {run.reason or run.outcome}", Ink.BAD), right=(created,))
        route = self.snapshot.routes.get(bead.id)
        if route is None:
            return line(Span(INDENT), Span(bead.assignee or "not routed yet", Ink.FAINT), right=(created,))
        category = Span(f" · {_category(route.category)}", Ink.FAINT)
        return line(Span(INDENT), Span(self.name(route.agent), Ink.FAINT), category, right=(created,))

    def _working(self, bead: Bead, run: RunView | None, width: int) -> Line:
        if run is None or run.ended_at:
            holder = bead.assignee or "somebody"
            since = Span(f"{self._age(bead.updated_at):>4}", Ink.FAINT)
            return line(Span(INDENT), Span(f"held by {holder}", Ink.FAINT), right=(since,))
        waits = any(view.key == run.agent and view.state is AgentState.WAITING for view in self.snapshot.agents)
        heard = Span("    waits" if waits else words.rate(speed(self.snapshot, bead.id)), Ink.SOFT)
        elapsed = Span(f" {words.span(words.seconds_between(run.started_at, self.now)):>5}", Ink.FAINT)
        right = (heard, elapsed) if width >= NARROW else (heard,) if heard.text.strip() else (elapsed,)
        return line(Span(INDENT), Span(self.name(run.agent), Ink.ACCENT), right=right)

    def _blocked(self, bead: Bead) -> Line:
        created = Span(f"{self._age(bead.created_at):>4}", Ink.FAINT)
        holders = self.snapshot.blocked_by.get(bead.id, ())
        if not holders:
            return line(Span(INDENT), Span(bead.status.replace("_", " "), Ink.FAINT), right=(created,))
        more = f" +{len(holders) - 1}" if len(holders) > 1 else ""
        return line(Span(INDENT), Span(f"waits for {_near(holders[0], bead.id)}{more}", Ink.FAINT), right=(created,))

    def _closed(self, bead: Bead, run: RunView | None) -> Line:
        closed = Span(f"{self._age(bead.closed_at or bead.updated_at):>4}", Ink.FAINT)
        if run is None or run.ended_at is None or run.outcome is not RunOutcome.FINISHED:
            return line(Span(INDENT), Span(bead.close_reason or bead.assignee or "closed", Ink.FAINT), right=(closed,))
        parts = [self.name(run.agent), words.span(words.seconds_between(run.started_at, run.ended_at))]
        if run.files:
            parts.append(words.plural(len(run.files), "file"))
        if run.generated_tokens:
            parts.append(f"{words.count(run.generated_tokens)} tok")
        return line(Span(INDENT), Span(" · ".join(parts), Ink.FAINT), right=(closed,))

    def _closed_ink(self, bead: Bead) -> Ink:
        closed = instant(bead.closed_at)
        fresh = closed is not None and 0 <= self.now.timestamp() - closed < JUST_CLOSED_S
        return Ink.GOOD if fresh else Ink.FAINT

    def name(self, agent: str) -> str:
        """An agent's name for a person; its key where it has no panel here."""
        return next((view.name for view in self.snapshot.agents if view.key == agent), agent)

    def _age(self, stamp: str) -> str:
        moment = instant(stamp)
        return words.age(self.now.timestamp() - moment) if moment is not None else ""


def _category(category: str) -> str:
    return category.replace("_", " ")


def _near(id_: str, other: str) -> str:
    """An id beside another one of the same tracker: what both begin with need not be said twice, where it is long."""
    prefix = other[: other.rfind("-") + 1]
    return f"…{id_[len(prefix) :]}" if len(prefix) > LONG_PREFIX and id_.startswith(prefix) else id_


def _pulse(run: RunView) -> Line:
    return line(
        Span(INDENT),
        Span(f"{sparkline(run.rates, 6)} ", Ink.ACCENT),
        Span(f"step {run.step}  ", Ink.FAINT),
        Span(run.last_tool, Ink.SOFT),
    )


def _signed(last: Line, bead_id: str, width: int) -> Line:
    """The last line of a card, with the id before what stands at the right edge."""
    if width < NARROW or not last.right:
        return Line(last.left, (Span(bead_id, Ink.FAINT),))
    return Line(last.left, (Span(f"{bead_id} ", Ink.FAINT), *last.right))
