"""The whole demo without a screen: it ends by itself, with everything done that can be done, honest about the rest."""

from __future__ import annotations

import asyncio

import pytest

from b4tui.agents.sandbox import NoSandbox, find_sandbox
from b4tui.board.discover import open_hub
from b4tui.board.stores import open_store
from b4tui.demo.hub import sample_beads
from b4tui.demo.run import demo_world
from b4tui.engines.opening import open_engines
from b4tui.events import Event, RunFinished, RunOutcome
from b4tui.runtime.runtime import Runtime

PEOPLES = {"hub-bk0", "hub-h1c"}
WAITS_FOR_A_PERSON = {"hub-d4y"}
LATER = {"hub-u7j"}
CANNOT_BE_DONE = {"hub-z0n"}
MADE_ON_THE_WAY = 2


async def test_it_ends_by_itself_with_every_bead_closed_that_can_be():
    if isinstance(missing := find_sandbox(), NoSandbox):
        pytest.skip(f"no sandbox works here: {missing.reason}")
    events: list[Event] = []
    async with demo_world(speed=0) as world:
        store = open_store(open_hub(world.hub))
        runtime = Runtime(world.settings, store, open_engines(world.settings, pins=world.pins), simulated=True)
        runtime.subscribe(events.append)
        await runtime.start()
        async with asyncio.timeout(90):
            await runtime.until_idle()
        await runtime.stop("the test is over")
        beads = store.load().beads
        asked = {exchange.bead for exchange in world.server.chats if exchange.bead}
    still_open = {bead.id for bead in beads.values() if bead.status != "closed"}
    assert still_open == PEOPLES | WAITS_FOR_A_PERSON | LATER | CANNOT_BE_DONE
    assert len(beads) == len(sample_beads()) + MADE_ON_THE_WAY
    failed = {event.bead for event in events if isinstance(event, RunFinished) and event.outcome is RunOutcome.FAILED}
    assert failed == CANNOT_BE_DONE
    assert "zone-old.txt" in beads["hub-z0n"].comments[-1].text
    assert not asked & (PEOPLES | WAITS_FOR_A_PERSON | LATER)
