"""Approvals in the ledger's database: every change in one transaction with the row that records it.

Calls block shortly; several threads and processes may use one database. A change that does not apply raises
`Declined`; a database that cannot be used raises `LedgerError`, and nothing changed then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from b4tui.escalation.approvals import entries
from b4tui.escalation.approvals.approval_rows import PERMITS, Rows, put, spend_permit, update
from b4tui.escalation.approvals.approvals import TABLE, Approvals, found_row
from b4tui.escalation.approvals.budget import refusal
from b4tui.escalation.approvals.changes import (
    Adopt,
    Cancel,
    Change,
    Conclude,
    Declined,
    Deny,
    Expire,
    Objection,
    ObjectionKind,
    Send,
    Tell,
)
from b4tui.escalation.approvals.documents import read_approval
from b4tui.escalation.approvals.grant_store import TABLE as GRANTS
from b4tui.escalation.approvals.states import CLOCK, change, is_fresh, shown_objection
from b4tui.escalation.types import Approval, ApprovalState, Grant, Receipt
from b4tui.ledger.types import NewEntry
from b4tui.ledger.writing import Writing

_OPEN = (ApprovalState.PENDING, ApprovalState.APPROVED)
_ENDS = (Deny, Cancel, Expire, Tell, Conclude)
"""Changes by which nothing can leave that could not before: they apply to rows in doubt as well."""


class ApprovalStore(Approvals):
    """The approvals of one hub, and every change of them."""

    def ask(self, new: Approval, body: bytes, now: datetime) -> Approval:
        """Put a question, or adopt the one that the same agent at the same bead asks already with the same bytes."""
        with self.ledger.transaction() as writing:
            found = self._adopted(writing, new, now)
            if found is None:
                put(writing, new, body)
        return found or new

    def ask_by_grant(self, new: Approval, grant: Grant, body: bytes, now: datetime) -> Approval:
        """Approve by a grant, whose uses count up in the same moment. Raises Declined where it holds no longer."""
        approved = replace(
            new,
            state=ApprovalState.APPROVED,
            grant=grant.id,
            decided_by=entries.POLICY,
            decided_at=now,
            decision_reason=f"grant {grant.id} of {grant.made_by}",
        )
        with self.ledger.transaction() as writing:
            self.grants.use(writing, grant.id, now)
            put(writing, approved, body, used=((GRANTS, grant.id),))
        return approved

    def replace(self, old: Approval, what: Cancel, new: Approval, body: bytes, now: datetime) -> Approval:
        """Put a question in another's place, if that still is as `old` says; the old one ends in the same moment.

        Raises Declined.
        """
        with self.ledger.transaction() as writing:
            current = self._found(writing, old.id)
            after = shown_objection(current, old.version, now, old.sha256) or self._apply(writing, current, what, now)
            if not isinstance(after, Objection):
                put(writing, new, body)
        return _demand(after) and new

    def change(self, approval_id: str, what: Change, now: datetime) -> Approval:
        """Change one. Raises Declined with who was first, or why it does not apply."""
        with self.ledger.transaction() as writing:
            after = self._changed(writing, approval_id, what, now)
        return _demand(after)

    def change_all(
        self,
        changes: Sequence[tuple[str, Change]],
        now: datetime,
        allowed: Callable[[Sequence[Approval]], Objection | None],
    ) -> tuple[Approval, ...]:
        """Change several or none; `allowed` is asked about them as they stand. Raises Declined."""
        done: list[Approval] = []
        with self.ledger.transaction() as writing:
            objection = allowed([self._found(writing, approval_id) for approval_id, _ in changes])
            if objection is not None:
                raise Declined(objection)
            for approval_id, what in changes:
                # What is raised here undoes those before it.
                done.append(_demand(self._changed(writing, approval_id, what, now)))
        return tuple(done)

    def send(self, approval_id: str, what: Send, permit: str, now: datetime) -> Approval:
        """Record that the bytes leave, before the first of them does, and reserve what they cost.

        Raises Declined: not approved any more, sent already, a permit used before, over budget (then it is cancelled).
        """
        with self.ledger.transaction() as writing:
            current = self._found(writing, approval_id)
            after = self._unproven(writing, current) or change(current, what, now, self.policy)
            if not isinstance(after, Objection) and (stop := self._stop(writing, current, now)) is not None:
                self._apply(writing, current, Cancel(stop.text, entries.POLICY), now)
                after = stop
            if not isinstance(after, Objection) and not spend_permit(writing, permit, approval_id, now):
                after = Objection(ObjectionKind.SENT, "This permit was used before: nothing was sent.")
            if not isinstance(after, Objection):
                self._update(writing, current, after, entries.sent(after, permit, now), ((PERMITS, permit),))
        return _demand(after)

    def send_again(self, approval_id: str, permit: str, now: datetime) -> None:
        """Record that the same bytes leave once more, because the provider took nothing the first time (N08).

        Raises Declined where the approval does not say that they are on their way, or the permit was used before.
        """
        with self.ledger.transaction() as writing:
            current = self._found(writing, approval_id)
            if (objection := self._unproven(writing, current)) is not None:
                raise Declined(objection)
            if current.sent_at is None or current.outcome:
                raise Declined(Objection(ObjectionKind.SENT, "These bytes are not on their way: nothing was sent."))
            if not spend_permit(writing, permit, approval_id, now):
                raise Declined(Objection(ObjectionKind.SENT, "This permit was used before: nothing was sent."))
            writing.append(entries.sent(current, permit, now), rows=((PERMITS, permit),))

    def conclude(self, approval_id: str, receipt: Receipt, now: datetime) -> Approval:
        """Record what came of bytes that left. A failure that came before anything is known costs its estimate."""
        outcome = receipt.failure or "answered"
        with self.ledger.transaction() as writing:
            current = self._found(writing, approval_id)
            after = change(current, Conclude(outcome), now, self.policy)
            if not isinstance(after, Objection):
                after = replace(after, cost=receipt.cost)
                self._update(writing, current, after, entries.answered(after, receipt, now))
        return _demand(after)

    def settle(self, now: datetime) -> None:
        """Expire what nobody decided in time, and cancel what was approved and not sent within the permit's time."""
        due = [approval for approval in self.open_ones(self.ledger.query) if self._ending(approval, now)]
        if not due:
            return
        with self.ledger.transaction() as writing:
            for approval in due:
                current = self._found(writing, approval.id)
                if (what := self._ending(current, now)) is not None:
                    self._apply(writing, current, what, now)

    def forget_bodies(self, older_than: datetime) -> int:
        """Drop the bodies kept before a time, but those of what is still open; how many."""
        open_ones = self.open_ones(self.ledger.query)
        return self.ledger.drop_bodies(older_than, but={approval.sha256 for approval in open_ones})

    def cancel_run(self, run: str, reason: str, now: datetime, sha256: str = "") -> None:
        """Nobody waits for a run's questions any more (those of one payload); what left cannot be called back."""

        def its(approval: Approval) -> bool:
            return approval.run == run and sha256 in ("", approval.sha256)

        if not any(its(approval) for approval in self.open_ones(self.ledger.query)):
            return
        with self.ledger.transaction() as writing:
            for approval in self.open_ones(writing.query):
                if its(approval):
                    self._apply(writing, approval, Cancel(reason, entries.POLICY), now)

    def _adopted(self, writing: Writing, new: Approval, now: datetime) -> Approval | None:
        rows = writing.query(
            "SELECT id, document FROM approvals WHERE state IN ('pending', 'approved') "
            "AND sha256 = ? AND agent = ? AND bead = ? ORDER BY asked_at DESC",
            (new.sha256, new.agent, new.bead),
        )
        for row_id, document in rows:
            found = self._settled(writing, read_approval(document, row_id), now)
            if found.state not in _OPEN or found.destination != new.destination:
                continue
            if self._unproven(writing, found) is not None:
                self._apply(writing, found, Cancel("asked for again, and not taken from its row", entries.POLICY), now)
                continue
            judged = (found.rules_sha256, found.gate_version, found.verdict)
            if judged != (new.rules_sha256, new.gate_version, new.verdict):
                self._apply(writing, found, Cancel("asked for again under other rules", entries.POLICY), now)
                continue
            if found.run == new.run:
                return found
            return _demand(self._apply(writing, found, Adopt(new.run), now))
        return None

    def _ending(self, approval: Approval, now: datetime) -> Change | None:
        """What time alone does to an open approval."""
        if approval.state is ApprovalState.PENDING:
            return Expire() if now >= approval.deadline else None
        if approval.sent_at is not None or is_fresh(approval, now, self.policy):
            return None
        return Cancel(f"approved, but not sent within {self.policy.permit_s:g} s: it has to be asked again", CLOCK)

    def _settled(self, writing: Writing, approval: Approval, now: datetime) -> Approval:
        what = self._ending(approval, now)
        after = self._apply(writing, approval, what, now) if what is not None else approval
        return approval if isinstance(after, Objection) else after

    def _changed(self, writing: Writing, approval_id: str, what: Change, now: datetime) -> Approval | Objection:
        current = self._found(writing, approval_id)
        after = self._apply(writing, current, what, now)
        if isinstance(after, Objection) and after.kind is ObjectionKind.EXPIRED:
            self._settled(writing, current, now)  # the deadline passed and nobody had noticed yet
        return after

    def _apply(self, writing: Writing, current: Approval, what: Change, now: datetime) -> Approval | Objection:
        if not isinstance(what, _ENDS) and (objection := self._unproven(writing, current)) is not None:
            return objection
        after = change(current, what, now, self.policy)
        if not isinstance(after, Objection):
            self._update(writing, current, after, entries.changed(after, what, now))
        return after

    def _unproven(self, writing: Writing, current: Approval) -> Objection | None:
        """Why nothing can be done by this row but to end it; asked before it is changed."""
        words = self.ledger.witness.doubt(writing.query, TABLE, current.id)
        if not words:
            return None
        return Objection(
            ObjectionKind.UNPROVEN, f"The record does not bear this approval out: {words}. Deny it; nothing was sent."
        )

    def _found(self, writing: Writing, approval_id: str) -> Approval:
        return found_row(writing.query("SELECT document FROM approvals WHERE id = ?", (approval_id,)), approval_id)

    def _stop(self, writing: Writing, approval: Approval, now: datetime) -> Objection | None:
        """What was true when it was approved and must be true still when the bytes leave."""
        if approval.grant and (words := self.grants.holds(writing, approval.grant, now)):
            return Objection(ObjectionKind.GRANT, f"The grant covers this no longer: {words}.")
        spent = self.spent(writing.query, now)
        words = refusal(spent, approval.estimate, approval.agent, now, self.policy, self.prices, self._zone)
        return Objection(ObjectionKind.BUDGET, words) if words else None

    def _update(self, writing: Writing, before: Approval, after: Approval, entry: NewEntry, used: Rows = ()) -> None:
        doubted = self._unproven(writing, before) is not None
        update(writing, before, after, entry, used, doubted=doubted)


def _demand(after: Approval | Objection) -> Approval:
    if isinstance(after, Objection):
        raise Declined(after)
    return after
