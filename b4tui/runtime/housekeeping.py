"""What has to be done now and then: rates a few times a second, the machine, claims that somebody left behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from b4tui.board.git import git
from b4tui.board.model import Hub, HubKind
from b4tui.board.store import BoardStore
from b4tui.events import BeadReopened, Event, RunFinished, RunOutcome, Warned, now
from b4tui.runtime.recovery import Recovered, recover
from b4tui.runtime.state import StateFolder

TICK_S = 0.25
TIDY_S = 900.0
LOOSE_OBJECTS = 400


class Sweeper:
    """Gives back, every `every_s` seconds, what a killed b4tui left claimed; publishes what it did."""

    def __init__(
        self, state: StateFolder, store: BoardStore, publish: Callable[[Event], None], *, every_s: float
    ) -> None:
        self._state = state
        self._store = store
        self._publish = publish
        self._every_s = every_s

    async def run(self) -> None:
        """Sweep for ever; only where the board can be written."""
        while True:
            if not self._store.read_only:
                await self._sweep()
            await asyncio.sleep(self._every_s)

    async def _sweep(self) -> None:
        try:
            found = await asyncio.to_thread(recover, self._state, self._store)
        except OSError as error:
            self._publish(Warned(at=now(), reason=f"claims that were left behind cannot be looked for: {error}"))
            return
        for recovered in found:
            self._tell(recovered)

    def _tell(self, recovered: Recovered) -> None:
        who, at = recovered.holder, now()
        self._publish(BeadReopened(at=at, bead=who.bead, agent=who.agent, reason=recovered.reason, run=who.run))
        self._publish(
            RunFinished(
                at=at,
                run=who.run,
                bead=who.bead,
                agent=who.agent,
                outcome=RunOutcome.INTERRUPTED,
                reason=recovered.reason,
                steps=recovered.progress.steps,
                seconds=recovered.progress.seconds,
            )
        )


async def tidy(hub: Hub, every_s: float = TIDY_S) -> None:
    """Let git pack the hub's objects now and then, in a process of its own: every change of a board leaves a whole copy
    of the file behind, a megabyte for 10,000 beads, and packed copies take next to nothing.
    """
    while hub.kind is HubKind.CLASSIC:
        # A later setting wins over the one that keeps git from doing this in the middle of a commit.
        await asyncio.to_thread(git, hub.root, ["-c", f"gc.auto={LOOSE_OBJECTS}", "gc", "--auto", "--quiet"])
        await asyncio.sleep(every_s)


async def tick(call: Callable[[float], None], every_s: float = TICK_S) -> None:
    """Call with the monotonic time, a few times a second, for ever."""
    while True:
        call(time.monotonic())
        await asyncio.sleep(every_s)
