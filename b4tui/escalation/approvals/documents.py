"""Approvals and grants as they lie in the ledger's database: one JSON document each, checked when it is read.

A document never holds a body and never a value that was found: findings are masked before they come here.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from b4tui.escalation.types import Approval, Grant
from b4tui.ledger.types import LedgerError

T = TypeVar("T")

_APPROVALS: TypeAdapter[Approval] = TypeAdapter(Approval)
_GRANTS: TypeAdapter[Grant] = TypeAdapter(Grant)


def approval_document(approval: Approval) -> str:
    """The document of an approval."""
    return _APPROVALS.dump_json(approval).decode()


def grant_document(grant: Grant) -> str:
    """The document of a grant."""
    return _GRANTS.dump_json(grant, exclude={"doubt"}).decode()


def read_approval(document: str, row_id: str = "") -> Approval:
    """The approval of a document. Raises LedgerError: what cannot be read is decided by nobody.

    `row_id` is of the row it lies in: a document that was moved there from another is dealt with as that row.
    """
    approval = _read(_APPROVALS, "approvals", document)
    return replace(approval, id=row_id) if row_id else approval


def read_grant(document: str, row_id: str, doubt: str) -> Grant:
    """The grant of the document in a row. Raises LedgerError."""
    return replace(_read(_GRANTS, "grants", document), id=row_id, doubt=doubt)


def _read(adapter: TypeAdapter[T], table: str, document: str) -> T:
    try:
        read = adapter.validate_json(document)
    except ValidationError as error:
        raise _unreadable(table, error.error_count()) from None  # pydantic's own text quotes the document
    values = (getattr(read, name) for name in getattr(read, "__dataclass_fields__", ()))
    # A time without a zone was never written here, and cannot be compared with those that were.
    if naive := sum(isinstance(value, datetime) and value.tzinfo is None for value in values):
        raise _unreadable(table, naive)
    return read


def _unreadable(table: str, faults: int) -> LedgerError:
    return LedgerError(
        f"a row of the table {table} cannot be read ({faults} faults): `b4tui ledger verify` tells whether the record "
        "was changed; nothing of that row is sent"
    )
