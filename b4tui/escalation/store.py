"""Approvals in the ledger's database: every change in one transaction with the row that records it.

Calls block shortly; several threads and processes may use one database. A change that does not apply raises
`Declined`; a database that cannot be used raises `LedgerError`, and nothing changed then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo

from b4tui.escalation import entries
from b4tui.escalation.budget import Spend, month_start, refusal
from b4tui.escalation.changes import (
    Adopt,
    Cancel,
    Change,
    Conclude,
    Declined,
    Expire,
    Objection,
    ObjectionKind,
    Send,
)
from b4tui.escalation.documents import approval_document, read_approval
from b4tui.escalation.grant_store import GrantStore
from b4tui.escalation.states import CLOCK, change, is_fresh
from b4tui.escalation.types import Approval, ApprovalState, Cost, Receipt
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import Entry
from b4tui.ledger.writing import Writing
from b4tui.outward_sections import EscalationPolicy, PricesConfig

_PAGE = 500
_OPEN = (ApprovalState.PENDING, ApprovalState.APPROVED)


class ApprovalStore:
    """The approvals of one hub. `zone` is the operator's, for days and months of the budget; None: the machine's."""

    def __init__(
        self, ledger: Ledger, policy: EscalationPolicy, prices: PricesConfig, zone: tzinfo | None = None
    ) -> None:
        self.ledger = ledger
        self.policy = policy
        self.prices = prices
        self.grants = GrantStore(ledger)
        self._zone = zone

    def ask(self, new: Approval, body: bytes, now: datetime) -> Approval:
        """Put a question, or adopt the one that the same agent at the same bead asks already with the same bytes.

        With `grant` set it is approved by that grant, whose uses count up in the same transaction. Raises Declined
        where the grant holds no longer.
        """
        with self.ledger.transaction() as writing:
            if not new.grant and (found := self._adopted(writing, new, now)) is not None:
                return found
            writing.keep_body(new.sha256, body)
            if new.grant:
                self.grants.use(writing, new.grant, now)
            self._insert(writing, new)
            writing.append(entries.asked(new))
        return new

    def replace(self, old: str, what: Cancel, new: Approval, body: bytes, now: datetime) -> Approval:
        """Put a question in another's place: the old one ends in the same moment. Raises Declined."""
        with self.ledger.transaction() as writing:
            after = self._changed(writing, old, what, now)
            if not isinstance(after, Objection):
                writing.keep_body(new.sha256, body)
                self._insert(writing, new)
                writing.append(entries.asked(new))
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
            after = change(current, what, now, self.policy)
            if not isinstance(after, Objection) and (stop := self._stop(writing, current, now)) is not None:
                self._apply(writing, current, Cancel(stop.text, entries.POLICY), now)
                after = stop
            if not isinstance(after, Objection) and not _spend_permit(writing, permit, approval_id, now):
                after = Objection(ObjectionKind.SENT, "This permit was used before: nothing was sent.")
            if not isinstance(after, Objection):
                self._update(writing, current, after)
                writing.append(entries.sent(after, permit, now))
        return _demand(after)

    def conclude(self, approval_id: str, receipt: Receipt, now: datetime) -> Approval:
        """Record what came of bytes that left. A failure that came before anything is known costs its estimate."""
        outcome = receipt.failure or "answered"
        with self.ledger.transaction() as writing:
            current = self._found(writing, approval_id)
            after = change(current, Conclude(outcome), now, self.policy)
            if not isinstance(after, Objection):
                after = replace(after, cost=receipt.cost)
                self._update(writing, current, after)
                writing.append(entries.answered(after, receipt, now))
        return _demand(after)

    def settle(self, now: datetime) -> None:
        """Expire what nobody decided in time, and cancel what was approved and not sent within the permit's time."""
        due = [approval for approval in self._open(self.ledger.query) if self._ending(approval, now)]
        if not due:
            return
        with self.ledger.transaction() as writing:
            for approval in due:
                current = self._found(writing, approval.id)
                if (what := self._ending(current, now)) is not None:
                    self._apply(writing, current, what, now)

    def cancel_run(self, run: str, reason: str, now: datetime) -> None:
        """Nobody waits for a run's questions any more; bytes that left cannot be called back."""
        if not any(approval.run == run for approval in self._open(self.ledger.query)):
            return
        with self.ledger.transaction() as writing:
            for approval in self._open(writing.query):
                if approval.run == run:
                    self._apply(writing, approval, Cancel(reason, entries.POLICY), now)

    def get(self, approval_id: str) -> Approval:
        """One as it stands. Raises Declined where there is none of that id."""
        rows = self.ledger.query("SELECT document FROM approvals WHERE id = ?", (approval_id,))
        return _only(rows, approval_id)

    def matching(self, prefix: str) -> tuple[Approval, ...]:
        """Those whose id begins so."""
        rows = self.ledger.query(
            "SELECT document FROM approvals WHERE substr(id, 1, ?) = ? ORDER BY asked_at", (len(prefix), prefix)
        )
        return tuple(read_approval(document) for (document,) in rows)

    def pending(self) -> tuple[Approval, ...]:
        """Those that wait for the operator, the next to expire first."""
        found = [one for one in self._open(self.ledger.query) if one.state is ApprovalState.PENDING]
        return tuple(sorted(found, key=lambda one: (one.deadline, one.id)))

    def every(self) -> tuple[Approval, ...]:
        """All there ever were, the oldest first."""
        rows = self.ledger.query("SELECT document FROM approvals ORDER BY asked_at, id")
        return tuple(read_approval(document) for (document,) in rows)

    def since(self, moment: datetime) -> tuple[Approval, ...]:
        """The pending ones, and those asked since or decided since, the oldest first."""
        rows = self.ledger.query(
            "SELECT document FROM approvals WHERE state = 'pending' OR asked_at >= ? OR "
            "coalesce(json_extract(document, '$.decided_at'), '') >= ? ORDER BY asked_at, id",
            (_moment(moment), moment.astimezone(UTC).isoformat()[:19]),
        )
        return tuple(read_approval(document) for (document,) in rows)

    def previous_of(self, approval: Approval) -> Approval | None:
        """The last one whose bytes left for the same run, before this one was asked."""
        rows = self.ledger.query(
            "SELECT document FROM approvals WHERE run = ? AND sent_at IS NOT NULL AND asked_at < ? "
            "ORDER BY asked_at DESC LIMIT 1",
            (approval.run, _moment(approval.asked_at)),
        )
        return read_approval(rows[0][0]) if rows else None

    def over_budget(self, agent: str, model: str, estimate: Cost, now: datetime) -> str:
        """Why a payload cannot be paid for, in words; "" where it can, as things stand."""
        return refusal(self._spent(self.ledger.query, now), estimate, agent, now, self.policy, self.prices, self._zone)

    def known_host(self, host: str) -> bool:
        """Whether anything was sent to this host before."""
        return bool(
            self.ledger.query(
                "SELECT 1 FROM entries WHERE kind = ? AND json_extract(facts, '$.host') = ? LIMIT 1",
                (entries.SENT, host),
            )
        )

    def bytes_out(self) -> int:
        """The sum of all payloads that ever left."""
        rows = self.ledger.query(
            "SELECT coalesce(sum(json_extract(facts, '$.bytes_out')), 0) FROM entries WHERE kind = ?", (entries.SENT,)
        )
        return int(rows[0][0])

    def rows_after(self, seq: int) -> tuple[Entry, ...]:
        """The next rows of the record, the oldest first, at most a page."""
        return self.ledger.entries(after=seq, limit=_PAGE)

    def data_version(self) -> int:
        """A number that changes whenever anybody commits to the database: cheap to ask often."""
        return int(self.ledger.query("PRAGMA data_version")[0][0])

    def _adopted(self, writing: Writing, new: Approval, now: datetime) -> Approval | None:
        rows = writing.query(
            "SELECT document FROM approvals WHERE state IN ('pending', 'approved') AND sent_at IS NULL "
            "AND sha256 = ? AND agent = ? AND bead = ? ORDER BY asked_at DESC",
            (new.sha256, new.agent, new.bead),
        )
        for (document,) in rows:
            found = self._settled(writing, read_approval(document), now)
            if found.state not in _OPEN or found.destination != new.destination:
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
        after = change(current, what, now, self.policy)
        if not isinstance(after, Objection):
            self._update(writing, current, after)
            writing.append(entries.changed(after, what, now))
        return after

    def _found(self, writing: Writing, approval_id: str) -> Approval:
        return _only(writing.query("SELECT document FROM approvals WHERE id = ?", (approval_id,)), approval_id)

    def _open(self, query: Callable[[str], list[tuple[str, ...]]]) -> list[Approval]:
        rows = query(
            "SELECT document FROM approvals WHERE state IN ('pending', 'approved') AND sent_at IS NULL "
            "ORDER BY asked_at, id"
        )
        return [read_approval(document) for (document,) in rows]

    def _spent(self, query: Callable[[str, tuple[str, ...]], list[tuple[str, ...]]], now: datetime) -> list[Spend]:
        rows = query(
            "SELECT document FROM approvals WHERE state = 'approved' AND sent_at >= ?",
            (_moment(month_start(now, self._zone)),),
        )
        sent = [read_approval(document) for (document,) in rows]
        return [
            Spend(at=one.sent_at, agent=one.agent, model=one.destination.model, cost=one.cost or one.estimate)
            for one in sent
            if one.sent_at is not None
        ]

    def _stop(self, writing: Writing, approval: Approval, now: datetime) -> Objection | None:
        """What was true when it was approved and must be true still when the bytes leave."""
        if approval.grant and (words := self.grants.holds(writing, approval.grant, now)):
            return Objection(ObjectionKind.GRANT, f"The grant covers this no longer: {words}.")
        spent = self._spent(writing.query, now)
        words = refusal(spent, approval.estimate, approval.agent, now, self.policy, self.prices, self._zone)
        return Objection(ObjectionKind.BUDGET, words) if words else None

    def _insert(self, writing: Writing, new: Approval) -> None:
        writing.execute(
            "INSERT INTO approvals (id, version, state, agent, bead, run, sha256, asked_at, deadline, document) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                new.id,
                new.version,
                str(new.state),
                new.agent,
                new.bead,
                new.run,
                new.sha256,
                _moment(new.asked_at),
                _moment(new.deadline),
                approval_document(new),
            ),
        )

    def _update(self, writing: Writing, before: Approval, after: Approval) -> None:
        changed = writing.execute(
            "UPDATE approvals SET version = ?, state = ?, run = ?, deadline = ?, sent_at = ?, document = ? "
            "WHERE id = ? AND version = ?",
            (
                after.version,
                str(after.state),
                after.run,
                _moment(after.deadline),
                _moment(after.sent_at) if after.sent_at else None,
                approval_document(after),
                before.id,
                before.version,
            ),
        )
        if changed != 1:
            raise Declined(Objection(ObjectionKind.STALE, "It has changed meanwhile: look at it again."))


def _demand(after: Approval | Objection) -> Approval:
    if isinstance(after, Objection):
        raise Declined(after)
    return after


def _only(rows: list[tuple[str, ...]], approval_id: str) -> Approval:
    if not rows:
        raise Declined(
            Objection(ObjectionKind.UNKNOWN, f"There is no approval {approval_id}: `b4tui approvals list` shows them.")
        )
    return read_approval(rows[0][0])


def _spend_permit(writing: Writing, permit: str, approval_id: str, now: datetime) -> bool:
    """Mark a permit as used; whether it was not before."""
    return bool(
        writing.execute(
            "INSERT OR IGNORE INTO spent_permits (id, approval, at) VALUES (?, ?, ?)",
            (permit, approval_id, _moment(now)),
        )
    )


def _moment(moment: datetime) -> str:
    """A time as the tables hold it: UTC with microseconds, so that the order of texts is that of times."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
