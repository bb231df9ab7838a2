"""The dashboard: the board in four columns, the agents, the machine, and what happened."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from b4tui.runtime.operator import Verb, applies, why_not
from b4tui.runtime.snapshot import Snapshot
from b4tui.tui import cards, words
from b4tui.tui.attention import wants
from b4tui.tui.cards import Column, Deck
from b4tui.tui.filter import Filter
from b4tui.tui.keymap import bindings
from b4tui.tui.paint import title
from b4tui.tui.screens.base import HouseScreen
from b4tui.tui.widgets.activity import ActivityStrip
from b4tui.tui.widgets.agents_panel import AgentsPanel
from b4tui.tui.widgets.board_column import BoardColumn, counted
from b4tui.tui.widgets.filter_bar import FilterBar
from b4tui.tui.widgets.lines import Lines
from b4tui.tui.widgets.machine_panel import MachinePanel
from b4tui.tui.widgets.safe_input import SafeInput
from b4tui.tui.widgets.tab_row import TabRow

COLUMNS = tuple(Column)
LOWER_LEAST, LOWER_MOST = 5, 10
"""Fewest and most rows of agents and machine beside each other."""


class DashboardScreen(HouseScreen):
    """The first screen, and the one that `escape` always leads back to."""

    BINDINGS = bindings("dashboard")
    KEEPS = ("approvals",)
    AUTO_FOCUS = "#column-ready"

    def __init__(self) -> None:
        super().__init__()
        self.filter = Filter()
        self._column = 0
        self._lower = ""
        self._chosen: tuple[object, dict[Column, tuple[str, ...]]] = (None, {})

    def body(self) -> ComposeResult:
        """Board above, agents and machine below, activity last."""
        with Vertical(id="main"):
            yield TabRow(id="columns")
            with Horizontal(id="board"):
                for column in COLUMNS:
                    yield BoardColumn(column)
            with Horizontal(id="lower"):
                yield AgentsPanel(id="agents")
                yield MachinePanel(id="machine")
            yield ActivityStrip(id="activity")
            yield FilterBar()

    def on_mount(self) -> None:
        """Names of the panels."""
        for id_, name in (("agents", "AGENTS"), ("machine", "MACHINE"), ("activity", "ACTIVITY")):
            panel = self.query_one(f"#{id_}")
            panel.border_title = title(name)
            panel.add_class("panel")
        self._mark_column()

    # What is shown -----------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot."""
        super().show(snapshot)
        now = self.console.clock()
        chosen = self._filtered(snapshot)
        deck = Deck(snapshot, now)
        for column in self.query(BoardColumn):
            if column.display or not self.narrow:
                keys = chosen[column.column]
                column.show(snapshot, keys, deck, short=self.narrow, filtered=bool(self.filter))
        self.query_one(TabRow).show(
            tuple(f"{name.upper()} {counted(len(chosen[name]), len(cards.ids(snapshot, name)))}" for name in COLUMNS),
            self._column,
        )
        self.query_one(AgentsPanel).show(snapshot, now)
        self.query_one(MachinePanel).show(snapshot, now, self.narrow)
        self.query_one(ActivityStrip).show(snapshot)
        self._fit_lower(snapshot)
        self._say_count(snapshot, chosen)

    def _fit_lower(self, snapshot: Snapshot) -> None:
        """Agents and machine stand side by side and are as high as the higher of them needs, within bounds."""
        rows = max(len(snapshot.agents), len(self.query_one(MachinePanel).lines), LOWER_LEAST)
        height = "auto" if self.narrow else str(min(rows, LOWER_MOST) + 2)
        if height != self._lower:
            self._lower = height
            self.query_one("#lower").styles.height = height

    def _filtered(self, snapshot: Snapshot) -> dict[Column, tuple[str, ...]]:
        """The ids per column; filtered anew only when board, routes or filter changed."""
        version = snapshot.board.version if snapshot.board else ""
        running = frozenset(key for key, run in snapshot.runs.items() if run.ended_at is None)
        state = (version, snapshot.columns, self.filter, running)
        if self._chosen[0] != state:
            now = self.console.clock().timestamp()
            ids = {
                column: self.filter.chosen(snapshot, column.value, cards.ids(snapshot, column), now)
                for column in COLUMNS
            }
            ids[Column.WORKING] = cards.running_first(snapshot, ids[Column.WORKING])
            self._chosen = (state, ids)
        return self._chosen[1]

    def _say_count(self, snapshot: Snapshot, chosen: dict[Column, tuple[str, ...]]) -> None:
        if self.filter:
            total = sum(len(cards.ids(snapshot, column)) for column in COLUMNS)
            found = sum(len(keys) for keys in chosen.values())
            self.query_one(FilterBar).say(f"{found:,} of {words.plural(total, 'bead')}   enter keeps, esc clears")

    # Where the operator is ---------------------------------------------------------------------------------------

    @property
    def column(self) -> BoardColumn:
        """The column the operator is in, or was last."""
        return self.query_one(f"#column-{COLUMNS[self._column]}", BoardColumn)

    @property
    def bead(self) -> str:
        """The bead the keys act on: under the cursor of whatever has the focus."""
        focused = self.focused
        if isinstance(focused, AgentsPanel):
            return next((view.bead for view in self.console.snapshot.agents if view.key == focused.key), "")
        if isinstance(focused, ActivityStrip):
            return focused.bead_of(focused.key)
        return self.column.key

    def _mark_column(self) -> None:
        for column in self.query(BoardColumn):
            column.set_class(column is self.column, "-current")

    def go_to_column(self, index: int) -> None:
        """Bring a column to the front and put the keys in it."""
        self._column = index % len(COLUMNS)
        self._mark_column()
        self.catch_up()
        self.column.focus()

    def on_descendant_focus(self) -> None:
        """Remember the column, and let the foot line follow."""
        if isinstance(self.focused, BoardColumn):
            self._column = COLUMNS.index(self.focused.column)
            self._mark_column()
        self.refresh_bindings()

    @on(Lines.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()

    @on(Lines.Opened)
    def _opened(self) -> None:
        if self.bead:
            self.console.open_bead(self.bead)

    @on(TabRow.Chosen)
    def _tab(self, event: TabRow.Chosen) -> None:
        self.go_to_column(event.index)

    # Keys --------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Verbs that do not apply to the bead under the cursor are not offered."""
        if action in {"retry", "cancel"}:
            return self.is_current and Verb(action) in applies(self.console.snapshot, self.bead)
        if action == "attention":
            return bool(wants(self.console.snapshot)) or None
        if action == "new":
            return not self.console.snapshot.read_only
        return True

    def why_not(self, action: str) -> str:
        """Why a key does nothing now."""
        if action == "attention":
            return "nothing waits for you"
        if action == "new":
            return f"the board cannot be written: {self.console.snapshot.read_only}"
        return why_not(Verb(action), self.console.snapshot, self.bead) if action in {"retry", "cancel"} else ""

    def action_column(self, index: int) -> None:
        """Go to a column by number."""
        self.go_to_column(index)

    def action_beside(self, by: int) -> None:
        """Go to the column beside."""
        self.go_to_column(self._column + by)

    def action_agents(self) -> None:
        """Go to the agents."""
        self.query_one(AgentsPanel).focus()

    def action_activity(self) -> None:
        """Go to what happened."""
        self.query_one(ActivityStrip).focus()

    def action_attention(self) -> None:
        """Go to the approvals, else to the first bead that waits for the operator, or say what else does."""
        waiting = wants(self.console.snapshot)
        if any(want.approval for want in waiting):
            self.console.action_approvals()
            return
        bead = next((want.bead for want in waiting if want.bead), "")
        if waiting and not (bead and self.go_to_bead(bead)):
            self.console.say(f"{waiting[0].bead} {waiting[0].text}".strip(), wrong=True)

    def go_to_bead(self, bead: str) -> bool:
        """Put the cursor on a bead, whichever column it is in."""
        for index, column in enumerate(COLUMNS):
            if bead in self._filtered(self.console.snapshot)[column]:
                self.go_to_column(index)
                return self.column.select(bead)
        return False

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).open()

    def action_unwind(self) -> None:
        """Undo one thing: the filter, then being elsewhere than on the board."""
        if self.filter:
            self._drop_filter()
        elif self.focused is not self.column:
            self.column.focus()

    def _drop_filter(self) -> None:
        self.filter = Filter()
        self.query_one(FilterBar).close()
        self.catch_up()

    @on(FilterBar.Filtered)
    def _filter_changed(self, event: FilterBar.Filtered) -> None:
        self.filter = event.filter
        self.query_one(FilterBar).say("")
        self.catch_up()

    @on(FilterBar.Left)
    def _filter_left(self, event: FilterBar.Left) -> None:
        if not event.keep or not self.filter:
            self._drop_filter()
        self.column.focus()

    def action_new(self) -> None:
        """Make a bead."""
        self.console.ask.new_bead()

    def action_pause(self) -> None:
        """Pause or resume the agent under the cursor, else all of them."""
        agents = self.console.snapshot.agents
        panel = self.query_one(AgentsPanel)
        key = panel.key if self.focused is panel else None
        concerned = [view for view in agents if key in (None, view.key)]
        operator = self.console.runtime.operator
        name = concerned[0].name if key and concerned else "all agents"
        if concerned and all(view.pausing for view in concerned):
            self.console.perform(operator.resume(key), f"{name}: resumed")
        elif concerned:
            self.console.perform(operator.pause(key), f"{name}: paused; a bead in hand is finished first")

    def action_retry(self) -> None:
        """Give the bead another attempt."""
        self.console.perform(self.console.runtime.operator.retry(self.bead), f"{self.bead} may be tried again")

    def action_cancel(self) -> None:
        """Stop the run at this bead, after a question."""
        self.console.ask.cancel(self.bead)

    def action_copy(self) -> None:
        """Copy the bead's id."""
        if not self.bead:
            self.refuse("y does nothing now: there is no bead under the cursor.")
        elif not isinstance(self.focused, SafeInput):
            self.console.copy(self.bead)
