"""The steps that some decisions want besides a key: type the host, type how many. What is pasted there is ignored."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from b4tui.escalation.types import Approval
from b4tui.tui import words
from b4tui.tui.keymap import bindings
from b4tui.tui.outward.asking import size_words
from b4tui.tui.paint import Ink, Line, Span, line
from b4tui.tui.widgets.inked import Panel, TextPanel
from b4tui.tui.widgets.key_bar import KeyBar
from b4tui.tui.widgets.safe_input import SafeInput
from b4tui.tui.widgets.text_pane import TextPane, numbered

MOST_ITEMS, LEAST_ITEMS = 12, 3
"""Rows for what is listed; where there are more items they are scrolled."""
BESIDE_ITEMS = 14
"""Rows that the question, the line to type in, what is said below it, and the frame may take."""


class TypedInput(SafeInput):
    """Takes what is typed and nothing that is pasted: who pastes has not read."""

    def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()


class TypedScreen(ModalScreen[str | None]):
    """Asks for a word to be typed exactly; anything else is not an answer. Leaves with the word, or None."""

    BINDINGS = bindings("dialog")

    def __init__(self, told: str, wanted: str, items: Sequence[Line] = ()) -> None:
        super().__init__()
        self._told = told
        self._wanted = wanted
        self._items = tuple(items)

    def compose(self) -> ComposeResult:
        """What it is about, what is listed, the line to type in."""
        with Vertical(classes="dialog wide-typed"):
            yield TextPanel(self._told, Ink.ATTENTION, id="question")
            if self._items:
                yield TextPane(id="items")
            yield TypedInput(id="typed")
            yield Panel(id="said")
        yield KeyBar()

    def on_mount(self) -> None:
        """Write it."""
        if self._items:
            pane = self.query_one("#items", TextPane)
            room = self.app.size.height * 9 // 10 - BESIDE_ITEMS
            pane.styles.height = min(len(self._items), MOST_ITEMS, max(LEAST_ITEMS, room))
            pane.write(lambda _width: numbered(self._items))
        self.query_one(TypedInput).focus()

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip() == self._wanted:
            self.dismiss(self._wanted)
        else:
            told = line(Span(f"That is not {self._wanted}. Nothing was decided.", Ink.BAD))
            self.query_one("#said", Panel).show_lines((told,))

    def action_dismiss_dialog(self) -> None:
        """Leave without deciding."""
        self.dismiss(None)


def typed_host(approval: Approval) -> TypedScreen:
    """The second step of high risk: the host, typed."""
    host = approval.destination.host
    told = f"These {approval.size:,} bytes are of high risk. Type the host they go to, {host}, to approve them."
    return TypedScreen(told, host)


def typed_count(approvals: Sequence[Approval]) -> TypedScreen:
    """The confirmation of a batch: every item with its digest, and their number typed."""
    first, count = approvals[0], len(approvals)
    told = (
        f"Approve {words.plural(count, 'payload')} of {first.agent} to {first.destination.host}, "
        f"{first.destination.model}. Type how many they are to approve them all."
    )
    items = [
        line(
            Span(f"{size_words(one.size):>8}  ", Ink.INK),
            Span(f"sha256 {one.sha256[:16]}…  ", Ink.SOFT),
            Span(f"{one.bead}  {one.reason}", Ink.SOFT),
        )
        for one in approvals
    ]
    return TypedScreen(told, str(count), items)
