"""A screen on which an approval is decided: what may be done now, and each decision carried out once it may."""

from __future__ import annotations

from collections.abc import Coroutine
from datetime import datetime
from typing import Any

from textual import on

from b4tui.escalation.types import Approval, Decision, Risk
from b4tui.tui.outward import queue
from b4tui.tui.outward.asking import stays_here
from b4tui.tui.outward.deciding import Standing, changed
from b4tui.tui.outward.grant_choices import hindrance
from b4tui.tui.outward.why_not import NOTHING_TO_UNDO, of_one
from b4tui.tui.screens.payload_screen import PayloadScreen
from b4tui.tui.widgets.decision_button import DecisionButton

PENDING = frozenset({"deny", "deny_because", "redact", "call_public", "extend", "acknowledge"})
LETS_OUT = frozenset({"approve", "grant"})


class DecidingScreen(PayloadScreen):
    """Subclasses show the approval, and `open` another one."""

    def __init__(self) -> None:
        super().__init__()
        self._opened_at = 0.0
        self._answered = self._busy = False

    def open(self, approval_id: str, why: str = "") -> None:
        """Show this approval; nothing that was known of another one counts."""

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

    def _next(self, by: int = 1) -> str:
        """The one that waits `by` places on; "" where no other does."""
        return queue.after(self.console.snapshot.outward, self.approval_id, by)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What lets bytes out is not there for what stays here; what decides is dimmed until it may."""
        one, standing = self.approval, self.standing if self.drawable else None
        if action == "undo":
            return bool(self.undoable())
        if action == "other":
            return bool(self._next())
        if action == "unseen":
            return standing is None or not standing.whole
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

    def why_not(self, action: str) -> str:
        """Why a key does nothing now."""
        return of_one(action, self.standing) if self.drawable else ""

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
            self.refuse(f"u does nothing now: {NOTHING_TO_UNDO}.")
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
