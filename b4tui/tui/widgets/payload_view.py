"""The second band of an approval: the payload, how it is looked at, and the line to look for something in it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input

from b4tui.escalation.door.spots import read_body
from b4tui.tui.outward.marking import Kind
from b4tui.tui.outward.pages import NotesPage
from b4tui.tui.outward.payload_diff import diff_lines
from b4tui.tui.outward.reading import Reading, View, look_for
from b4tui.tui.outward.seen import Seen
from b4tui.tui.paint import Ink, Line, wrapped
from b4tui.tui.widgets.payload_pane import PayloadPane
from b4tui.tui.widgets.safe_input import SafeInput


class SearchInput(SafeInput):
    """Where the operator types what to look for."""

    def on_key(self, event: events.Key) -> None:
        """Escape leaves the line, before the screen sees the key."""
        if event.key == "escape":
            event.stop()
            self.post_message(PayloadView.Searched(""))


class PayloadView(Vertical):
    """One payload. It holds how it is looked at; what was read of it is the screen's to keep."""

    @dataclass
    class Searched(Message):
        """The operator left the search line; `wanted` is "" when nothing is looked for any more."""

        wanted: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.reading: Reading | None = None
        self.seen = Seen(0)

    def compose(self) -> ComposeResult:
        """The payload and the hidden search line."""
        yield PayloadPane(id="payload")
        yield SearchInput(placeholder="look for…", id="search")

    def on_mount(self) -> None:
        """Nothing is looked for yet."""
        self.query_one(SearchInput).display = False
        self.pane.add_class("panel")

    @property
    def pane(self) -> PayloadPane:
        """The rows."""
        return self.query_one(PayloadPane)

    @property
    def searching(self) -> bool:
        """Whether the operator is typing what to look for."""
        return bool(self.query_one(SearchInput).display)

    # What is shown -----------------------------------------------------------------------------------------------

    def say(self, text: str, ink: Ink = Ink.SOFT) -> None:
        """Show a sentence in place of a payload."""
        self.reading = None
        self.pane.write(lambda width: NotesPage((Line(), *wrapped(text, width, ink))), Seen(0))
        self.entitle()

    def read(self, reading: Reading, seen: Seen) -> None:
        """Show a payload from its beginning."""
        self.reading, self.seen = reading, seen
        self.pane.write(reading.page, seen)
        self.entitle()

    def _look(self, reading: Reading, *, keep_place: bool = True) -> None:
        self.reading = reading
        self.pane.write(reading.page, self.seen, keep_place=keep_place)
        self.entitle()

    def entitle(self) -> None:
        """The border: what this is, how much there is, how much of it was seen."""
        reading = self.reading
        if reading is None:
            self.pane.entitle("PAYLOAD")
            return
        first, last = self.pane.rows_in_view
        share = f"seen {100 * self.seen.share:.0f} %" if self.seen.share < 1 else "all seen"
        if 0.99 <= self.seen.share < 1:
            share = "seen 99 %"
        found = f" · {len(reading.found):,} found" if reading.wanted else ""
        size = f"{len(reading.shown.body):,} bytes · sha256 {reading.approval.sha256[:8]}…"
        head = reading.said if reading.view is not View.TEXT else f"{reading.said} · {share}"
        self.pane.entitle(head, f"{size} · rows {first:,} to {last:,} of {self.pane.page.count:,}{found}")

    # Ways of looking ---------------------------------------------------------------------------------------------

    def turn(self, view: View) -> None:
        """Look at it in this way, or as text again."""
        if self.reading is None:
            return
        view = View.TEXT if self.reading.view is view else view
        self._look(replace(self.reading, view=view), keep_place=False)
        if view is View.CHANGES and self.reading.changes is None:
            self.run_worker(self._compare(self.reading), group="compare", exclusive=True, exit_on_error=False)

    async def _compare(self, reading: Reading) -> None:
        previous = reading.shown.previous
        if previous is None:
            why = "Nothing was approved for this run before. = shows the payload again."
            told: tuple[Line, ...] = tuple(wrapped(why, self.pane.room, Ink.SOFT))
        else:
            told = await asyncio.to_thread(diff_lines, read_body(previous), reading.text, self.pane.room)
        if self.reading is not None and self.reading.approval.sha256 == reading.approval.sha256:
            self._look(replace(self.reading, changes=told), keep_place=False)

    def wrap(self) -> None:
        """Wrap rows, or not."""
        if self.reading is not None and self.reading.view is View.TEXT:
            self._look(replace(self.reading, wrapped=not self.reading.wrapped))

    # Looking for something ---------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Open the search line."""
        if self.reading is not None:
            search = self.query_one(SearchInput)
            search.display = True
            search.value = self.reading.wanted
            search.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Searched(event.value))

    def search(self, wanted: str) -> int:
        """Mark what is looked for and go to the first of it; how many there are."""
        self.query_one(SearchInput).display = False
        if self.reading is None:
            return 0
        found = look_for(self.reading, wanted)
        self._look(replace(self.reading, view=View.TEXT, wanted=wanted, found=found))
        if found:
            self.pane.go_to(found[0].start)
        return len(found)

    def go_to_mark(self, by: int) -> bool:
        """Go to the next or the last thing that was looked for or found; False where there is none."""
        if self.reading is None:
            return False
        stop = self.reading.stop(self._place(), by)
        if stop is None:
            return self._choose_elsewhere(by)
        if stop.kind is Kind.FINDING:
            self._look(replace(self.reading, view=View.TEXT, chosen=stop.finding, at=stop.start))
        else:
            self._look(replace(self.reading, view=View.TEXT, at=stop.start))
        self.pane.go_to(stop.start)
        return True

    def _place(self) -> int:
        return -1 if self.reading is None else self.reading.at

    def _choose_elsewhere(self, by: int) -> bool:
        """Findings without a place stand above the payload: go through them by number."""
        reading = self.reading
        if reading is None or not reading.approval.findings:
            return False
        chosen = (reading.chosen + by) % len(reading.approval.findings)
        self._look(replace(reading, view=View.TEXT, chosen=chosen), keep_place=False)
        return True

    def go_to_unseen(self) -> None:
        """To the first character that was not on the screen yet."""
        if self.reading is not None and not self.seen.whole:
            self._look(replace(self.reading, view=View.TEXT))
            self.pane.go_to(self.seen.next_unseen())
