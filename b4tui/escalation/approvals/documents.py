"""Approvals and grants as they lie in the ledger's database: one JSON document each, checked when it is read.

A document never holds a body and never a value that was found: findings are masked before they come here.
"""

from __future__ import annotations

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
    return _GRANTS.dump_json(grant).decode()


def read_approval(document: str) -> Approval:
    """The approval of a document. Raises LedgerError: what cannot be read is decided by nobody."""
    return _read(_APPROVALS, "approvals", document)


def read_grant(document: str) -> Grant:
    """The grant of a document. Raises LedgerError."""
    return _read(_GRANTS, "grants", document)


def _read(adapter: TypeAdapter[T], table: str, document: str) -> T:
    try:
        return adapter.validate_json(document)
    except ValidationError as error:
        raise LedgerError(
            f"a row of the table {table} cannot be read ({error.error_count()} faults): `b4tui ledger verify` tells "
            "whether the record was changed; nothing of that row is sent"
        ) from None  # pydantic's own text quotes the document
