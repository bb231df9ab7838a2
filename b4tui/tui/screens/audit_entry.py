"""One entry of the record in full, with the payload it speaks of as it was kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical

from b4tui.ledger.types import Entry, LedgerError
from b4tui.tui.audit.facts import Kept, entry_lines
from b4tui.tui.keymap import bindings
from b4tui.tui.screens.base import HouseScreen
from b4tui.tui.widgets.text_pane import TextPane, numbered

if TYPE_CHECKING:
    from b4tui.ledger.ledger import Ledger

_NOT_KEPT = "Its bytes are not kept any more (settings: ledger.keep_bodies_days)."


class AuditEntryScreen(HouseScreen):
    """An entry; `escape` returns to the list."""

    BINDINGS = bindings("entry")

    def __init__(self, ledger: Ledger, entry: Entry) -> None:
        super().__init__()
        self._ledger = ledger
        self._entry = entry
        self._sha256 = str(entry.facts.get("sha256") or "")
        self._kept = Kept() if self._sha256 else None

    def body(self) -> ComposeResult:
        """One pane to read."""
        with Vertical(id="main"):
            yield TextPane(id="entry")

    def on_mount(self) -> None:
        """Show the facts, then fetch the payload."""
        self.drawable = True
        pane = self.query_one("#entry", TextPane)
        pane.add_class("panel")
        pane.entitle(f"RECORD, row {self._entry.seq:,}")
        pane.focus()
        self._write()
        if self._sha256:
            self.run_worker(self._fetch(), group="audit-body", exit_on_error=False)

    def _write(self) -> None:
        today = self.console.clock().astimezone()
        self.query_one("#entry", TextPane).write(
            lambda width: numbered(tuple(entry_lines(self._entry, self._kept, today, width)))
        )

    async def _fetch(self) -> None:
        try:
            body = await asyncio.to_thread(self._ledger.body, self._sha256)
        except LedgerError as error:
            self._kept = Kept(reason=str(error))
        else:
            self._kept = Kept(body=body, reason="" if body is not None else _NOT_KEPT)
        self._write()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Some entries are about no bead."""
        return action != "open_bead" or bool(self._entry.bead)

    def why_not(self, action: str) -> str:
        """Why there is no bead to look at."""
        return "this entry is about no bead"

    def action_back(self) -> None:
        """Return to the list."""
        self.dismiss(None)

    def action_open_bead(self) -> None:
        """Look at the bead it is about."""
        self.console.open_bead(self._entry.bead)

    def action_copy_pane(self) -> None:
        """Copy all text of the entry."""
        self.console.copy(self.query_one("#entry", TextPane).text())
