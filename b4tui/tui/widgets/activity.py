"""What happened, newest first: when, who, what, to which bead."""

from __future__ import annotations

from b4tui.runtime.snapshot import Activity, Level, Snapshot
from b4tui.tui.paint import Ink, Line, Span, line
from b4tui.tui.widgets.lines import Lines

SIGNS = {
    Level.INFO: (" ", Ink.SOFT),
    Level.GOOD: ("✓", Ink.SOFT),
    Level.ATTENTION: ("▲", Ink.ATTENTION),
    Level.ERROR: ("✗", Ink.BAD),
}


class ActivityStrip(Lines):
    """The strip of activity; `enter` goes to the bead of a line."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id, empty=(line(Span(" Nothing has happened yet.", Ink.SOFT)),))
        self._rows: dict[str, Activity] = {}
        self._seen: tuple[Activity, ...] = ()

    def show(self, snapshot: Snapshot) -> None:
        """The activity of a snapshot, whichever way round it comes."""
        if snapshot.activity is self._seen:
            return
        self._seen = snapshot.activity
        newest_first = sorted(snapshot.activity, key=lambda item: item.at, reverse=True)
        rows: dict[str, Activity] = {}
        for item in newest_first:
            key = f"{item.at.timestamp()} {item.who} {item.bead} {item.text[:80]}"
            rows[key if key not in rows else f"{key} {len(rows)}"] = item
        at_top = self.cursor == 0
        self._rows = rows
        self.show_rows(tuple(rows), lambda key: (activity_line(rows[key]),))
        if at_top:
            self.cursor = 0

    @property
    def opens(self) -> bool:
        """A line about no bead leads nowhere."""
        return bool(self.bead_of(self.key))

    def bead_of(self, key: str) -> str:
        """The bead a row is about; empty where it is about none."""
        return self._rows[key].bead if key in self._rows else ""


def activity_line(item: Activity) -> Line:
    """One thing that happened."""
    sign, ink = SIGNS[item.level]
    return line(
        Span(f"{item.at.astimezone():%H:%M:%S} ", Ink.FAINT),
        Span(f"{sign} ", ink),
        Span(f"{item.who[:12]:<12} ", Ink.STRONG),
        Span(item.text, ink if item.level in {Level.ATTENTION, Level.ERROR} else Ink.SOFT),
        right=(Span(item.bead, Ink.FAINT),),
    )
