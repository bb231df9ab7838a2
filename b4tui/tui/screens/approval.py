"""One approval: what is asked, what would leave to the last byte, and the decision (research/textual.md 5.2).

Deny has the focus, `enter` denies, `escape` decides nothing. Approve stays inert until every character was on the
screen; everything that decides stays inert until it was painted and no key came for a while.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from b4tui.escalation.types import Approval, ApprovalState
from b4tui.runtime.snapshot import Snapshot
from b4tui.tui.keymap import bindings
from b4tui.tui.outward import queue
from b4tui.tui.outward.asking import Asking, stays_here
from b4tui.tui.outward.deciding import changed
from b4tui.tui.paint import Ink, Line, Span, line
from b4tui.tui.screens.deciding_screen import DecidingScreen
from b4tui.tui.widgets.decision_button import DecisionButton
from b4tui.tui.widgets.inked import Panel
from b4tui.tui.widgets.payload_view import PayloadView

TALL = 32
"""Rows from which a narrow screen, too, has room for whole facts."""
SEARCHING = Span("enter looks for it, esc leaves the search; nothing is decided.", Ink.SOFT)


class ApprovalScreen(DecidingScreen):
    """Full screen, three bands. When it is answered the next one comes, or the operator is back where they were."""

    BINDINGS = bindings("approval")
    AUTO_FOCUS = ""

    def __init__(self, approval_id: str) -> None:
        super().__init__()
        self.approval_id = approval_id

    def body(self) -> ComposeResult:
        """What is asked, what leaves, the decision."""
        with Vertical(id="main"):
            yield Panel(id="asked")
            yield PayloadView(id="view")
            yield Panel(id="waits")
            with Horizontal(id="decide"):
                yield DecisionButton(self.admits, id="deny")
                yield DecisionButton(self.admits, id="approve")

    def on_mount(self) -> None:
        """Begin with the one that was opened."""
        self.drawable = True
        self.open(self.approval_id)

    def open(self, approval_id: str, why: str = "") -> None:
        """Show this approval; nothing that was known of another one counts."""
        self.approval_id, self.approval, self.problem = approval_id, None, ""
        self._answered = self._busy = False
        self._opened_at = self.console.ticks()
        self.view.say("Reading the payload…", Ink.FAINT)
        if why:
            self.disturbed(why)
        self.catch_up()
        self.load(approval_id)

    # What is shown -----------------------------------------------------------------------------------------------

    def show(self, snapshot: Snapshot) -> None:
        """Draw the approval as it is in this snapshot, and go on when it is answered."""
        super().show(snapshot)
        one = queue.by_id(snapshot.outward, self.approval_id)
        if one is None and self.approval is None:
            self.problem = "This approval is not there any more. esc returns."
            self.view.say(self.problem)
        if one is not None:
            self._compare(one)
        self.draw()
        self._go_on(snapshot)

    def _compare(self, one: Approval) -> None:
        old, self.approval = self.approval, one
        if old is None or old == one:
            return
        if old.sha256 != one.sha256:
            self.open(one.id, "the payload is another one")
        elif why := changed(old, one):
            self.disturbed(why)
        if old.findings != one.findings and self.view.reading is not None:
            self.load(one.id)

    def _go_on(self, snapshot: Snapshot) -> None:
        one = self.approval
        if one is None or one.state is ApprovalState.PENDING or queue.holding(one, self._now):
            return
        if heir := queue.successor(snapshot.outward, one.id):
            self.open(heir, "it was redacted: this is what is left")
        elif self._answered:
            if other := queue.after(snapshot.outward, one.id):
                self.open(other, "it is the next one")
            else:
                self.dismiss(None)

    def draw(self) -> None:
        """Draw the question, what a decision waits for, and the buttons."""
        one = self.approval
        if one is None or not self.drawable:
            return
        snapshot, now = self.console.snapshot, self._now
        width = max(20, self.app.size.width - 4)
        asking = Asking.of(one, snapshot, now, self.console.retention.get(one.destination.provider, ""))
        waiting = [each.id for each in queue.ordered(snapshot.outward) if each.state is ApprovalState.PENDING]
        place = f"{waiting.index(one.id) + 1} of {len(waiting)}" if one.id in waiting else ""
        head = line(asking.question, right=(Span(place, Ink.FAINT),) if place else ())
        facts = tuple(asking.facts(width, short=self.narrow and self.app.size.height < TALL))
        self.query_one("#asked", Panel).show_lines((head, *facts))
        standing = self.standing
        told = SEARCHING if self.view.searching else standing.words
        if self.refused and not standing.holding:
            told = Span(self.refused, Ink.STRONG)
        self.query_one("#waits", Panel).show_lines((Line((told,), (asking.standing(short=self.narrow),)),))
        deny, approve = self.query_one("#deny", DecisionButton), self.query_one("#approve", DecisionButton)
        deny.label(standing.deny_label, enabled=standing.may_deny or standing.holding)
        approve.label(standing.approve_label, enabled=standing.may_approve)
        deny.display = standing.open or standing.holding
        approve.display = standing.open and not stays_here(one)
        self.view.entitle()

    def say_standing(self) -> None:
        """All of it is drawn at once."""
        self.draw()

    def arming_changed(self) -> None:
        """Deny has the focus whenever decisions become possible, and whenever they cease to be."""
        super().arming_changed()
        if self.drawable and not self.view.searching:
            self.draw()
            self.query_one("#deny").focus()

    # Going -------------------------------------------------------------------------------------------------------

    def action_other(self, by: int) -> None:
        """The next one that waits, or the one before."""
        if other := self._next(by):
            self.open(other, "it is another one")

    def action_back(self) -> None:
        """Undo one thing: the search, then being here. Nothing is decided."""
        if self.view.reading is not None and self.view.reading.wanted:
            self.view.search("")
        else:
            self.dismiss(None)
