"""A line where the operator types what to look for, with what was found beside it. Hidden until it is opened."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from b4tui.tui.paint import Ink, Line, Span
from b4tui.tui.widgets.inked import Panel
from b4tui.tui.widgets.safe_input import SafeInput


class SearchBar(Horizontal):
    """`enter` keeps what was typed, `escape` drops it."""

    @dataclass
    class Changed(Message):
        """Something else is looked for."""

        text: str

    @dataclass
    class Left(Message):
        """The operator is done typing; `keep` when it stays."""

        keep: bool

    def __init__(self, placeholder: str, *, suggester: Suggester | None = None, id: str | None = None) -> None:
        super().__init__(id=id)
        self._placeholder = placeholder
        self._suggester = suggester

    def compose(self) -> ComposeResult:
        """The input and what is said about it."""
        yield Panel(id="search-sign")
        yield SafeInput(placeholder=self._placeholder, suggester=self._suggester)
        yield Panel(id="search-said")

    def on_mount(self) -> None:
        """The sign in front, and nobody is looking for anything."""
        self.query_one("#search-sign", Panel).show_lines((Line((Span(" / ", Ink.ACCENT),)),))
        self.display = False

    def open(self) -> None:
        """Show the line and put the cursor in it."""
        self.display = True
        self.query_one(SafeInput).focus()

    def close(self) -> None:
        """Hide the line and forget the text."""
        self.query_one(SafeInput).value = ""
        self.display = False

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Say how many were found, or what is wrong."""
        self.query_one("#search-said", Panel).show_lines((Line((Span(text, Ink.BAD if wrong else Ink.SOFT),)),))

    def heard(self, text: str) -> None:
        """The text is another one now."""
        self.post_message(self.Changed(text))

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.heard(event.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Left(keep=True))

    def on_key(self, event: events.Key) -> None:
        """Escape drops the text, before the screen sees the key."""
        if event.key == "escape":
            event.stop()
            self.post_message(self.Left(keep=False))
