"""Who is answered and who waits at each engine: class, agent, bead, age; and what the server says of its load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from b4tui.engines.interface import ServerLoad
from b4tui.runtime.snapshot import EngineView, RequestView, Snapshot
from b4tui.tui import words
from b4tui.tui.paint import Ink, Line, Span, flowing, line

MOST_ROWS = 40
"""Requests of one engine that are listed; the counts by class are always of all."""
NAME = 12

Row = tuple[str, Line]
"""A line and the bead it is about, "" where it is about none."""


def request_rows(snapshot: Snapshot, now: datetime, width: int) -> tuple[Row, ...]:
    """The section for a pane of `width` cells."""
    return tuple(row for engine in snapshot.engines for row in _engine(engine, snapshot, now, width))


def _engine(engine: EngineView, snapshot: Snapshot, now: datetime, width: int) -> Iterator[Row]:
    queue = engine.queue
    counts = f"{len(queue.running)} of {words.plural(queue.slots, 'slot')} busy, {len(queue.waiting)} waiting"
    simulated = (Span("  "), Span(" SIMULATED ", Ink.INVERSE)) if engine.simulated else ()
    yield "", line(Span(engine.name, Ink.STRONG), Span(f"  {counts}", Ink.SOFT), *simulated)
    if engine.load is not None:
        for row in flowing(_load(engine.load), width, (Span("  server says ", Ink.FAINT),)):
            yield "", row
    for request in queue.running[:MOST_ROWS]:
        yield request.bead, _request(request, snapshot, now, Span("  ● ", Ink.ACCENT))
    if queue.waiting:
        for row in flowing(_by_class(queue.waiting, now), width, (Span("  waiting     ", Ink.FAINT),)):
            yield "", row
    for request in queue.waiting[:MOST_ROWS]:
        yield request.bead, _request(request, snapshot, now, Span("  ◐ ", Ink.INFO))
    if (more := len(queue.waiting) - MOST_ROWS) > 0:
        yield "", line(Span(f"    … {more:,} more wait", Ink.FAINT))


def _by_class(waiting: Sequence[RequestView], now: datetime) -> Iterator[tuple[Span, ...]]:
    """How many of each class wait, and how long its oldest has."""
    classes = dict.fromkeys(request.request_class for request in waiting)
    for name in classes:
        ages = [words.seconds_between(one.since, now) for one in waiting if one.request_class == name]
        yield Span(f"{_words(name)} {len(ages)}", Ink.INK), Span(f" oldest {words.span(max(ages))}", Ink.SOFT)


def _request(request: RequestView, snapshot: Snapshot, now: datetime, sign: Span) -> Line:
    name = next((view.name for view in snapshot.agents if view.key == request.agent), request.agent)
    return line(
        sign,
        Span(f"{_words(request.request_class)[:16]:<16} ", Ink.INK),
        Span(f"{name[:NAME]:<{NAME}} ", Ink.STRONG),
        Span(f"{request.bead[:NAME]:<{NAME}} ", Ink.SOFT),
        Span(request.model, Ink.FAINT),
        right=(Span(f"{words.span(words.seconds_between(request.since, now)):>5}", Ink.INK),),
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _load(load: ServerLoad) -> Iterator[tuple[Span, ...]]:
    """Only what it says: figures that are not served are left out here, because each server serves others."""
    said = (
        (load.running, "{} running"),
        (load.waiting, "{} waiting"),
        (_percent(load.cache_used), "context memory {} % full"),
        (_percent(load.cache_hits), "{} % of prompts from cache"),
        (None if load.prompt_tokens is None else words.count(load.prompt_tokens), "{} tok read"),
        (None if load.generated_tokens is None else words.count(load.generated_tokens), "{} tok written"),
    )
    for value, text in said:
        if value is not None:
            yield (Span(text.format(value), Ink.SOFT),)


def _percent(share: float | None) -> int | None:
    return None if share is None else round(100 * share)
