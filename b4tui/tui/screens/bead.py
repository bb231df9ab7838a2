"""One bead: its text and facts, and beside them what its agent does, changed, was told, and why."""

from __future__ import annotations

from collections.abc import Callable

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from b4tui.board.model import Bead
from b4tui.board.store import BoardError
from b4tui.runtime.operator import Verb, applies, why_not
from b4tui.runtime.snapshot import RunView, Snapshot
from b4tui.tui import bead_reports
from b4tui.tui.bead_reports import Report, failure
from b4tui.tui.bead_view import Page, comment_lines, needed_by
from b4tui.tui.keymap import bindings
from b4tui.tui.paint import Ink, Span, line
from b4tui.tui.screens.base import HouseScreen
from b4tui.tui.widgets.changes_pane import ChangesPane
from b4tui.tui.widgets.stream_pane import StreamPane
from b4tui.tui.widgets.tab_row import TabRow
from b4tui.tui.widgets.text_pane import TextPane, numbered

TABS = ("Bead", "Live", "Changes", "Comments", "History", "Why")
PANES = ("#text", "#live", "#changes", "#comments", "#history", "#why")
VERBS = {
    "retry": Verb.RETRY,
    "cancel": Verb.CANCEL,
    "assign": Verb.ASSIGN,
    "comment": Verb.COMMENT,
    "close_bead": Verb.CLOSE,
    "reopen": Verb.REOPEN,
}


