"""A console on approvals of a real desk, with no agents and no board; run by path in a pseudo-terminal.

Called with the ledger, the operator's name, and how long the loop is kept busy when a payload is asked for.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from frozen_approvals import Desktop
from frozen_world import EMPTY, FrozenRuntime

from b4tui import config
from b4tui.config import TuiConfig
from b4tui.escalation.types import PayloadShown
from b4tui.ledger.types import LedgerError
from b4tui.outward_sections import EscalationPolicy
from b4tui.runtime.outside.verbs import OutwardVerbs
from b4tui.runtime.snapshot import OutwardView
from b4tui.tui.app import Console
from b4tui.tui.screens.base import HouseScreen
from tests.escalation.at_the_desk import AtTheDesk, sit_down


class Outside:
    """What the operator's verbs need: an open desk."""

    closed = ""

    def __init__(self, here: AtTheDesk) -> None:
        self.desk = here.desk


class Verbs(OutwardVerbs):
    """The real verbs, signed."""

    def __init__(self, here: AtTheDesk, name: str) -> None:
        super().__init__(Outside(here), name)  # type: ignore[arg-type]
        self.name = name


class DeskRuntime(FrozenRuntime):
    """Nothing but a desk whose approvals are looked at ten times a second."""

    def __init__(self, here: AtTheDesk, name: str, busy_s: float) -> None:
        super().__init__(EMPTY)
        self.here = here
        self.operator = Verbs(here, name)
        self.busy_s = busy_s
        self.looking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await super().start()
        self.looking = asyncio.create_task(self.look())

    async def look(self) -> None:
        while True:
            approvals = await self.here.desk.recent(600)
            if approvals != self.snapshot.outward.approvals:
                self.change(outward=OutwardView(guarded=True, approvals=approvals), loading=False)
            await asyncio.sleep(0.1)

    async def stop(self, reason: str) -> None:
        await super().stop(reason)
        if self.looking is not None:
            self.looking.cancel()

    def hold_up(self) -> None:
        """Keep the loop busy, as anything that takes long would."""
        time.sleep(self.busy_s)

    async def payload(self, approval_id: str) -> PayloadShown:
        self.hold_up()
        return await self.operator.payload(approval_id)


QUICK = EscalationPolicy(quiet_s=1.0)  # within it the test has to react to what it sees


class BareConsole(Console):
    """The console over an empty first screen."""

    def get_default_screen(self) -> HouseScreen:  # type: ignore[override]
        return Desktop()


def main(ledger: str, name: str, busy_s: str) -> None:
    """The console, until it is left."""
    here = sit_down(Path(ledger), config.load(use_user_file=False))
    try:
        BareConsole(DeskRuntime(here, name, float(busy_s)), TuiConfig(bell=False), policy=QUICK).run()
    except LedgerError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
