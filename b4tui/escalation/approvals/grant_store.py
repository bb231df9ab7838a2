"""Standing approvals in the ledger's database: made, used up, revoked, each with its row in the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from b4tui.escalation.approvals import entries
from b4tui.escalation.approvals.changes import Declined, Objection, ObjectionKind
from b4tui.escalation.approvals.documents import grant_document, read_grant
from b4tui.escalation.approvals.grant_bounds import beyond, bounded
from b4tui.escalation.approvals.grants import over
from b4tui.escalation.types import Grant
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.writing import Writing
from b4tui.outward_sections import EscalationPolicy

TABLE = "grants"
_HOLDS, _REVOKED = "holds", "revoked"


class GrantStore:
    """The grants of one hub, within the bounds of `policy`. Raises LedgerError where the database cannot be used."""

    def __init__(self, ledger: Ledger, policy: EscalationPolicy) -> None:
        self._ledger = ledger
        self._policy = policy

    def every(self, now: datetime) -> tuple[Grant, ...]:
        """All there ever were: those that hold first, the next to end before the others."""
        doubts = {doubt.id: doubt.why for doubt in self._ledger.witness.doubts((TABLE,))}
        rows = self._ledger.query("SELECT id, document FROM grants")
        read = (read_grant(document, row_id, doubts.get(row_id, "")) for row_id, document in rows)
        found = [bounded(grant, self._policy) for grant in read]
        return tuple(sorted(found, key=lambda grant: (bool(over(grant, now)), grant.until, grant.id)))

    def make(self, grant: Grant, now: datetime) -> Grant:
        """Keep a new one. Raises Declined for one that could never be used, or reaches beyond the bounds."""
        if not (grant.category and grant.max_bytes > 0 and grant.max_uses > 0):
            raise _declined("A grant needs a category, a size and a number of uses, all of them bounded.")
        if words := over(grant, now):
            raise _declined(f"This grant would cover nothing: {words}.")
        if words := beyond(grant, self._policy):
            raise _declined(f"This grant reaches too far: {words}.")
        with self._ledger.transaction() as writing:
            writing.execute(
                "INSERT INTO grants (id, version, state, category, until, document) VALUES (?, 1, ?, ?, ?, ?)",
                (grant.id, _HOLDS, grant.category, grant.until.astimezone(UTC).isoformat(), grant_document(grant)),
            )
            writing.append(entries.granted(grant, grant.made_by, now), rows=((TABLE, grant.id),))
        return grant

    def use(self, writing: Writing, grant_id: str, now: datetime) -> Grant:
        """Count one use, inside the transaction that records what it is used for. Raises Declined: holds no longer.

        That entry has to bear the grant's row out, as it is left here.
        """
        grant = self._found(writing, grant_id)
        if words := over(bounded(grant, self._policy), now):
            raise _declined(f"The grant covers this no longer: {words}.")
        return _update(writing, replace(grant, uses=grant.uses + 1))

    def revoke(self, grant_id: str, actor: str, now: datetime) -> Grant:
        """End one now; what was approved by it and has not left is looked at by the caller. Raises Declined."""
        with self._ledger.transaction() as writing:
            grant = self._found(writing, grant_id)
            if grant.revoked_at is not None:
                raise _declined("It was revoked before.")
            gone = _update(writing, replace(grant, revoked_at=now))
            # A row in doubt stays in doubt: to bear it out now would be to say that nothing was wrong with it.
            writing.append(entries.granted(gone, actor, now), rows=() if grant.doubt else ((TABLE, grant.id),))
        return gone

    def holds(self, writing: Writing, grant_id: str, now: datetime) -> str:
        """Why an approval by this grant may not be sent any more; "" where it may. Its own use is counted already."""
        grant = bounded(self._found(writing, grant_id), self._policy)
        return over(replace(grant, uses=max(0, grant.uses - 1)), now)

    def _found(self, writing: Writing, grant_id: str) -> Grant:
        rows = writing.query("SELECT document FROM grants WHERE id = ?", (grant_id,))
        if not rows:
            raise _declined(f"There is no grant {grant_id}: `b4tui grants list` shows them.", ObjectionKind.UNKNOWN)
        return read_grant(rows[0][0], grant_id, self._ledger.witness.doubt(writing.query, TABLE, grant_id))


def _update(writing: Writing, grant: Grant) -> Grant:
    state = _REVOKED if grant.revoked_at is not None else _HOLDS
    writing.execute(
        "UPDATE grants SET version = version + 1, state = ?, document = ? WHERE id = ?",
        (state, grant_document(grant), grant.id),
    )
    return grant


def _declined(text: str, kind: ObjectionKind = ObjectionKind.GRANT) -> Declined:
    return Declined(Objection(kind, text))
