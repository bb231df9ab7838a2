"""Writes a run's settlement to the board, however long the board takes, and never over somebody else's change."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from b4tui.board import store as board
from b4tui.events import BeadClosed, BeadReopened, BoardFailed, Warned, now
from b4tui.runtime.backoff import Backoff
from b4tui.runtime.claims import Holder
from b4tui.runtime.parts import Parts
from b4tui.runtime.settlement import Settlement, refused

_RETRIES = Backoff(first=0.25, most=30.0)


class Overtaken(Exception):
    """The board changed under the run: the bead is no longer this agent's. The message says what happened."""


class Unsettled(Exception):
    """b4tui ends before the board could be written; the claim's lock file must stay for the next start."""


class Settling:
    """Settles one run of `holder`. `stopping` ends the waiting for a board that cannot be written."""

    def __init__(self, parts: Parts, holder: Holder, stopping: asyncio.Event) -> None:
        self._parts = parts
        self._holder = holder
        self._stopping = stopping
        self._commented = False

    async def settle(self, settlement: Settlement) -> Settlement:
        """Write it; returns it as it was written. Raises Unsettled."""
        failures = 0
        while True:
            try:
                await asyncio.to_thread(self._write, settlement)
                break
            except Overtaken as change:
                return self._overtaken(settlement, str(change))
            except board.NoSuchBead:
                continue  # it went away between a look and the change: the next look says whether for good
            except board.NothingChanged:
                return self._overtaken(settlement, "somebody else settled it at the same moment")
            except board.Refused as refusal:
                if not settlement.close:
                    return self._overtaken(settlement, str(refusal))
                settlement = refused(settlement, str(refusal))
            except board.BoardError as error:
                failures += 1
                await self._wait(failures, str(error))
        self._publish(settlement)
        return settlement

    def _write(self, settlement: Settlement) -> None:
        """Runs in a thread."""
        store, who = self._parts.store, self._holder
        bead = who.find(store)
        if bead is None:
            raise Overtaken("it is no longer on the board")
        if not who.holds(bead):
            raise Overtaken(f"it is {bead.status} now, held by {bead.assignee or 'nobody'}")
        if not settlement.close:
            who.give_back(store, settlement.reason)
            return
        if settlement.comment and not self._commented:
            store.comment(who.bead, settlement.comment, who.assignee)
            self._commented = True
        store.close(who.bead, settlement.reason, who.assignee)

    async def _wait(self, failures: int, why: str) -> None:
        said = f"{self._holder.bead} cannot be settled yet: {why}"
        self._parts.publish(BoardFailed(at=now(), reason=said))
        try:
            async with asyncio.timeout(_RETRIES.delay(failures, self._parts.random)):
                await self._stopping.wait()
        except TimeoutError:
            return
        raise Unsettled(said)

    def _overtaken(self, settlement: Settlement, why: str) -> Settlement:
        who = self._holder
        what = f'the result was "{settlement.reason}"' if settlement.close else "it was to be given back"
        said = f"{who.bead} changed under {who.agent}: {why}. It was left as it is; {what}"
        self._parts.publish(Warned(at=now(), reason=said, bead=who.bead, agent=who.agent))
        return replace(settlement, close=False, reason=said, counts=False, hold="")

    def _publish(self, settlement: Settlement) -> None:
        event = BeadClosed if settlement.close else BeadReopened
        who = self._holder
        self._parts.publish(event(at=now(), bead=who.bead, agent=who.agent, reason=settlement.reason, run=who.run))
