"""Reads the record for the screen: pages of rows when they are looked at, the last ones kept. Its methods block."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from b4tui.escalation.approvals.entries import KINDS
from b4tui.events import event_names
from b4tui.ledger.types import Entry, Verification
from b4tui.tui.audit.question import Question, hint

if TYPE_CHECKING:
    from b4tui.ledger.ledger import Ledger

PAGE = 256
"""Rows that are read at once."""
KEPT_PAGES = 16


class _Left(Exception):
    """Nobody looks any more."""


class Reader:
    """Rows by their number. `entry` and `wanted` are for the loop, everything else for a thread.

    `complete` says whether the last search found everything that fits, `hint` why nothing could; `progress` how far a
    verification is.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.progress = (0, 0)
        self.complete = True
        self.hint = ""
        self.wanted: set[int] = set()
        self._pages: OrderedDict[int, dict[int, Entry]] = OrderedDict()
        self._gone = False

    def entry(self, seq: int) -> Entry | None:
        """The row, if it is read already; else its page is wanted."""
        page = (seq - 1) // PAGE
        found = self._pages.get(page, {}).get(seq)
        if found is None:
            self.wanted.add(page)
        return found

    def fetch(self) -> None:
        """Read the pages that are wanted, the last ones asked for at most."""
        wanted, self.wanted = self.wanted, set()
        for page in list(wanted)[-KEPT_PAGES:]:
            rows = self.ledger.entries(after=page * PAGE, limit=PAGE)
            self._pages[page] = {row.seq: row for row in rows}
            self._pages.move_to_end(page)
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)

    def look(self) -> tuple[int, int]:
        """The newest row's number and the bytes of the file. A page that was not full is read again."""
        newest = self.ledger.head().seq
        grown = [page for page, rows in self._pages.items() if len(rows) < PAGE and newest > page * PAGE + len(rows)]
        for page in grown:
            self._pages.pop(page, None)
        return newest, self.ledger.size

    def newest(self, question: Question) -> tuple[list[int], str]:
        """Numbers of the newest rows that fit, newest first; and why that took reading every row."""
        found, note = self._ask(question, None)
        self.hint = "" if found else hint(question, self.ledger.kinds() | event_names().union(KINDS))
        return found, note

    def older(self, question: Question, before: int) -> tuple[list[int], str]:
        """Numbers of the rows that fit before one that was found."""
        return self._ask(question, before)

    def _ask(self, question: Question, before: int | None) -> tuple[list[int], str]:
        kind, bead = question.kind or None, question.bead or None
        note = ""
        if question.words:
            found = self.ledger.search(question.words, before=before, limit=PAGE, kind=kind, bead=bead)
            entries, note = found.entries, found.note
        else:
            entries = self.ledger.entries(before=before, limit=PAGE, kind=kind, bead=bead)
        self.complete = len(entries) < PAGE
        return [entry.seq for entry in reversed(entries)], note

    def verify(self) -> Verification | None:
        """Go through the chain; None where nobody waited for the end."""
        try:
            return self.ledger.verify(progress=self._progressed)
        except _Left:
            return None

    def export(self, path: Path) -> int:
        """Write every row to a new file as JSON lines; how many. Raises OSError and LedgerError."""
        with path.open("x", encoding="utf-8") as file:
            return self.ledger.export(file)

    def leave(self) -> None:
        """Nobody looks any more: what still runs in a thread ends."""
        self._gone = True

    def _progressed(self, done: int, total: int) -> None:
        self.progress = (done, total)
        if self._gone:
            raise _Left
