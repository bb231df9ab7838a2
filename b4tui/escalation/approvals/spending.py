"""What was spent in the cloud, read from the chain: rows that can be edited beside it do not stretch a budget."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from b4tui.escalation.approvals import entries
from b4tui.escalation.approvals.budget import Spend
from b4tui.escalation.types import Cost
from b4tui.ledger.chain import moment_text
from b4tui.ledger.types import LedgerError


def spends(query: Callable[..., list[tuple[Any, ...]]], since: datetime) -> list[Spend]:
    """One for each approval whose bytes left since then: its estimate, until its answer says what it cost.

    What left before the ledger was taken over was somebody else's. Raises LedgerError for entries that cannot be read.
    """
    rows = query(
        "SELECT seq, kind, at, facts FROM entries WHERE kind IN (?, ?) AND at >= ? "
        "AND seq > (SELECT coalesce(max(seq), 0) FROM entries WHERE kind = 'ledger_adopted') ORDER BY seq",
        (entries.SENT, entries.ANSWERED, moment_text(since)),
    )
    found: dict[str, Spend] = {}
    for seq, kind, at, facts in rows:
        try:
            _count(found, kind, at, json.loads(facts))
        except (KeyError, TypeError, ValueError, RecursionError) as error:
            raise LedgerError(
                f"row {seq} does not say what was spent: it was changed; `b4tui ledger verify` says what else was"
            ) from error
    return list(found.values())


def _count(found: dict[str, Spend], kind: str, at: str, facts: dict[str, Any]) -> None:
    approval = facts["approval"]
    if kind == entries.SENT:
        fresh = Spend(
            at=datetime.fromisoformat(at), agent=facts["agent"], model=facts["model"], cost=Cost(**facts["estimate"])
        )
        found.setdefault(approval, fresh)  # the same bytes may have gone again, and are paid for once
    elif approval in found and facts["cost"] is not None:
        found[approval] = replace(found[approval], cost=Cost(**facts["cost"]))
