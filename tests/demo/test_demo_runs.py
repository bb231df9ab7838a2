"""The whole demo without a screen: it ends by itself, with everything done that can be done, honest about the rest.

A whole demo takes five seconds of a processor: what it shows of the main job, from the board to commits, is looked at
in the same one.
"""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

import pytest

from b4tui.agents.sandbox import NoSandbox, find_sandbox
from b4tui.board.discover import open_hub
from b4tui.board.model import Bead
from b4tui.board.stores import open_store
from b4tui.demo.hub import sample_beads
from b4tui.demo.run import demo_world
from b4tui.engines.opening import open_engines
from b4tui.events import BeadClosed, BoardFailed, Event, RunFinished, RunOutcome, Warned
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
        closed_before = {bead.id for bead in store.load().beads.values() if bead.status == "closed"}
        await runtime.start()
        async with asyncio.timeout(90):
            await runtime.until_idle()
        await runtime.stop("the test is over")
        beads = store.load().beads
        asked = {exchange.bead for exchange in world.server.chats if exchange.bead}
        subjects = log_of(world.hub)
    still_open = {bead.id for bead in beads.values() if bead.status != "closed"}
    assert still_open == PEOPLES | WAITS_FOR_A_PERSON | LATER | CANNOT_BE_DONE
    assert len(beads) == len(sample_beads()) + MADE_ON_THE_WAY
    failed = {event.bead for event in events if isinstance(event, RunFinished) and event.outcome is RunOutcome.FAILED}
    assert failed == CANNOT_BE_DONE
    assert "zone-old.txt" in beads["hub-z0n"].comments[-1].text
    assert not asked & (PEOPLES | WAITS_FOR_A_PERSON | LATER)
    done = [bead for bead in beads.values() if bead.status == "closed" and bead.id not in closed_before]
    closed_with_commits_that_name_them(done, events, subjects)
    assert {event.agent for event in events if isinstance(event, BeadClosed)} == set(world.settings.agents)
    assert not [event for event in events if isinstance(event, Warned | BoardFailed)]
    assert set(runtime.snapshot.columns.closed) == {bead.id for bead in done} | closed_before


def closed_with_commits_that_name_them(done: list[Bead], events: list[Event], subjects: list[str]) -> None:
    assert len(done) >= 20
    assert {bead.id for bead in done} == {event.bead for event in events if isinstance(event, BeadClosed)}
    assert all(any(bead.id in subject for subject in subjects) for bead in done)
    assert all(bead.close_reason for bead in done)


def log_of(hub: Path) -> list[str]:
    """The subjects of all commits."""
    command = ["git", "-C", str(hub), "log", "--format=%s"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
