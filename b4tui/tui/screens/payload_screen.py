"""A screen with a payload on it: loads the exact bytes, knows what was read of them, and has the keys to read on."""

from __future__ import annotations

from textual import events, on

from b4tui.escalation.types import Approval
from b4tui.runtime.operator import OperatorError
from b4tui.tui.outward.reading import Reading, View, unreadable
from b4tui.tui.paint import Ink
from b4tui.tui.screens.guarded import GuardedScreen
from b4tui.tui.widgets.payload_pane import PayloadPane
from b4tui.tui.widgets.payload_view import PayloadView


class PayloadScreen(GuardedScreen):
    """Subclasses compose a `PayloadView`, set `approval` when it is known, and draw the rest."""

    approval_id = ""
    approval: Approval | None = None
    problem = ""
    """Why the payload cannot be shown, in words."""

    @property
    def view(self) -> PayloadView:
        """Where the payload is."""
        return self.query_one(PayloadView)

    def draw(self) -> None:
        """Draw what depends on the payload and on how much of it was read."""

    def load(self, approval_id: str) -> None:
        """Fetch the payload and show it."""
        self.run_worker(self._load(approval_id), group="payload", exclusive=True, exit_on_error=False)

    async def _load(self, approval_id: str) -> None:
        problem, shown = "", None
        try:
            shown = await self.console.runtime.payload(approval_id)
        except OperatorError as error:
            problem = str(error)
        except Exception as error:  # whatever it is, what cannot be read cannot be approved
            problem = f"Its payload cannot be read ({type(error).__name__}): deny it, and look at `b4tui ledger`."
        one = self.approval
        if approval_id != self.approval_id or one is None or not self.is_attached:
            return
        self.problem = problem or unreadable(one, shown)
        if self.problem or shown is None:
            self.view.say(self.problem, Ink.BAD)
        else:
            reading = Reading.of(one, shown)
            self.view.read(reading, self.console.readings.of(one.sha256, len(reading.text)))
        self.draw()

    @on(PayloadPane.Read)
    def _read(self) -> None:
        self.draw()
        self.refresh_bindings()

    def tick(self) -> None:
        """The border says what is in view; what something lay over before counts as seen when it is free."""
        super().tick()
        self.view.pane.look()
        self.view.entitle()

    def on_paste(self, event: events.Paste) -> None:
        """Nothing that is pasted decides anything."""
        event.stop()

    def welcomes(self, at: float) -> bool:
        """What was struck before the payload was painted was meant for something else."""
        return self.arming.painted_at is None or at >= self.arming.painted_at

    @property
    def complete(self) -> bool:
        """Whether the question and its payload, or why there is none, are on the screen."""
        return self.approval is not None and (self.view.reading is not None or bool(self.problem))

    # Reading -----------------------------------------------------------------------------------------------------

    def action_page(self, by: int) -> None:
        """Scroll by pages."""
        self.view.pane.go_page(by)

    def action_move(self, by: int) -> None:
        """Scroll by rows."""
        self.view.pane.go(by)

    def action_edge(self, last: bool) -> None:
        """To the beginning or the end."""
        self.view.pane.go_edge(last=last)

    def action_aside(self, by: int) -> None:
        """To the side."""
        self.view.pane.go_aside(by)

    def action_unseen(self) -> None:
        """To what was not seen yet."""
        self.view.go_to_unseen()

    def action_search(self) -> None:
        """Look for something."""
        self.view.ask()
        self.draw()

    @on(PayloadView.Searched)
    def _searched(self, event: PayloadView.Searched) -> None:
        found = self.view.search(event.wanted)
        if event.wanted and not found:
            self.console.say(f"{event.wanted} is not in it.")
        self.disturbed("you were looking for something")

    def action_next_mark(self, by: int) -> None:
        """To what was looked for, else to what was found."""
        if not self.view.go_to_mark(by):
            self.console.say("Nothing was found in it, and nothing is looked for.")

    def action_wrap(self) -> None:
        """Wrap rows or not."""
        self.view.wrap()

    def action_hex(self) -> None:
        """The bytes, or the text."""
        self.view.turn(View.BYTES)

    def action_diff(self) -> None:
        """What changed, or the text."""
        self.view.turn(View.CHANGES)

    def action_copy(self) -> None:
        """The digest, and nothing of the payload."""
        if self.approval is not None:
            self.console.copy(self.approval.sha256)

    def action_export(self) -> None:
        """Write the exact bytes to a file."""
        if self.approval is not None:
            self.console.ask.export(self.approval)
