"""What broke last, in words: the errors among the activity, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from b4tui.runtime.snapshot import Activity, Level, Snapshot
from b4tui.tui import words
from b4tui.tui.paint import Ink, Line, Span, line, wrapped

MOST_ERRORS = 50
INDENT = 9
"""Cells of the clock that the words stand beside."""

Row = tuple[str, Line]
"""A line and the bead it is about, "" where it is about none."""


def trouble_rows(snapshot: Snapshot, now: datetime, width: int) -> tuple[Row, ...]:
    """The section for a pane of `width` cells. `now` is local time, whose clock is shown."""
    errors = [item for item in snapshot.activity if item.level is Level.ERROR]
    errors = sorted(errors, key=lambda item: item.at, reverse=True)[:MOST_ERRORS]
    if not errors:
        return (("", line(Span(" Nothing has broken since the start.", Ink.SOFT))),)
    return tuple(row for item in errors for row in _error(item, now, width))


def _error(item: Activity, now: datetime, width: int) -> Iterator[Row]:
    clock = f"{item.at.astimezone(now.tzinfo):%H:%M:%S} "
    old = f"{words.age(words.seconds_between(item.at, now))} ago"
    about = f"  {item.bead}" if item.bead else ""
    head = line(
        Span(clock, Ink.FAINT), Span(item.who, Ink.STRONG), Span(about, Ink.SOFT), right=(Span(old, Ink.FAINT),)
    )
    yield item.bead, head
    for row in wrapped(item.text, max(10, width - INDENT), Ink.BAD, limit=2000):
        yield item.bead, Line((Span(" " * INDENT), *row.left))
