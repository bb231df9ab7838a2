"""One exchange has one time, which nothing renews: a provider that drips for ever is left."""

from __future__ import annotations

from contextlib import aclosing
from itertools import count
from pathlib import Path

import pytest

from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.demo.faults import FaultKind
from b4tui.demo.listening import Ending
from b4tui.engines.types import FailureKind, StreamEvent, Text
from b4tui.escalation.door.providers import Api
from b4tui.escalation.types import RefusalKind
from tests.escalation.at_the_desk import settings_for, sit_down
from tests.escalation.conftest import Door, Open, answers, failure_of
from tests.waiting import until


class Ticks:
    """A steady clock that stands still unless it is told to go on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def dripped(door: Door, ticks: Ticks, every_s: float) -> tuple[list[StreamEvent], Door]:
    """All that is heard of a provider whose every piece of text comes so many seconds after the one before."""
    door.seconds = ticks
    sending = door.sending()
    heard: list[StreamEvent] = []
    async with aclosing(sending.events()) as events:
        async for event in events:
            heard.append(event)
            if isinstance(event, Text):
                ticks.now += every_s
    assert sending.receipt.failure == failure_of(heard).message
    assert sending.receipt.bytes_in > 0 and sending.receipt.seconds == ticks.now - 1000.0
    return heard, door


@pytest.mark.parametrize("api", list(Api))
async def test_a_drip_without_end_is_given_up(door_to: Open, cloud: SimulatedCloud, api: Api) -> None:
    cloud.faults.add(FaultKind.ENDLESS, after=1)
    heard, door = await dripped(door_to(cloud.address, api), Ticks(), 59.0)
    failure = failure_of(heard)
    assert failure.kind is FailureKind.TIMEOUT
    assert "600 s" in failure.message and "escalation.sim.total_timeout_s" in failure.message
    assert len([event for event in heard if isinstance(event, Text)]) == 11, "649 s are not waited for"
    assert len(cloud.requests) == 1 and door.retries == [], "it is not asked again"
    assert door.office.live == 0
    await until(lambda: cloud.requests[0].ending is not Ending.OPEN)


async def test_the_limit_is_the_operators(door_to: Open, cloud: SimulatedCloud) -> None:
    cloud.faults.add(FaultKind.ENDLESS, after=1)
    heard, _ = await dripped(door_to(cloud.address, total_timeout_s=90), Ticks(), 50.0)
    assert "within 90 s" in failure_of(heard).message and answers(heard)


@pytest.mark.usefixtures("own_time")
async def test_silence_counts_for_it_too(door_to: Open, cloud: SimulatedCloud) -> None:
    cloud.faults.add(FaultKind.FORGOTTEN, after=6)
    events, _ = await door_to(cloud.address, total_timeout_s=0.2).sent()
    assert "total_timeout_s" in failure_of(events).message


async def test_it_is_not_tried_again_beyond_it(door_to: Open, cloud: SimulatedCloud) -> None:
    cloud.faults.add(FaultKind.RATE_LIMIT, seconds=7)
    door = door_to(cloud.address, total_timeout_s=5)
    events, _ = await door.sent()
    assert failure_of(events).status == 429 and door.clock.slept == [] and len(cloud.requests) == 1


async def test_the_record_has_bytes_and_cost_and_nothing_of_what_was_said(
    tmp_path: Path, cloud: SimulatedCloud, ca_file: Path
) -> None:
    numbers = count(0, 5)
    here = sit_down(tmp_path / "ledger.db", settings_for(cloud.address, ca_file), seconds=lambda: float(next(numbers)))
    cloud.faults.add(FaultKind.ENDLESS, after=1)
    asking = here.ask()
    await here.approve(await asking.question())
    refused = await asking.refusal()
    assert refused.kind is RefusalKind.FAILED and "was not done within 600 s" in refused.reason
    (row,) = [entry for entry in here.ledger.entries(limit=100) if entry.kind == "escalation_answered"]
    assert row.facts["failure"] == refused.reason and row.facts["seconds"] >= 600
    assert row.facts["bytes_in"] > 0 and row.facts["bytes_out"] == len(cloud.received)
    assert row.facts["cost"]["tokens_in"] > 0 and row.facts["cost"]["money"] > 0
    assert row.facts["cost"]["tokens_out"] > 100_000, "what was written is paid for, though nobody counted it"
    approval = await here.desk.approval(refused.approval)
    assert approval.cost is not None and approval.outcome == refused.reason
