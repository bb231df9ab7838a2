"""One approval: what is asked, what would leave to the last byte, and the decision (research/textual.md 5.2).

Deny has the focus, `enter` denies, `escape` decides nothing. Approve stays inert until every character was on the
screen; everything that decides stays inert until it was painted and no key came for a while.
"""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical

from b4tui.escalation.types import Approval, ApprovalState, Decision, Risk
from b4tui.runtime.snapshot import Snapshot
from b4tui.tui.keymap import bindings
from b4tui.tui.outward import queue
from b4tui.tui.outward.asking import Asking, stays_here
from b4tui.tui.outward.deciding import Standing, changed
from b4tui.tui.outward.grant_choices import hindrance
from b4tui.tui.paint import Ink, Line, Span, line
from b4tui.tui.screens.payload_screen import PayloadScreen
from b4tui.tui.widgets.decision_button import DecisionButton
from b4tui.tui.widgets.inked import Panel
from b4tui.tui.widgets.payload_view import PayloadView

PENDING = frozenset({"deny", "deny_because", "redact", "call_public", "extend", "acknowledge"})
LETS_OUT = frozenset({"approve", "grant"})
TALL = 32
"""Rows from which a narrow screen, too, has room for whole facts."""
SEARCHING = Span("enter looks for it, esc leaves the search; nothing is decided here.", Ink.SOFT)