class BeadScreen(HouseScreen):
    """Everything about one bead; `escape` returns to where the operator came from."""

    BINDINGS = bindings("bead")
    AUTO_FOCUS = ""

    def __init__(self, bead_id: str) -> None:
        super().__init__()
        self.bead_id = bead_id
        self._tab = self._beside = 1
        self._verbs: tuple[frozenset[Verb], bool] = (frozenset(), False)
        self._page_state: tuple[object, ...] = ()
        self._reported: dict[int, object] = {}
        self._needed_by: tuple[str, tuple[str, ...]] = ("", ())
        self._told: Bead | None = None
        self._heard = False

    def body(self) -> ComposeResult:
        """Text on the left, tabs on the right; all in tabs where there is room for one."""
        with Vertical(id="main"):
            yield TabRow(id="tabs")
            with Horizontal(id="panes"):
                yield TextPane(id="text")
                yield StreamPane(id="live")
                yield ChangesPane(id="changes")
                yield TextPane(id="comments")
                yield TextPane(id="history")
                yield TextPane(id="why")

    def on_mount(self) -> None:
        """Titles, and the live output in front where there is some."""
        self.drawable = True
        for selector, name in zip(PANES, TABS, strict=True):
            pane = self.query_one(selector, TextPane)
            pane.add_class("panel")
            pane.entitle(name.upper())
        self._heard = self.bead_id in self.console.snapshot.runs
        self._beside = 1 if self._heard else TABS.index("Why")
        self.go_to_tab(1 if self._heard else 0)

    # What is shown -----------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw the bead as it is in this snapshot."""
        super().show(snapshot)
        verbs = (applies(snapshot, self.bead_id), self._releasable is not None)
        if verbs != self._verbs:
            self._verbs = verbs
            self.refresh_bindings()
        self.query_one(TabRow).show(TABS, self._tab, aside=self.bead_id)
        self._show_text(snapshot)
        run = snapshot.runs.get(self.bead_id)
        self.query_one(StreamPane).show_run(run)
        if run is not None and not self._heard:
            self._heard = True
            if self._tab == 0:
                self._put_beside(1)
        self._load_reports(snapshot)

    def tick(self) -> None:
        """The live output comes at its own pace, and only while it is seen."""
        if self._tab == 1 or not self.narrow:
            self.query_one(StreamPane).follow(self.console.runtime.transcript(self.bead_id))

    def _show_text(self, snapshot: Snapshot) -> None:
        bead = snapshot.board.beads.get(self.bead_id) if snapshot.board else None
        run = snapshot.runs.get(self.bead_id)
        now = self.console.clock().astimezone()
        version = snapshot.board.version if snapshot.board else ""
        # Ages are in minutes here, so the page is written anew once a minute at most while nothing changes.
        place = (
            (run.outcome, run.engine, run.model, run.locality, run.digest, run.profile, run.note, run.tokens)
            if run
            else ()
        )
        state = (version, place, self.bead_id in snapshot.attempts_spent, f"{now:%H:%M}")
        if state == self._page_state:
            return
        self._page_state = state
        text = self.query_one("#text", TextPane)
        if bead is None:
            gone = (line(Span(f"{self.bead_id} is not on this board any more.", Ink.SOFT)),)
            text.write(lambda _width: numbered(gone))
            return
        page = Page(snapshot, bead, now, self._dependents(snapshot))
        text.entitle(bead.id)
        text.write(lambda width: numbered(page.lines(width)))
        self._show_comments()

    def _show_comments(self) -> None:
        """The comments that were read last; their ages count from now."""
        told, now = self._told, self.console.clock().astimezone()
        if told is not None:
            pane = self.query_one("#comments", TextPane)
            pane.entitle(f"COMMENTS {len(told.comments)}")
            pane.write(lambda width: numbered(comment_lines(told, now, width)))

    def _dependents(self, snapshot: Snapshot) -> tuple[str, ...]:
        """Who depends on this bead: a look at every row, so only when the board changed."""
        if snapshot.board is not None and self._needed_by[0] != snapshot.board.version:
            self._needed_by = (snapshot.board.version, needed_by(snapshot.board.beads.values(), self.bead_id))
        return self._needed_by[1]

    # Reports: what takes long is made in a thread, when its tab is seen and what it is made from changed -----------

    def _load_reports(self, snapshot: Snapshot) -> None:
        version = snapshot.board.version if snapshot.board else ""
        run = snapshot.runs.get(self.bead_id)
        tab = self._tab or self._beside
        state: object = (version, run.files, run.ended_at) if run and tab == 2 else version
        if snapshot.board is None or self._reported.get(tab) == state:
            return
        self._reported[tab] = state
        if tab == 3:
            self.run_worker(self._read_comments(), group="comments", exclusive=True, exit_on_error=False)
        makers: dict[int, Callable[[], Report]] = {
            2: lambda: bead_reports.changes(self.console.runtime.folder(self.bead_id)),
            4: lambda: bead_reports.history_report(self.console.runtime.hub, self.bead_id, snapshot),
            5: lambda: bead_reports.why_report(snapshot, self.bead_id, self.console.clock().timestamp()),
        }
        if tab in makers:
            self.console.report(makers[tab], lambda report: self._show_report(tab, report), group=f"report-{tab}")

    def _show_report(self, tab: int, report: Report) -> None:
        if not self.is_attached:
            return
        pane = self.query_one(PANES[tab], TextPane)
        if isinstance(pane, ChangesPane) and not report.lines:
            pane.show_files(report.files, report.diffs)
        else:
            pane.write(lambda width: numbered(report.wrapped(width)))

    # Tabs --------------------------------------------------------------------------------------------------------

    def go_to_tab(self, index: int) -> None:
        """Bring a tab to the front and put the keys in it; what stood beside the text stays there."""
        self._tab = index % len(TABS)
        self._put_beside(self._tab or self._beside)
        self.set_class(self._tab == 0, "-text")
        self.catch_up()
        self.query_one(PANES[self._tab]).focus()

    def _put_beside(self, index: int) -> None:
        self._beside = index
        for number, selector in enumerate(PANES):
            self.query_one(selector).set_class(number in {self._tab, index}, "-current")

    @on(TabRow.Chosen)
    def _chosen(self, event: TabRow.Chosen) -> None:
        self.go_to_tab(event.index)

    def on_descendant_focus(self) -> None:
        """A click or tab into a pane is a choice of its tab."""
        focused = self.focused
        index = next((n for n, name in enumerate(PANES) if focused is not None and f"#{focused.id}" == name), self._tab)
        if index != self._tab:
            self.go_to_tab(index)

    def action_tab(self, index: int) -> None:
        """Go to a tab by number."""
        self.go_to_tab(index)

    def action_beside(self, by: int) -> None:
        """Go to the tab beside."""
        self.go_to_tab(self._tab + by)

    async def _read_comments(self) -> None:
        """From the store: the snapshot's board may leave comments out."""
        try:
            self._told = await self.console.runtime.detail(self.bead_id)
        except BoardError as error:
            lines = failure(str(error)).lines
            self.query_one("#comments", TextPane).write(lambda _width: numbered(lines))
        else:
            self._show_comments()

    # Verbs -------------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Verbs that apply now and no others."""
        if action == "release":
            return self._releasable is not None
        return VERBS[action] in self._verbs[0] if action in VERBS else True

    def why_not(self, action: str) -> str:
        """Why a key does nothing now."""
        if action == "release":
            return "no run at work here is kept from asking a cloud by what it has read"
        return why_not(VERBS[action], self.console.snapshot, self.bead_id) if action in VERBS else ""

    def action_back(self) -> None:
        """Return to where the operator came from."""
        self.dismiss(None)

    def action_retry(self) -> None:
        """Give the bead another attempt."""
        self.console.perform(self.console.runtime.operator.retry(self.bead_id), f"{self.bead_id} may be tried again")

    def action_cancel(self) -> None:
        """Stop the run, after a question."""
        self.console.ask.cancel(self.bead_id)

    def action_assign(self) -> None:
        """Give the bead to an agent."""
        self.console.ask.assign(self.bead_id)

    def action_comment(self) -> None:
        """Say something on the bead."""
        self.console.ask.comment(self.bead_id)

    def action_close_bead(self) -> None:
        """Close the bead with a reason."""
        self.console.ask.close(self.bead_id)

    def action_reopen(self) -> None:
        """Open the bead again."""
        self.console.ask.reopen(self.bead_id)

    @property
    def _releasable(self) -> RunView | None:
        """The run at work here that private sources keep from asking a cloud."""
        run = self.console.snapshot.runs.get(self.bead_id)
        return run if run is not None and run.ended_at is None and run.private_sources and not run.released else None

    def action_release(self) -> None:
        """Let what this run has read leave, after a question that lists it."""
        if (run := self._releasable) is not None:
            self.console.ask.release(run)

    def action_copy(self) -> None:
        """Copy the bead's id."""
        self.console.copy(self.bead_id)

    def action_copy_pane(self) -> None:
        """Copy all text of the pane in front."""
        self.console.copy(self.query_one(PANES[self._tab], TextPane).text())
