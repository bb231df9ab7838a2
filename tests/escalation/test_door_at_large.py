"""Whatever is tried at the door, no bytes that were approved and bytes that were sent ever differ."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from b4tui.demo.certificates import Authority
from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.escalation.door.headers import headers_for
from b4tui.escalation.door.transport import PERMIT
from b4tui.escalation.types import Payload
from tests.escalation.conftest import RULES, Door, Open, new_key
from tests.escalation.knocking import REFUSALS, knock, request_for


@dataclass
class Lasting:
    """A cloud and a door to it that outlive one example."""

    runner: asyncio.Runner
    cloud: SimulatedCloud
    door: Door


@pytest.fixture
def lasting(authority: Authority, door_to: Open) -> Any:
    with asyncio.Runner() as runner:
        cloud = SimulatedCloud(authority.server("127.0.0.1"), speed=math.inf)
        runner.run(cloud.up())
        yield Lasting(runner, cloud, door_to(cloud.address, key=new_key()))
        runner.run(cloud.down())


Change = Callable[[Door, Payload], dict[str, Any]]


def _with_header(name: str, value: str) -> Change:
    return lambda door, payload: {"headers": [*headers_for(door.provider, payload.size), (name, value)]}


def _body(change: Callable[[bytes, int], bytes], at: int) -> Change:
    def changed(door: Door, payload: Payload) -> dict[str, Any]:
        body = change(payload.body, at % payload.size)
        return {"content": body, "headers": list(headers_for(door.provider, len(body)))}

    return changed


def _url(change: Callable[[str], str]) -> Change:
    return lambda door, payload: {"url": change(payload.destination.url)}


positions = st.integers(0, 10_000)
changes = st.one_of(
    st.builds(_body, st.just(lambda body, at: body[:at] + body[at + 1 :]), positions),
    st.builds(_body, st.just(lambda body, at: body[:at] + b" " + body[at:]), positions),
    st.builds(_body, st.just(lambda body, at: body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]), positions),
    st.builds(_url, st.sampled_from([lambda url: url + "/x", lambda url: url + "?x", lambda url: url[:-1]])),
    st.builds(_with_header, st.sampled_from(["cookie", "x-tag", "authorization", "user"]), st.text("ab", min_size=1)),
    st.just(lambda door, payload: {"extensions": {}}),
    st.just(lambda door, payload: {"method": "PUT"}),
    st.just(lambda door, payload: {}),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(changes, st.booleans(), st.booleans()), min_size=1, max_size=3))
def test_no_bytes_both_approved_and_sent_differ(lasting: Lasting, tries: list[tuple[Change, bool, bool]]) -> None:
    """Whatever is changed, replayed, late or judged by other rules: the cloud gets approved bytes once, or nothing."""
    lasting.runner.run(_no_bytes_differ(lasting.door, lasting.cloud, tries))


async def _no_bytes_differ(door: Door, cloud: SimulatedCloud, tries: list[tuple[Change, bool, bool]]) -> None:
    for change, late, other_rules in tries:
        payload = door.payload()
        before, connections = len(cloud.received), cloud.connections
        permit = door.permit(payload)
        fields = change(door, payload)
        door.clock.now += timedelta(seconds=121 if late else 0)
        door.rules = "6" * 64 if other_rules else RULES
        allowed = not (fields or late or other_rules)
        for again in (False, True):
            request = request_for(door, payload, **{"extensions": {PERMIT: permit}, **fields})
            try:
                await knock(door, request)
            except REFUSALS:
                assert again or not allowed
            else:
                assert allowed and not again
        reached = bytes(cloud.received[before:])
        assert cloud.connections - connections == allowed
        assert reached.partition(b"\r\n\r\n")[2] == (payload.body if allowed else b"")
