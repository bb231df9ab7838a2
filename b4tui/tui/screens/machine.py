"""The machine: what it has been doing, who holds its memory, the models, who asks and waits, tokens, what broke."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from b4tui.runtime.snapshot import Snapshot
from b4tui.tui import words
from b4tui.tui.keymap import bindings
from b4tui.tui.machine.history import history_lines
from b4tui.tui.machine.memory import memory_lines
from b4tui.tui.machine.models import model_lines
from b4tui.tui.machine.requests import request_rows
from b4tui.tui.machine.tokens import token_lines
from b4tui.tui.machine.troubles import trouble_rows
from b4tui.tui.paint import Line
from b4tui.tui.screens.base import HouseScreen
from b4tui.tui.widgets.lines import Lines
from b4tui.tui.widgets.tab_row import TabRow
from b4tui.tui.widgets.text_pane import Rows, TextPane, numbered

SECTIONS = ("Graphs", "Memory", "Models", "Requests", "Tokens", "Errors")
TITLES = ("GRAPHS, ten minutes", "MEMORY", "MODELS", "REQUESTS", "TOKENS", "ERRORS")
PANES = tuple(f"#{name.lower()}" for name in SECTIONS)
LEFT = (0, 1, 5)
"""Sections of the left side, where there are two."""
SHARES = {"#memory": 0.34, "#errors": 0.2, "#requests": 0.25, "#tokens": 0.36}
"""The largest part of the height that a section may take; graphs and models get what the others leave."""
EDGES = 2
LEAST_ROWS = 3


class Section(TextPane):
    """One section; a request or an error leads to its bead, everything else is read."""

    @property
    def bead(self) -> str:
        """The bead that the row under the cursor is about; "" where it is about none."""
        return self.key.partition(":")[2]

    @property
    def opens(self) -> bool:
        """Only what is about a bead leads anywhere."""
        return bool(self.bead)


class MachineScreen(HouseScreen):
    """Everything about the machine; `escape` or `g` returns to where the operator came from."""

    BINDINGS = bindings("machine")
    HERE = "machine"
    AUTO_FOCUS = ""

    def __init__(self) -> None:
        super().__init__()
        self._tab = 0
        self._drawn: object = None
        self._heights: dict[str, int] = {}

    def body(self) -> ComposeResult:
        """Two sides of three sections; one section where there is room for one."""
        with Vertical(id="main"):
            yield TabRow(id="tabs")
            with Horizontal(id="sides"):
                with Vertical(id="left"):
                    for index in LEFT:
                        yield Section(id=SECTIONS[index].lower())
                with Vertical(id="right"):
                    for index in range(len(SECTIONS)):
                        if index not in LEFT:
                            yield Section(id=SECTIONS[index].lower())

    def on_mount(self) -> None:
        """Titles, and the keys in the first section."""
        self.drawable = True
        for number, (selector, title) in enumerate(zip(PANES, TITLES, strict=True), start=1):
            pane = self.query_one(selector, TextPane)
            pane.add_class("panel")
            pane.entitle(f"{number} {title}")
        self.go_to_section(0)

    # What is shown -----------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw the sections that are seen."""
        super().show(snapshot)
        now = self.console.clock().astimezone()
        stale = words.stale(snapshot.machine.at, now) if snapshot.machine else ""
        self.query_one(TabRow).show(SECTIONS, self._tab, aside=stale)
        self._show_graphs(snapshot, now, stale)
        self._show("#memory", lambda width: numbered(memory_lines(snapshot, width)))
        self._show("#models", lambda width: numbered(model_lines(snapshot, now, width)))
        self._show("#requests", lambda width: _keyed(request_rows(snapshot, now, width)))
        self._show("#tokens", lambda width: numbered(token_lines(snapshot, width)))
        self._show("#errors", lambda width: _keyed(trouble_rows(snapshot, now, width)))
        self._fit()

    def _show_graphs(self, snapshot: Snapshot, now: datetime, stale: str) -> None:
        """Six hundred samples make a graph: it is drawn anew only when one came, or when the newest grew too old."""
        pane = self.query_one("#graphs", TextPane)
        state = (snapshot.machine, len(snapshot.history), stale)
        if state != self._drawn and self._seen("#graphs"):
            self._drawn = state
            pane.write(lambda width: numbered(history_lines(snapshot, now, width, pane.size.height)))

    def _show(self, selector: str, writer: Callable[[int], Rows]) -> None:
        if self._seen(selector):
            self.query_one(selector, TextPane).write(writer)

    def _seen(self, selector: str) -> bool:
        return not self.narrow or selector == PANES[self._tab]

    def _fit(self) -> None:
        """Each section is as high as what it says, within its share; graphs and models take the rest."""
        room = self.query_one("#sides").size.height
        for selector, share in SHARES.items():
            pane = self.query_one(selector, TextPane)
            rows = max(LEAST_ROWS, min(len(pane.keys), int(room * share) - EDGES)) + EDGES
            height = 0 if self.narrow else rows
            if self._heights.get(selector) != height:
                self._heights[selector] = height
                pane.styles.height = height or "1fr"

    # Where the operator is ---------------------------------------------------------------------------------------

    def go_to_section(self, index: int) -> None:
        """Bring a section to the front and put the keys in it."""
        self._tab = index % len(SECTIONS)
        for number, selector in enumerate(PANES):
            self.query_one(selector).set_class(number == self._tab, "-current")
        self.query_one("#left").set_class(self._tab in LEFT, "-current")
        self.query_one("#right").set_class(self._tab not in LEFT, "-current")
        self.catch_up()
        self.query_one(PANES[self._tab]).focus()

    def on_descendant_focus(self) -> None:
        """A click or tab into a section is a choice of it."""
        focused = self.focused
        index = next((n for n, name in enumerate(PANES) if focused is not None and f"#{focused.id}" == name), self._tab)
        if index != self._tab:
            self.go_to_section(index)

    @on(TabRow.Chosen)
    def _chosen(self, event: TabRow.Chosen) -> None:
        self.go_to_section(event.index)

    @on(Lines.Opened)
    def _opened(self, event: Lines.Opened) -> None:
        """A request or an error leads to its bead."""
        if bead := event.key.partition(":")[2]:
            self.console.open_bead(bead)

    def action_section(self, index: int) -> None:
        """Go to a section by number."""
        self.go_to_section(index)

    def action_beside(self, by: int) -> None:
        """Go to the section beside."""
        self.go_to_section(self._tab + by)

    def action_back(self) -> None:
        """Return to where the operator came from."""
        self.dismiss(None)

    def action_copy_pane(self) -> None:
        """Copy all text of the section in front."""
        self.console.copy(self.query_one(PANES[self._tab], TextPane).text())


def _keyed(rows: Sequence[tuple[str, Line]]) -> Rows:
    """Rows whose keys say which bead they are about."""
    return tuple((f"{number}:{bead}", text) for number, (bead, text) in enumerate(rows))
