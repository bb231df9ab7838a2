"""Approvals as they lie in the ledger's database, to be read. Calls block shortly, and raise LedgerError."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from b4tui.escalation.approvals import entries
from b4tui.escalation.approvals.budget import Spend, month_start, refusal
from b4tui.escalation.approvals.changes import Declined, Objection, ObjectionKind
from b4tui.escalation.approvals.documents import read_approval
from b4tui.escalation.approvals.grant_store import GrantStore
from b4tui.escalation.approvals.spending import spends
from b4tui.escalation.door.permits import sha256_of
from b4tui.escalation.types import Approval, ApprovalState, Cost
from b4tui.ledger.chain import moment_text
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import Entry, LedgerError
from b4tui.outward_sections import EscalationPolicy, PricesConfig

TABLE = "approvals"
_PAGE = 500

Query = Callable[..., list[tuple[Any, ...]]]
"""Reads the database: `Ledger.query`, or `Writing.query` inside a transaction."""


class Approvals:
    """The approvals of one hub. `zone` is the operator's, for days and months of the budget; None: the machine's."""

    def __init__(
        self, ledger: Ledger, policy: EscalationPolicy, prices: PricesConfig, zone: tzinfo | None = None
    ) -> None:
        self.ledger = ledger
        self.policy = policy
        self.prices = prices
        self.grants = GrantStore(ledger, policy)
        self._zone = zone

    def get(self, approval_id: str) -> Approval:
        """One as it stands. Raises Declined where there is none of that id."""
        rows = self.ledger.query("SELECT document FROM approvals WHERE id = ?", (approval_id,))
        return found_row(rows, approval_id)

    def matching(self, prefix: str) -> tuple[Approval, ...]:
        """Those whose id begins so."""
        rows = self.ledger.query(
            "SELECT document FROM approvals WHERE substr(id, 1, ?) = ? ORDER BY asked_at", (len(prefix), prefix)
        )
        return tuple(read_approval(document) for (document,) in rows)

    def pending(self) -> tuple[Approval, ...]:
        """Those that wait for the operator, the next to expire first."""
        found = [one for one in self.open_ones(self.ledger.query) if one.state is ApprovalState.PENDING]
        return tuple(sorted(found, key=lambda one: (one.deadline, one.id)))

    def every(self) -> tuple[Approval, ...]:
        """All there ever were, the oldest first."""
        rows = self.ledger.query("SELECT document FROM approvals ORDER BY asked_at, id")
        return tuple(read_approval(document) for (document,) in rows)

    def since(self, moment: datetime) -> tuple[Approval, ...]:
        """The pending ones, and those asked since or decided since, the oldest first."""
        # What was decided since was asked at most a whole wait before: that much the index finds.
        longest = timedelta(seconds=self.policy.deadline_s + self.policy.extend_s + self.policy.redact_wait_s)
        rows = self.ledger.query(
            "SELECT document FROM approvals WHERE state = 'pending' OR (state IN "
            "('approved', 'sent', 'denied', 'expired', 'cancelled') AND asked_at >= ?) ORDER BY asked_at, id",
            (moment_text(moment - longest),),
        )
        found = [read_approval(document) for (document,) in rows]
        return tuple(
            one
            for one in found
            if one.state is ApprovalState.PENDING or max(one.asked_at, one.decided_at or one.asked_at) >= moment
        )

    def previous_of(self, approval: Approval) -> Approval | None:
        """The last one whose bytes left for the same run, before this one was asked."""
        rows = self.ledger.query(
            "SELECT document FROM approvals WHERE run = ? AND state = 'sent' AND asked_at < ? "
            "ORDER BY asked_at DESC LIMIT 1",
            (approval.run, moment_text(approval.asked_at)),
        )
        return read_approval(rows[0][0]) if rows else None

    def keeps_body(self, approval: Approval) -> bool:
        """Whether the exact bytes are kept still."""
        return bool(self.ledger.query("SELECT 1 FROM bodies WHERE sha256 = ?", (approval.sha256,)))

    def body_of(self, approval: Approval) -> bytes:
        """The exact bytes. Raises Declined where they were dropped, LedgerError where they are others."""
        body = self.ledger.body(approval.sha256)
        if body is None:
            raise Declined(
                Objection(ObjectionKind.UNKNOWN, "Its bytes are not kept any more (settings: ledger.keep_bodies_days).")
            )
        if sha256_of(body) != approval.sha256:
            raise LedgerError(
                "the bytes kept for this approval are not those it is for: nothing can be decided on them"
            )
        return body

    def over_budget(self, agent: str, model: str, estimate: Cost, now: datetime) -> str:
        """Why a payload cannot be paid for, in words; "" where it can, as things stand."""
        return refusal(self.spent(self.ledger.query, now), estimate, agent, now, self.policy, self.prices, self._zone)

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

    def open_ones(self, query: Query) -> list[Approval]:
        """Those that can still change: undecided, or approved and not sent. `query` reads, in a transaction or not."""
        rows = query("SELECT id, document FROM approvals WHERE state IN ('pending', 'approved') ORDER BY asked_at, id")
        return [read_approval(document, row_id) for row_id, document in rows]

    def doubts(self) -> tuple[str, ...]:
        """What is wrong with the rows of approvals and grants by the record, in words; and what of it is unproven.

        Of what is unproven, and so is not used, only what could be used else: grants that hold, and open approvals.
        """
        usable = {("approvals", one.id) for one in self.open_ones(self.ledger.query)}
        usable |= {("grants", row_id) for (row_id,) in self.ledger.query("SELECT id FROM grants WHERE state = 'holds'")}
        found = self.ledger.witness.doubts()
        return tuple(str(one) for one in found if not one.unproven or (one.table, one.id) in usable)

    def spent(self, query: Query, now: datetime) -> list[Spend]:
        """What left since the local month began, by the record. `query` reads, in a transaction or not."""
        return spends(query, month_start(now, self._zone))


def found_row(rows: list[tuple[Any, ...]], approval_id: str) -> Approval:
    """The approval of the rows that an id gave. Raises Declined where it gave none."""
    if not rows:
        raise Declined(
            Objection(ObjectionKind.UNKNOWN, f"There is no approval {approval_id}: `b4tui approvals list` shows them.")
        )
    return read_approval(rows[0][0], approval_id)
