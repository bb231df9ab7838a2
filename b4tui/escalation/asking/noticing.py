"""Hearing of what others decided: the record is asked four times a second whether it changed, and read only then."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from b4tui.escalation.approvals import entries
from b4tui.escalation.approvals.row_events import event_of
from b4tui.escalation.approvals.store import ApprovalStore
from b4tui.escalation.asking.firmly import firmly
from b4tui.events import Event, Warned
from b4tui.ledger.types import Entry, LedgerError, NewEntry

MOST_DOUBTS = 5
"""More rows in doubt than these are not named one by one."""
NOTICE_S = 0.25
"""Seconds until somebody else's decision is seen, at most, and until what is due is settled."""


class Notices:
    """Publishes the rows of the record as events, each once and in order, whoever wrote them.

    `woken` is called after new rows of the desk: whoever waits for a decision looks again then.
    """

    def __init__(
        self,
        store: ApprovalStore,
        publish: Callable[[Event], None],
        clock: Callable[[], datetime],
        woken: Callable[[], None],
    ) -> None:
        self._store = store
        self._publish = publish
        self._clock = clock
        self._woken = woken
        self._seq = store.ledger.head().seq
        self._reading = asyncio.Lock()
        self._holders = 0
        self._task: asyncio.Task[None] | None = None
        self._failed = ""
        self._doubted: frozenset[str] = frozenset()

    async def look(self) -> None:
        """Compare approvals and grants with the record; what it does not bear out is said, once each."""
        try:
            doubts = await firmly(self._store.doubts)
        except LedgerError as error:
            self._warn(str(error))
            return
        fresh = [words for words in doubts if words not in self._doubted]
        self._doubted = frozenset(doubts)
        for words in fresh[:MOST_DOUBTS]:
            reason = f"{words}. Nothing leaves by it: revoke or deny it, and ask `b4tui ledger verify` what else is so"
            self._publish(Warned(at=self._clock(), reason=reason))
        if more := fresh[MOST_DOUBTS:]:
            reason = f"{len(more):,} more approvals and grants are not as the record says: ask `b4tui ledger verify`"
            self._publish(Warned(at=self._clock(), reason=reason))

    async def tell(self) -> None:
        """Publish what is new. A record that cannot be read is said once."""
        try:
            async with self._reading:
                fresh = False
                while rows := await firmly(self._store.rows_after, self._seq):
                    for row in rows:
                        fresh = self._one(row) or fresh
            self._failed = ""
        except LedgerError as error:
            self._warn(str(error))
            fresh = True
        if fresh:
            self._woken()

    def unrecorded(self, row: NewEntry) -> None:
        """Publish the event of a row that could not be written."""
        unwritten = Entry(
            seq=0,
            kind=row.kind,
            at=row.at,
            actor=row.actor,
            bead=row.bead,
            run=row.run,
            facts=row.facts,
            previous="",
            hash="",
        )
        event = event_of(unwritten)
        if event is not None:
            self._publish(event)

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Changes are noticed for as long as anybody holds this."""
        self._holders += 1
        if self._task is None:
            self._task = asyncio.create_task(self._watch(), name="the watch on approvals")
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders and self._task is not None:
                self._task.cancel()
                self._task = None

    async def _watch(self) -> None:
        await self.look()
        version = None
        while True:
            try:
                await firmly(self._store.settle, self._clock())
                seen = await firmly(self._store.data_version)
                if seen != version:
                    await self.tell()
                    version = seen
            except LedgerError as error:
                self._warn(str(error))
            await asyncio.sleep(NOTICE_S)

    def _one(self, row: Entry) -> bool:
        self._seq = row.seq
        event = event_of(row)
        if event is not None:
            self._publish(event)
        return row.kind in entries.KINDS

    def _warn(self, reason: str) -> None:
        if reason != self._failed:
            self._failed = reason
            self._publish(Warned(at=self._clock(), reason=f"approvals cannot be read, so nothing leaves: {reason}"))
