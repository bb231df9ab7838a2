"""The approvals: what waits, in the order it ends, and what was decided a moment ago. Marks, and deciding several."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical

from b4tui.escalation.types import Approval, ApprovalState, Decision
from b4tui.runtime.operator import OperatorError
from b4tui.runtime.snapshot import OutwardView, Snapshot
from b4tui.tui import words
from b4tui.tui.keymap import bindings
from b4tui.tui.outward import queue
from b4tui.tui.outward.why_not import NOTHING_TO_UNDO, of_many
from b4tui.tui.paint import Ink, Line, Span, line, wrapped
from b4tui.tui.screens.guarded import GuardedScreen
from b4tui.tui.widgets.inked import Panel
from b4tui.tui.widgets.lines import Lines

COMES = "Requests appear here when an agent asks to send something off this machine."


def empty(outward: OutwardView, width: int = 80) -> tuple[Line, ...]:
    """What stands here while nothing waits: what would, and why nothing will where nothing can; for `width` cells."""
    why = COMES
    if outward.local_only:
        why = "With --local-only nothing can leave, so nobody is asked."
    elif not outward.providers:
        why = "No cloud provider is configured: nothing can leave, so nobody is asked."
    return (
        Line(),
        line(Span("  No approvals are pending.", Ink.SOFT)),
        *(Line((Span("  ", Ink.FAINT), *row.left)) for row in wrapped(why, max(20, width - 2), Ink.FAINT)),
        line(Span("  f lists the standing approvals, esc returns.", Ink.FAINT)),
    )


WAITING = frozenset({"mark", "mark_range", "mark_kind", "acknowledge", "extend"})
"""What is done with a row that waits still."""


class ApprovalsScreen(GuardedScreen):
    """The queue; `enter` opens one, `escape` or `a` returns to where the operator came from."""

    BINDINGS = bindings("approvals")
    HERE = "approvals"
    AUTO_FOCUS = "#queue"

    def __init__(self) -> None:
        super().__init__()
        self.marks: frozenset[str] = frozenset()
        self._last_mark = ""

    def body(self) -> ComposeResult:
        """The rows, and what is to be said about the one under the cursor."""
        with Vertical(id="main"):
            yield Panel(id="columns")
            yield Lines(id="queue")
            yield Panel(id="waits")

    @property
    def list(self) -> Lines:
        """The rows."""
        return self.query_one("#queue", Lines)

    @property
    def chosen(self) -> Approval | None:
        """The one under the cursor; None before there are rows."""
        return queue.by_id(self.console.snapshot.outward, self.list.key) if self.drawable else None

    @property
    def marked(self) -> tuple[Approval, ...]:
        """What is marked, in the order shown."""
        return tuple(one for one in queue.ordered(self.console.snapshot.outward) if one.id in self.marks)

    @property
    def _now(self) -> datetime:
        return self.console.clock().astimezone()

    # What is shown -----------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """The frame."""
        self.drawable = True
        self.list.add_class("panel")

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot; marks stay with what still waits."""
        super().show(snapshot)
        self.marks = queue.kept(self.marks, snapshot.outward)
        approvals = {one.id: one for one in queue.ordered(snapshot.outward)}
        now, width, marks = self._now, self.list.room, self.marks
        self.query_one("#columns", Panel).show_lines((queue.heading(width),))
        self.list.entitle(
            f"APPROVALS {len(snapshot.outward.pending)}", words.plural(len(marks), "mark") if marks else ""
        )
        self.list.empty = empty(snapshot.outward, width)
        self.list.show_rows(
            tuple(approvals),
            lambda key: (queue.row(approvals[key], snapshot, now, width, marked=key in marks),),
        )
        self.say_standing()

    def say_standing(self) -> None:
        """Why decisions are inert; what is marked; what the row under the cursor says in full."""
        told = Span("")
        if self.refused:
            told = Span(self.refused, Ink.STRONG)
        elif not self.arming.armed:
            told = Span(f"◌ Not yet: {self.arming.why}.", Ink.INFO)
        elif self.marks:
            why = queue.hindrance(self.marked, self.console.readings.whole)
            told = Span(why or "A approves what is marked, after you typed how many.", Ink.SOFT)
        elif (one := self.chosen) is not None:
            told = queue.told_of(one, self._now)
        self.query_one("#waits", Panel).show_lines((line(Span(" "), told),))

    def arming_changed(self) -> None:
        """Decisions became possible, or inert."""
        super().arming_changed()
        if self.drawable:
            self.say_standing()

    @on(Lines.Moved)
    def _moved(self) -> None:
        self.say_standing()
        self.refresh_bindings()

    @on(Lines.Opened)
    def _opened(self, event: Lines.Opened) -> None:
        from b4tui.tui.screens.approval import ApprovalScreen

        self.console.push_screen(ApprovalScreen(event.key))

    # Marks -------------------------------------------------------------------------------------------------------

    def _mark(self, ids: Sequence[str], *, turn: bool = False) -> None:
        waiting = queue.kept(ids, self.console.snapshot.outward)
        self.marks = self.marks ^ waiting if turn else self.marks | waiting
        self.catch_up()
        self.refresh_bindings()

    def action_mark(self) -> None:
        """Mark the row, or unmark it, and go on to the next one."""
        self._last_mark = self.list.key
        self._mark([self.list.key], turn=True)
        self.list.action_move(1)

    def action_mark_range(self) -> None:
        """Mark from the row that was marked last to this one."""
        keys = list(self.list.keys)
        if self.list.key in keys:
            start = keys.index(self._last_mark) if self._last_mark in keys else self.list.cursor
            first, last = sorted((start, self.list.cursor))
            self._mark(keys[first : last + 1])

    def action_mark_kind(self) -> None:
        """Mark all that could go together with this one."""
        if (one := self.chosen) is not None:
            self._mark(tuple(queue.same_kind(self.console.snapshot.outward.approvals, one)))

    # Deciding ----------------------------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Decisions wait for quiet; approving several for marks."""
        if action == "approve_marked":
            return bool(self.marks) and (self.arming.armed or None)
        if action == "deny":
            return bool(self._targets()) and (self.arming.armed or None)
        if action in WAITING:
            one = self.chosen
            waits = one is not None and one.state is ApprovalState.PENDING
            return waits and not (action == "acknowledge" and one is not None and one.seen_by)
        if action == "undo":
            return bool(self.undoable())
        return True

    def why_not(self, action: str) -> str:
        """Why a key does nothing now."""
        return of_many(action, self.chosen, len(self.marks), self.arming) if self.drawable else ""

    def _decision(self, one: Approval) -> Decision:
        share = 1.0 if one.sha256 in self.console.readings.whole else 0.0
        return Decision(
            approval=one.id, version=one.version, digest=one.sha256, actor=self.console.actor, seen_share=share
        )

    def _targets(self) -> tuple[Approval, ...]:
        """What a denial is about."""
        one = self.chosen
        return self.marked or ((one,) if one is not None and one.state is ApprovalState.PENDING else ())

    def action_deny(self) -> None:
        """Deny what is marked, else the row under the cursor; one record each, and `u` undoes."""
        targets = self._targets()
        if not (targets and self.admits()):
            return
        decisions = tuple(self._decision(each) for each in targets)
        verb = self._deny(decisions)
        done = f"{words.plural(len(decisions), 'request')} denied; u undoes it for {self.console.policy.undo_s:.0f} s."
        self.marks, self.together = frozenset(), frozenset(each.id for each in targets)
        self.console.perform(verb, done)

    async def _deny(self, decisions: Sequence[Decision]) -> None:
        """Raises OperatorError with the first refusal, where not all of them were denied."""
        operator = self.console.runtime.operator
        if len(decisions) == 1:
            await operator.deny(decisions[0])
            return
        batch = await operator.batch_deny(decisions)
        if batch.refused:
            words_of_one = batch.refused[0][1].text
            raise OperatorError(f"{len(batch.refused)} of {len(decisions)} were not denied: {words_of_one}")

    def action_approve_marked(self) -> None:
        """Approve what is marked, if it may go together and each was read; lists them and asks for their number."""
        marked = self.marked
        if not self.admits():
            return
        if why := queue.hindrance(marked, self.console.readings.whole):
            self.refuse(why)
            return
        from b4tui.tui.screens.approval_steps import typed_count

        def typed(count: str | None) -> None:
            if count:
                verb = self.console.runtime.operator.batch_approve(
                    tuple(self._decision(one) for one in marked), int(count)
                )
                self.marks = frozenset()
                self.console.perform(verb, f"{words.plural(len(marked), 'payload')} approved.")

        self.console.push_screen(typed_count(marked), typed)

    def action_undo(self) -> None:
        """Take the last decision back, all of it."""
        together = self.undoable()
        if not together:
            self.refuse(f"u does nothing now: {NOTHING_TO_UNDO}.")
        for one in together:
            verb = self.console.runtime.operator.undo(one.id, one.version)
            self.console.perform(verb, "Taken back: it waits again.")

    def action_acknowledge(self) -> None:
        """Seen, working on it."""
        if (one := self.chosen) is not None:
            verb = self.console.runtime.operator.acknowledge(one.id, one.version)
            self.console.perform(verb, "Marked as seen: it stays pending.")

    def action_extend(self) -> None:
        """More time."""
        if (one := self.chosen) is not None:
            self.console.perform(self.console.runtime.operator.extend(one.id, one.version), "It has more time.")

    # Going -------------------------------------------------------------------------------------------------------

    def action_grants(self) -> None:
        """The standing approvals."""
        from b4tui.tui.screens.grants import GrantsScreen

        self.console.push_screen(GrantsScreen())

    def action_copy(self) -> None:
        """The digest of the row's payload."""
        if (one := self.chosen) is not None:
            self.console.copy(one.sha256)
        else:
            self.refuse("c does nothing now: there is no approval under the cursor.")

    def action_back(self) -> None:
        """Undo one thing: the marks, then being here."""
        if self.marks:
            self.marks = frozenset()
            self.catch_up()
        else:
            self.dismiss(None)
