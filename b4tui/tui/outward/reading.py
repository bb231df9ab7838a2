"""How the operator looks at one payload: as text, bytes or changes; wrapped or not; what is looked for; where."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import Enum, auto

from b4tui.escalation.door.spots import read_body
from b4tui.escalation.types import Approval, PayloadShown
from b4tui.tui.outward.asking import finding_elsewhere, finding_note, stays_here
from b4tui.tui.outward.marking import Kind, Mark, Marks, located, marks_of, matches
from b4tui.tui.outward.pages import HexPage, NotesPage, Page, text_page
from b4tui.tui.paint import Ink, Line, Span, line, wrapped

MOST_SHOWN = 256 * 1024
"""Bytes of a payload that can be shown, and so approved (research/textual.md 5.2)."""


class View(Enum):
    """The ways to look at it."""

    TEXT = auto()
    BYTES = auto()
    CHANGES = auto()


def unreadable(approval: Approval, shown: PayloadShown | None) -> str:
    """Why a payload cannot be shown, and so not be approved; "" where it can."""
    if approval.size > MOST_SHOWN or (shown is not None and len(shown.body) > MOST_SHOWN):
        return (
            f"It has {approval.size:,} bytes, and no more than {MOST_SHOWN:,} can be shown here. What cannot be read "
            "cannot be approved: deny it, or export it with o to review it elsewhere."
        )
    if shown is not None and hashlib.sha256(shown.body).hexdigest() != approval.sha256:
        return "These are not the bytes that were asked about (another sha256): deny it, and look at `b4tui ledger`."
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One payload, one way of looking at it.

    `chosen` numbers the finding the operator went to, -1 for none; `at` is the character of the mark they are at.
    """

    approval: Approval
    shown: PayloadShown = field(repr=False)
    text: str = field(repr=False)
    view: View = View.TEXT
    wrapped: bool = True
    wanted: str = ""
    found: tuple[Mark, ...] = field(default=(), repr=False)
    chosen: int = -1
    at: int = -1
    changes: tuple[Line, ...] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, approval: Approval, shown: PayloadShown) -> Reading:
        """From the beginning, as text."""
        return cls(approval=approval, shown=shown, text=read_body(shown.body))

    @property
    def marks(self) -> Marks:
        """Everything that stands out in the text."""
        return marks_of(self.text, self.approval.findings, self.shown.spots, self.found)

    def page(self, width: int) -> Page:
        """What to draw."""
        if self.view is View.BYTES:
            return HexPage(self.shown.body, width)
        if self.view is View.CHANGES:
            return NotesPage(self.changes or (line(Span("Comparing…", Ink.FAINT)),))
        findings = self.approval.findings
        notes = {number: finding_note(one, chosen=number == self.chosen) for number, one in enumerate(findings)}
        above = [*self._head(width), *self._elsewhere()]
        return text_page(self.text, self.marks, width, wrapped=self.wrapped, above=above, notes=notes)

    def _head(self, width: int) -> list[Line]:
        """What goes out before the body: every header."""
        told = " · ".join(f"{name}: {value}" for name, value in self.shown.headers)
        return [*wrapped(told, width, Ink.FAINT, limit=8000), Line()] if told else []

    def _elsewhere(self) -> list[Line]:
        """Findings that cannot be shown in place."""
        told = {place.finding for place in located(self.approval.findings, self.shown.spots)}
        rows = [
            finding_elsewhere(one, chosen=number == self.chosen)
            for number, one in enumerate(self.approval.findings)
            if number not in told
        ]
        return [*rows, Line()] if rows else []

    def stop(self, place: int, by: int) -> Mark | None:
        """The next place to look at from a character on, round the end: what is looked for, else what was found."""
        stops = self.found or tuple(mark for mark in self.marks.all if mark.kind is Kind.FINDING)
        if not stops:
            return None
        if by > 0:
            return next((mark for mark in stops if mark.start > place), stops[0])
        return next((mark for mark in reversed(stops) if mark.start < place), stops[-1])

    @property
    def said(self) -> str:
        """What is shown, for the border."""
        if self.view is View.BYTES:
            return "BYTES"
        if self.view is View.CHANGES:
            return "CHANGES since the last one approved"
        what = "WHAT WANTED TO LEAVE" if stays_here(self.approval) else "WHAT LEAVES"
        return f"{what}, byte for byte" if self.wrapped else f"{what}, not wrapped"


def look_for(reading: Reading, wanted: str) -> tuple[Mark, ...]:
    """Where the payload holds what the operator looks for."""
    return matches(reading.text, wanted)
