"""The line that never moves: is anything waiting for me? is everything local? who computes? what time is it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from b4tui.escalation.types import Approval, Risk
from b4tui.events import EngineStatus
from b4tui.runtime.snapshot import EngineView, OutwardView, Snapshot
from b4tui.tui import words
from b4tui.tui.attention import wants
from b4tui.tui.badges import chief, engine_badge
from b4tui.tui.outward.asking import SOON_S, size_words, stays_here
from b4tui.tui.paint import GAP, Ink, Line, Span, width_of
from b4tui.tui.widgets.inked import Panel

VARIANTS = (
    (3, "      ", True, "○ nothing waits for you"),
    (3, "   ", True, "○ nothing waits for you"),
    (2, "   ", True, "○ nothing waits"),
    (1, "  ", True, "○ nothing waits"),
    (1, "  ", True, "○ 0 wait"),
    (0, " ", True, "○ nothing waits"),
    (0, " ", True, "○ 0 wait"),
    (0, " ", True, "○ 0"),
    (0, " ", False, "○ 0"),
)
"""Fullest to leanest: how much is said, the gap between answers, whether locality is a word, what nothing is called."""


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
    engine = chief(snapshot)
    for detail, gap, worded, nothing in VARIANTS:
        left = [Span(" "), *_hub(snapshot, detail), Span(gap), *_local(snapshot.outward, detail, worded), Span(gap)]
        left += tuple(_waiting(snapshot, now, detail, worded)) or (Span(nothing, Ink.SOFT),)
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


def _local(outward: OutwardView, detail: int, worded: bool) -> Iterator[Span]:
    """How much ever left; what is broken of what keeps it here. A number of bytes never becomes calm again."""
    if broken := _broken(outward):
        yield Span(f"✗ {broken}" if detail else "✗ gate", Ink.BAD)
        return
    if outward.bytes_out:
        exact = f"{outward.bytes_out:,} bytes" if detail > 2 else size_words(outward.bytes_out)
        locked = " --local-only:" if outward.local_only and detail > 1 else ""
        yield Span(f"↑{locked} {exact} out{', ever' if detail > 1 else ''}", Ink.ATTENTION)
        return
    yield Span("● ", Ink.ACCENT)
    name = "--local-only" if outward.local_only else "local only"
    if not detail:
        yield Span("--local-only: 0 out" if outward.local_only and worded else "local: 0 out", Ink.SOFT)
        return
    yield Span(f"{name}: 0 bytes out, ever" if detail > 1 else f"{name}: 0 out", Ink.SOFT)


def _broken(outward: OutwardView) -> str:
    """What does not stand of what keeps everything here, in words; "" where all of it does."""
    if outward.gate_error:
        return "gate broken: nothing leaves"
    if outward.ledger_error:
        return "ledger broken: nothing leaves"
    return "" if outward.guarded else "no egress guard"


def _waiting(snapshot: Snapshot, now: datetime, detail: int, worded: bool) -> Iterator[Span]:
    """What waits for the operator; nothing where nothing does."""
    waiting, pending = len(wants(snapshot)), snapshot.outward.pending
    if not waiting:
        return
    if pending and worded:
        yield Span(_approvals(pending, now, detail), Ink.ATTENTION)
        if others := waiting - len(pending):
            yield Span(f", {others} more" if detail else f" +{others}", Ink.ATTENTION)
        return
    verb = "waits" if waiting == 1 else "wait"
    yield Span(
        f"▲ {waiting} {verb} for you" if detail > 1 else f"▲ {waiting} {verb}" if detail else f"▲ {waiting}",
        Ink.ATTENTION,
    )


def _approvals(pending: Sequence[Approval], now: datetime, detail: int) -> str:
    """How many, how many of high risk, how long the first has waited; what ends within a minute is said instead."""
    if detail < 2:
        return f"▲ {words.plural(len(pending), 'approval')}"
    ends = min((one.deadline - now).total_seconds() for one in pending)
    oldest = words.age(max((now - one.asked_at).total_seconds() for one in pending))
    when = f"one ends in {max(0, ends):.0f} s" if ends <= SOON_S else f"oldest {oldest}"
    high = sum(one.risk is Risk.HIGH and not stays_here(one) for one in pending)
    told = f" ({high} high)" if high else ""
    return f"▲ {words.plural(len(pending), 'approval')}{told}, {when}"


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
