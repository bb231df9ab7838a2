"""Rows of approvals, written with the entries that record them. Everything here is part of the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from b4tui.escalation.approvals import entries
from b4tui.escalation.approvals.approvals import TABLE
from b4tui.escalation.approvals.changes import Declined, Objection, ObjectionKind
from b4tui.escalation.approvals.documents import approval_document
from b4tui.escalation.types import Approval
from b4tui.ledger.chain import moment_text
from b4tui.ledger.types import NewEntry
from b4tui.ledger.writing import Writing

PERMITS = "spent_permits"
Rows = Sequence[tuple[str, str]]
"""State rows by table and id."""


def put(writing: Writing, new: Approval, body: bytes, used: Rows = ()) -> None:
    """Keep a new one with its body, and record that it was asked. `used` are rows that the entry bears out as well."""
    writing.keep_body(new.sha256, body)
    writing.execute(
        "INSERT INTO approvals (id, version, state, agent, bead, run, sha256, asked_at, deadline, document) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new.id,
            new.version,
            _column(new),
            new.agent,
            new.bead,
            new.run,
            new.sha256,
            moment_text(new.asked_at),
            moment_text(new.deadline),
            approval_document(new),
        ),
    )
    writing.append(entries.asked(new), rows=((TABLE, new.id), *used))


def update(
    writing: Writing, before: Approval, after: Approval, entry: NewEntry, used: Rows = (), *, doubted: bool
) -> None:
    """Change a row and record it. Raises Declined where it is not as `before` says any more.

    A row in doubt stays in doubt: nothing that is recorded later bears it out.
    """
    changed = writing.execute(
        "UPDATE approvals SET version = ?, state = ?, run = ?, deadline = ?, sent_at = ?, document = ? "
        "WHERE id = ? AND (version = ? OR ?)",
        (
            after.version,
            _column(after),
            after.run,
            moment_text(after.deadline),
            moment_text(after.sent_at) if after.sent_at else None,
            approval_document(after),
            before.id,
            before.version,
            doubted,  # its version may be anything
        ),
    )
    if changed != 1:
        raise Declined(Objection(ObjectionKind.STALE, "It has changed meanwhile: look at it again."))
    writing.append(entry, rows=used if doubted else ((TABLE, after.id), *used))


def _column(approval: Approval) -> str:
    """The state as the index holds it: what has left is a state of its own there, so that what is open is few rows."""
    return "sent" if approval.sent_at is not None else str(approval.state)


def spend_permit(writing: Writing, permit: str, approval_id: str, now: datetime) -> bool:
    """Mark a permit as used; whether it was not before."""
    return bool(
        writing.execute(
            "INSERT OR IGNORE INTO spent_permits (id, approval, at) VALUES (?, ?, ?)",
            (permit, approval_id, moment_text(now)),
        )
    )
