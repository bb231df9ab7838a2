"""A second process that decides about an approval of a ledger, as another console would; run by path."""

from __future__ import annotations

import sys
from pathlib import Path

from b4tui.escalation.approvals.changes import Approve, Declined, Deny
from b4tui.escalation.approvals.store import ApprovalStore
from b4tui.escalation.types import Decision
from b4tui.events import now
from b4tui.ledger.ledger import Ledger
from b4tui.outward_sections import EscalationPolicy, PricesConfig


def main(path: str, what: str, actor: str) -> None:
    """Wait for a line, so that two can begin at once; then decide what is pending, and say how that went."""
    with Ledger(Path(path), clock=now, plain_bodies=True) as ledger:
        store = ApprovalStore(ledger, EscalationPolicy(hold_back_s=0.0), PricesConfig())
        (approval,) = store.pending()
        say("ready")
        sys.stdin.readline()
        decision = Decision(
            approval=approval.id,
            version=approval.version,
            digest=approval.sha256,
            actor=actor,
            seen_share=1.0,
            typed_host=approval.destination.host,
        )
        try:
            done = store.change(approval.id, Approve(decision) if what == "approve" else Deny(decision), now())
            say(f"done {done.state}")
        except Declined as declined:
            say(f"declined {declined.objection.text}")


def say(line: str) -> None:
    """One line to whoever started this."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
