"""A row of numbered tabs; the chosen one stands in brackets, so that it needs no colour."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message

from b4tui.tui.paint import Ink, Line, Span, width_of
from b4tui.tui.widgets.inked import Panel


class TabRow(Panel):
    """Tabs by number; a click chooses."""

    @dataclass
    class Chosen(Message):
        """The operator clicked a tab."""

        index: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._labels: tuple[str, ...] = ()

    def show(self, labels: tuple[str, ...], chosen: int, first: int = 1, aside: str = "") -> None:
        """The tabs as they are now; `chosen` counts from 0, `first` is the first tab's key, `aside` stands right."""
        self._labels = labels
        spans = tabs(labels, chosen, first)
        if width_of(spans) > (self.size.width or self.app.size.width):
            spans = tabs(labels, chosen, first, close=True)
        self.show_lines((Line(spans, (Span(aside, Ink.SOFT), Span(" ")) if aside else ()),))

    def on_click(self, event: events.Click) -> None:
        """Choose the tab under the pointer."""
        spans = self.lines[0].left if self.lines else ()
        for index in range(len(self._labels)):
            if event.x < width_of(spans[: 4 * (index + 1)]):
                self.post_message(self.Chosen(index))
                return


def tabs(labels: tuple[str, ...], chosen: int, first: int, *, close: bool = False) -> tuple[Span, ...]:
    """Four spans a tab; `close` together where the terminal is small."""
    apart = "" if close else " "
    spans: list[Span] = []
    for index, label in enumerate(labels):
        at = index == chosen
        spans.append(Span("[" if at else apart, Ink.ACCENT))
        spans.append(Span(f"{index + first} ", Ink.ACCENT if at else Ink.FAINT))
        spans.append(Span(label, Ink.STRONG if at else Ink.SOFT))
        spans.append(Span("] " if at else f" {apart}", Ink.ACCENT))
    return tuple(spans)
