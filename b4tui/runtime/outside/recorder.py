"""Every event goes into the ledger before anybody else hears of it (design section 4.7)."""

from __future__ import annotations

from collections.abc import Callable

from b4tui.escalation.approvals.entries import KINDS
from b4tui.events import Event, Warned, event_name
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.recording import entry_of
from b4tui.ledger.types import LedgerError


class Recorder:
    """Give it every event, first of all subscribers.

    A ledger that cannot be written is said once, and again when it works: runs go on without it, escalations do not.
    `mask` hides in a text what the gate finds there; until the gate is open texts of models are left out.
    """

    def __init__(self, ledger: Ledger, publish: Callable[[Event], None]) -> None:
        self.ledger = ledger
        self._publish = publish
        self.mask: Callable[[str], str] | None = None
        self.error = ""

    def add(self, event: Event) -> None:
        """Record an event, unless it was made from a row that is there already."""
        if event_name(event) in KINDS:
            return
        entry = entry_of(event, masked=self.mask)
        if entry is None:
            return
        try:
            self.ledger.append(entry)
        except LedgerError as error:
            self._failed(str(error), event)
        else:
            self.error = ""

    def _failed(self, reason: str, event: Event) -> None:
        fresh = not self.error
        self.error = reason
        if fresh:
            self._publish(Warned(at=event.at, reason=f"nothing is recorded, so nothing can leave: {reason}"))
