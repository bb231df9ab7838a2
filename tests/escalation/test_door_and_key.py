"""The API key goes out in its header and is in no word of ours, whatever a server does with it."""

from __future__ import annotations

import logging
import traceback

import pytest

from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.demo.faults import FaultKind
from b4tui.escalation.door.providers import Api
from tests.escalation.conftest import Door, Open
from tests.escalation.knocking import knock, request_for


@pytest.mark.parametrize("api", list(Api))
@pytest.mark.parametrize("fault", [FaultKind.ECHO, FaultKind.ECHO_ERROR, FaultKind.WRONG_KEY, FaultKind.NO_HTTP])
async def test_the_key_is_in_no_word_of_ours_though_the_server_says_it_back(
    door_to: Open, cloud: SimulatedCloud, caplog: pytest.LogCaptureFixture, api: Api, fault: FaultKind
) -> None:
    caplog.set_level(logging.DEBUG)
    door = door_to(cloud.address, api)
    cloud.faults.add(fault)
    payload = door.payload()
    permit = door.permit(payload)
    events, sending = await door.sent(payload, permit)
    assert door.key.encode() in cloud.received
    told = [repr(value) for value in (door.provider, permit, payload, sending, sending.receipt, events)]
    assert not [text for text in (*told, *map(str, told), caplog.text) if door.key in text]


async def test_the_key_is_in_no_exception(door: Door, cloud: SimulatedCloud) -> None:
    payload = door.payload()
    cloud.faults.add(FaultKind.REDIRECT)
    for request in (request_for(door, payload), request_for(door, payload, extensions={})):
        try:
            await knock(door, request)
        except Exception as error:
            assert door.key not in "".join(traceback.format_exception(error))
        else:
            pytest.fail("it went well")
