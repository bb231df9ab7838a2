"""The line where the operator types a filter, with what it finds or what is wrong with it beside it."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from b4tui.tui import filter as language
from b4tui.tui.filter import Filter, FilterError
from b4tui.tui.paint import Ink, Line, Span, plain
from b4tui.tui.widgets.inked import Panel


class SafeInput(Input):
    """An input whose value holds nothing a terminal could act on, however it got there."""

    def validate_value(self, value: str) -> str:
        """Show control characters instead of keeping them."""
        return plain(value, 20_000)


class FieldSuggester(Suggester):
    """Completes the field name that is being typed."""

    async def get_suggestion(self, value: str) -> str | None:
        """The text with its last word completed."""
        head, _, word = value.rpartition(" ")
        bare = word.lstrip("-!")
        if not bare:
            return None
        found = next((name for name in language.FIELDS if name.startswith(bare) and name not in {bare, "p"}), None)
        return f"{head + ' ' if head else ''}{word}{found[len(bare) :]}:" if found else None


class FilterBar(Horizontal):
    """Hidden until `/`; `enter` keeps the filter, `escape` drops it."""

    @dataclass
    class Changed(Message):
        """There is a new filter."""

        filter: Filter

    @dataclass
    class Left(Message):
        """The operator is done typing; `keep` when the filter stays."""

        keep: bool

    def compose(self) -> ComposeResult:
        """The input and what is said about it."""
        yield Panel(id="filter-sign")
        yield SafeInput(
            placeholder="word agent:pltops state:blocked p<=1 age<2h -label:wip", suggester=FieldSuggester()
        )
        yield Panel(id="filter-said")

    def on_mount(self) -> None:
        """The sign in front."""
        self.query_one("#filter-sign", Panel).show_lines((Line((Span(" / ", Ink.ACCENT),)),))

    def open(self) -> None:
        """Show the line and put the cursor in it."""
        self.display = True
        self.query_one(SafeInput).focus()

    def close(self) -> None:
        """Hide the line and forget the text."""
        self.query_one(SafeInput).value = ""
        self.display = False

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Say how many match, or what is wrong."""
        self.query_one("#filter-said", Panel).show_lines((Line((Span(text, Ink.BAD if wrong else Ink.SOFT),)),))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        try:
            self.post_message(self.Changed(language.parse(event.value)))
        except FilterError as error:
            self.say(str(error), wrong=True)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left(keep=True))

    def on_key(self, event: events.Key) -> None:
        """Escape drops the filter, before the screen sees the key."""
        if event.key == "escape":
            event.stop()
            self.post_message(self.Left(keep=False))
