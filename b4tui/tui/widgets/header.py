"""The line that never moves: is anything waiting for me? is everything local? who computes? what time is it?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from b4tui.events import EngineStatus
from b4tui.runtime.snapshot import EngineView, Snapshot
from b4tui.tui.attention import wants
from b4tui.tui.badges import chief, engine_badge
from b4tui.tui.paint import GAP, Ink, Line, Span, width_of
from b4tui.tui.widgets.inked import Panel

VARIANTS = (
    (3, "      ", True),
    (3, "   ", True),
    (2, "   ", True),
    (1, "  ", True),
    (0, " ", True),
    (0, " ", False),
)
"""From the fullest to the leanest: how much is said, the gap between answers, whether locality is a word."""


class HeaderLine(Panel):
    """The header of every screen."""

    def show(self, snapshot: Snapshot, now: datetime) -> None:
        """Answer anew. `now` is local time."""
        self.show_lines((header_line(snapshot, now, self.size.width or self.app.size.width),))


def header_line(snapshot: Snapshot, now: datetime, width: int) -> Line:
    """The fullest header that fits `width` cells; the leanest where none does."""
    lines = list(_variants(snapshot, now))
    for candidate in lines:
        if width_of(candidate.left) + width_of(candidate.right) + GAP <= width:
            return candidate
    return lines[-1]


def _variants(snapshot: Snapshot, now: datetime) -> Iterator[Line]:
    waiting = len(wants(snapshot))
    engine = chief(snapshot)
    for detail, gap, worded in VARIANTS:
        left = [Span(" "), *_hub(snapshot, detail), Span(gap), *_local(detail), Span(gap), *_waiting(waiting, detail)]
        if snapshot.read_only:
            left += [Span(gap), Span(" READ-ONLY ", Ink.INVERSE)]
        right = [*_engine(snapshot, engine, detail, worded)]
        if snapshot.simulated:
            right += [Span(" "), Span(" SIMULATED " if detail else " SIM ", Ink.INVERSE)]
        right += [Span("  " + now.strftime("%H:%M:%S" if detail else "%H:%M"), Ink.STRONG), Span(" ")]
        yield Line(tuple(left), tuple(right))


def _hub(snapshot: Snapshot, detail: int) -> Iterator[Span]:
    if detail > 1:
        yield Span("b4tui  ", Ink.ACCENT)
    name = snapshot.hub if detail else snapshot.hub[:16]
    yield Span(name or "no hub", Ink.STRONG)
    if snapshot.branch and detail:
        yield Span(f" ⎇ {snapshot.branch if detail > 1 else snapshot.branch[:16]}", Ink.SOFT)


def _local(detail: int) -> Iterator[Span]:
    yield Span("● ", Ink.ACCENT)
    yield Span("local only" if detail else "local", Ink.SOFT)


def _waiting(waiting: int, detail: int) -> Iterator[Span]:
    if not waiting:
        yield Span("○ nothing waits for you" if detail > 2 else "○ 0 wait" if detail else "○ 0", Ink.SOFT)
        return
    verb = "waits" if waiting == 1 else "wait"
    yield Span(
        f"▲ {waiting} {verb} for you" if detail > 1 else f"▲ {waiting} {verb}" if detail else f"▲ {waiting}",
        Ink.ATTENTION,
    )


def _engine(snapshot: Snapshot, engine: EngineView | None, detail: int, worded: bool) -> Iterator[Span]:
    """The engine that speaks for all, its locality in word or sign, and how many others there are."""
    if engine is None:
        yield Span("○ no engine", Ink.SOFT)
        return
    sign, ink = {
        EngineStatus.UP: ("●", Ink.ACCENT),
        EngineStatus.DOWN: ("✗", Ink.BAD),
        EngineStatus.UNKNOWN: ("○", Ink.FAINT),
    }[engine.status]
    yield Span(f"{sign} ", ink)
    if engine.status is EngineStatus.DOWN:
        yield Span(f"{engine.name} down", Ink.BAD)
        yield from _others(snapshot)
        return
    version = f" {engine.version}" if engine.version and detail > 1 else ""
    yield Span(f"{engine.name}{version}", Ink.INK)
    seal = engine_badge(snapshot, engine)
    loud = seal.ink in {Ink.ATTENTION, Ink.BAD}
    yield Span(f" {seal.text if worded else seal.text[:1]}", seal.ink if loud else Ink.SOFT)
    yield from _others(snapshot)
    if detail > 2 and engine.loaded:
        yield Span(f"  {engine.loaded[0].name}", Ink.SOFT)


def _others(snapshot: Snapshot) -> Iterator[Span]:
    if len(snapshot.engines) > 1:
        yield Span(f" +{len(snapshot.engines) - 1}", Ink.SOFT)