class ApprovalScreen(PayloadScreen):
    """Full screen, three bands. When it is answered the next one comes, or the operator is back where they were."""

    BINDINGS = bindings("approval")
    AUTO_FOCUS = ""

    def __init__(self, approval_id: str) -> None:
        super().__init__()
        self.approval_id = approval_id
        self._opened_at = 0.0
        self._answered = self._busy = False

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

    @property
    def _now(self) -> datetime:
        return self.console.clock().astimezone()

    @property
    def standing(self) -> Standing:
        """What may be done now, and what that waits for."""
        return Standing(
            approval=self.approval,
            now=self._now,
            arming=self.arming,
            share=self.view.seen.share if self.view.reading is not None else 0.0,
            whole=self.view.reading is not None and self.view.seen.whole,
            problem=self.problem,
            busy=self._busy,
            others=bool(self._next()),
        )

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
        self.query_one("#waits", Panel).show_lines((Line((told,), (asking.standing(short=self.narrow),)),))
        deny, approve = self.query_one("#deny", DecisionButton), self.query_one("#approve", DecisionButton)
        deny.label(standing.deny_label, enabled=standing.may_deny or standing.holding)
        approve.label(standing.approve_label, enabled=standing.may_approve)
        deny.display = standing.open or standing.holding
        approve.display = standing.open and not stays_here(one)
        self.view.entitle()

    def arming_changed(self) -> None:
        """Deny has the focus whenever decisions become possible, and whenever they cease to be."""
        super().arming_changed()
        if self.drawable and not self.view.searching:
            self.draw()
            self.query_one("#deny").focus()

    # Deciding ----------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What lets bytes out is not there for what stays here; what decides is dimmed until it may."""
        one, standing = self.approval, self.standing if self.drawable else None
        if action == "undo":
            return bool(self.undoable())
        if action == "other":
            return bool(self._next())
        if action not in PENDING | LETS_OUT:
            return True
        if one is None or standing is None or not standing.open or (action in LETS_OUT and stays_here(one)):
            return False
        if action == "grant":
            return True
        if action == "acknowledge" and one.seen_by:
            return False
        if action == "approve":
            return standing.may_approve or None
        if action == "call_public" or action == "redact":
            return bool(one.findings) and (standing.may_deny or None)
        return standing.may_deny or None

    @on(DecisionButton.Pressed)
    def _pressed(self, event: DecisionButton.Pressed) -> None:
        if event.button.id == "approve":
            self.action_approve()
        elif self.standing.holding:
            self.action_undo()
        else:
            self.action_deny()

    def _decision(self, **more: Any) -> Decision:
        one = self.approval
        assert one is not None
        return Decision(
            approval=one.id,
            version=one.version,
            digest=one.sha256,
            actor=self.console.actor,
            seen_share=self.standing.share,
            seconds=round(self.console.ticks() - self._opened_at, 1),
            **more,
        )

    def _carry_out(self, verb: Coroutine[Any, Any, object], done: str, *, answers: bool = False) -> None:
        self._busy = True
        self.draw()

        async def work() -> None:
            carried = await self.console.carried_out(verb, done)
            self._busy = False
            if not self.is_attached:
                return
            self._answered = self._answered or (carried and answers)
            if not carried:
                self.disturbed("the last decision was not taken")
            self.catch_up()

        self.run_worker(work(), group="decision", exit_on_error=False)

    def action_deny(self) -> None:
        """Deny, once a key or click may decide."""
        if self.standing.may_deny and self.admits():
            self._deny()

    def _deny(self, reason: str = "") -> None:
        verb = self.console.runtime.operator.deny(self._decision(reason=reason))
        self._carry_out(verb, f"Denied; u undoes it for {self.console.policy.undo_s:.0f} s.", answers=True)

    def action_deny_because(self) -> None:
        """Deny with a reason."""
        if self.standing.may_deny and self.admits():
            from b4tui.tui.screens.dialogs import LineScreen

            def answered(reason: str | None) -> None:
                if reason and self.standing.open:
                    self._deny(reason)

            self.console.push_screen(LineScreen("Deny it: why? The agent is told."), answered)

    def action_approve(self) -> None:
        """Approve these bytes, once everything that must be is."""
        one = self.approval
        if one is None or not self.standing.may_approve or not self.admits():
            return
        if one.risk is not Risk.HIGH:
            self._approve(one)
            return
        from b4tui.tui.screens.approval_steps import typed_host

        def typed(host: str | None) -> None:
            if host:
                self._approve(one, host)

        self.console.push_screen(typed_host(one), typed)

    def _approve(self, shown: Approval, host: str = "") -> None:
        one = queue.by_id(self.console.runtime.snapshot.outward, shown.id)
        if one is None or changed(shown, one) or not self.standing.open:
            self.disturbed("it changed meanwhile")
            return
        verb = self.console.runtime.operator.approve(self._decision(typed_host=host))
        self._carry_out(verb, "", answers=True)

    def action_undo(self) -> None:
        """Call back what is held, else what this operator decided last."""
        last = self.undoable()
        if not last:
            self.console.say("There is nothing to undo: it was too long ago, or it has left.", wrong=True)
            return
        one = last[0]
        self._answered = False
        self._carry_out(self.console.runtime.operator.undo(one.id, one.version), "Taken back: it waits again.")
        if one.id != self.approval_id:
            self.open(one.id, "it waits again")

    def action_redact(self) -> None:
        """Have what was found replaced and the rest judged again."""
        one = self.approval
        if one is not None and self.standing.may_deny and self.admits():
            verb = self.console.runtime.operator.redact(one.id, one.version, one.sha256)
            self._carry_out(verb, "Redacted: read what is left.")

    def action_call_public(self) -> None:
        """Say that the chosen finding's value is public, with a note why."""
        one, reading = self.approval, self.view.reading
        if one is None or reading is None or not (self.standing.may_deny and self.admits()):
            return
        chosen = 0 if len(one.findings) == 1 else reading.chosen
        if not 0 <= chosen < len(one.findings):
            self.console.say("Which one? n goes to a finding, then m.", wrong=True)
            return
        self.console.ask.call_public(one, one.findings[chosen], self._carry_out)

    def action_extend(self) -> None:
        """More time."""
        if (one := self.approval) is not None:
            self._carry_out(self.console.runtime.operator.extend(one.id, one.version), "It has more time.")

    def action_acknowledge(self) -> None:
        """Seen, working on it."""
        if (one := self.approval) is not None:
            self._carry_out(self.console.runtime.operator.acknowledge(one.id, one.version), "Marked as seen.")

    def action_grant(self) -> None:
        """The form for a grant, on a screen of its own."""
        one = self.approval
        if one is None:
            return
        if why := hindrance(one):
            self.console.say(why, wrong=True)
            return
        from b4tui.tui.screens.grant_form import GrantFormScreen

        self.console.push_screen(GrantFormScreen(one))

    # Going -------------------------------------------------------------------------------------------------------

    def action_other(self, by: int) -> None:
        """The next one that waits, or the one before."""
        if other := self._next(by):
            self.open(other, "it is another one")

    def _next(self, by: int = 1) -> str:
        """The one that waits `by` places on; "" where no other does."""
        return queue.after(self.console.snapshot.outward, self.approval_id, by)

    def action_back(self) -> None:
        """Undo one thing: the search, then being here. Nothing is decided."""
        if self.view.reading is not None and self.view.reading.wanted:
            self.view.search("")
        else:
            self.dismiss(None)
