"""One payload on its way: what comes back, what it cost, what went wrong, and when it is tried again (N08)."""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from b4tui.demo.certificates import Authority
from b4tui.demo.cloud_server import Saying, SimulatedCloud
from b4tui.demo.faults import FaultKind
from b4tui.demo.listening import Ending
from b4tui.demo.script import Call, Step
from b4tui.engines.types import Done, FailureKind, StreamEvent, Text, Thinking, ToolCall, Usage
from b4tui.escalation.door import incoming, transport
from b4tui.escalation.door.permits import PermitFault
from b4tui.escalation.door.providers import Api
from b4tui.escalation.door.sending import Retry, retry_after
from tests.escalation.conftest import START, Door, Open, answers, failure_of
from tests.waiting import until

APIS = list(Api)
SAYING = Saying(
    "tides",
    Step(think="The moon.", say="They follow the moon.", calls=(Call(tool="read", path="a.md", lines=3),)),
)


@pytest.mark.parametrize("api", APIS)
async def test_an_answer_comes_in_pieces_with_its_figures(door_to: Open, authority: Authority, api: Api) -> None:
    async with SimulatedCloud(authority.server("127.0.0.1"), [SAYING], speed=math.inf) as cloud:
        events, sending = await door_to(cloud.address, api).sent()
    assert answers(events) == "They follow the moon."
    assert "".join(event.text for event in events if isinstance(event, Thinking)) == "The moon."
    assert len([event for event in events if isinstance(event, Text)]) > 3
    (call,) = [event for event in events if isinstance(event, ToolCall)]
    assert (call.name, dict(call.arguments)) == ("read", {"path": "a.md", "lines": 3})
    usage = next(event for event in events if isinstance(event, Usage))
    assert usage.prompt_tokens > 0 and usage.generated_tokens > 0
    assert usage.first_token_seconds is not None and usage.total_seconds is not None
    assert 0 < usage.first_token_seconds <= usage.total_seconds
    assert events[-1] == Done("stop" if api is Api.OLLAMA else "tool_calls")
    assert sending.receipt.failure == ""


async def test_the_receipt_says_what_left_and_what_it_cost(door: Door, cloud: SimulatedCloud) -> None:
    payload = door.payload()
    _, sending = await door.sent(payload)
    receipt = sending.receipt
    assert receipt.approval == "approval-1" and receipt.destination == payload.destination
    assert receipt.sha256 == payload.sha256 and receipt.status == 200 and receipt.sent_at == START
    assert receipt.bytes_out == len(cloud.received) > payload.size
    assert receipt.bytes_in > 0 and receipt.seconds > 0
    assert receipt.usage is not None and receipt.cost is not None and receipt.cost.money is not None
    used = receipt.usage
    assert receipt.cost.money == pytest.approx((used.prompt_tokens * 3 + used.generated_tokens * 15) / 1e6)


async def test_an_answer_cut_off_at_its_limit_says_so_and_has_no_calls(door_to: Open, authority: Authority) -> None:
    async with SimulatedCloud(authority.server("127.0.0.1"), [SAYING], speed=math.inf) as cloud:
        events, _ = await door_to(cloud.address, max_tokens=8).sent()
    assert events[-1] == Done("length")
    assert not [event for event in events if isinstance(event, ToolCall)]


REFUSED = [
    (FaultKind.WRONG_KEY, 401, FailureKind.REFUSED, "escalation.sim.key_env"),
    (FaultKind.NO_CREDIT, 402, FailureKind.REFUSED, "no credit left"),
    (FaultKind.FORBIDDEN, 403, FailureKind.REFUSED, "what the key may do"),
    (FaultKind.NO_MODEL, 404, FailureKind.NO_MODEL, "escalation.sim.model"),
    (FaultKind.TOO_LARGE, 413, FailureKind.OVERFLOW, "too long"),
]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(("fault", "status", "kind", "words"), REFUSED)
async def test_what_only_the_operator_can_mend_is_said_and_not_tried_again(
    door_to: Open, cloud: SimulatedCloud, api: Api, fault: FaultKind, status: int, kind: FailureKind, words: str
) -> None:
    cloud.faults.add(fault)
    door = door_to(cloud.address, api)
    events, sending = await door.sent()
    failure = failure_of(events)
    assert (failure.kind, failure.status) == (kind, status) and words in failure.message
    assert len(cloud.requests) == 1 and door.retries == []
    assert sending.receipt.failure == failure.message and sending.receipt.status == status


CUT_SHORT = [
    (FaultKind.CUT, FailureKind.INCOMPLETE, "broke off"),
    (FaultKind.NO_DONE, FailureKind.INCOMPLETE, "broke off"),
    (FaultKind.ERROR_LINE, None, "Overloaded"),
    (FaultKind.GARBAGE_LINE, FailureKind.PROTOCOL, "is not its API"),
    (FaultKind.COMPRESSED, FailureKind.PROTOCOL, "compressed"),
    (FaultKind.NO_HTTP, FailureKind.PROTOCOL, "no valid HTTP"),
    (FaultKind.REDIRECT, FailureKind.PROTOCOL, "redirects elsewhere (307)"),
    (FaultKind.REDIRECT_HERE, FailureKind.PROTOCOL, "redirects elsewhere (308)"),
]


@pytest.mark.parametrize("api", APIS)
@pytest.mark.parametrize(("fault", "kind", "words"), CUT_SHORT)
async def test_an_answer_that_is_none_ends_in_a_failure_and_not_in_a_second_try(
    door_to: Open, cloud: SimulatedCloud, api: Api, fault: FaultKind, kind: FailureKind | None, words: str
) -> None:
    cloud.faults.add(fault, after=6)
    door = door_to(cloud.address, api)
    events, sending = await door.sent()
    failure = failure_of(events)
    assert kind in (None, failure.kind) and words in failure.message
    assert not [event for event in events if isinstance(event, ToolCall)]
    assert len(cloud.requests) == 1 and door.retries == []
    assert sending.receipt.bytes_out == len(cloud.received)


@pytest.mark.parametrize("api", APIS)
async def test_what_comes_with_a_200_and_is_no_stream_is_said_to_be_none(
    door_to: Open, cloud: SimulatedCloud, api: Api
) -> None:
    cloud.faults.add(FaultKind.WEB_PAGE)
    cloud.faults.add(FaultKind.NO_STREAM)
    door = door_to(cloud.address, api)
    page, _ = await door.sent()
    error, _ = await door.sent()
    assert failure_of(page).kind is FailureKind.PROTOCOL and "a web page" in failure_of(page).message
    assert failure_of(error).kind is FailureKind.CRASHED and "Upstream failed" in failure_of(error).message
    assert door.retries == []


async def test_an_overload_in_the_stream_is_told_from_a_crash(door: Door, cloud: SimulatedCloud) -> None:
    cloud.faults.add(FaultKind.ERROR_LINE, after=6)
    events, _ = await door.sent()
    assert failure_of(events).kind is FailureKind.BUSY


async def test_a_model_that_declines_is_a_refusal(door_to: Open, cloud: SimulatedCloud) -> None:
    for api in (Api.ANTHROPIC, Api.OPENAI):
        cloud.faults.add(FaultKind.DECLINED)
        events, _ = await door_to(cloud.address, api).sent()
        failure = failure_of(events)
        assert failure.kind is FailureKind.REFUSED and "declined" in failure.message


@pytest.mark.usefixtures("own_time")
@pytest.mark.parametrize(
    ("fault", "words"),
    [(FaultKind.HANG, "first_token_timeout_s"), (FaultKind.FORGOTTEN, "idle_timeout_s")],
)
async def test_silence_ends(door_to: Open, cloud: SimulatedCloud, fault: FaultKind, words: str) -> None:
    cloud.faults.add(fault, after=6)
    door = door_to(cloud.address, connect_timeout_s=0.2, first_token_timeout_s=0.2, idle_timeout_s=0.2)
    events, _ = await door.sent()
    failure = failure_of(events)
    assert failure.kind is FailureKind.TIMEOUT and words in failure.message


@pytest.mark.usefixtures("own_time")
async def test_bytes_that_say_nothing_are_no_sign_of_life(door_to: Open, cloud: SimulatedCloud) -> None:
    cloud.faults.add(FaultKind.SLOW_LORIS, after=6)
    events, _ = await door_to(cloud.address, idle_timeout_s=0.2).sent()
    assert failure_of(events).kind is FailureKind.TIMEOUT


async def test_an_answer_without_end_is_cut_off(
    door: Door, cloud: SimulatedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "ANSWER_LIMIT", 3_000_000)
    cloud.faults.add(FaultKind.ENDLESS, after=6)
    events, sending = await door.sent()
    assert failure_of(events).kind is FailureKind.PROTOCOL
    assert sending.receipt.bytes_in < 6_000_000


async def test_nobody_there_means_that_nothing_was_sent(door: Door, cloud: SimulatedCloud) -> None:
    await cloud.down()
    events, sending = await door.sent()
    failure = failure_of(events)
    assert failure.kind is FailureKind.UNREACHABLE and "nothing was sent" in failure.message
    assert sending.receipt.bytes_out == 0 and sending.receipt.status is None


async def test_a_refused_permit_is_a_failure_that_sent_nothing(door: Door, cloud: SimulatedCloud) -> None:
    payload = door.payload()
    permit = door.permit(payload)
    door.office.withdraw(permit.approval)
    events, sending = await door.sent(payload, permit)
    assert failure_of(events).kind is FailureKind.REFUSED and sending.fault is PermitFault.USED
    assert cloud.connections == 0 and sending.receipt.bytes_out == 0


async def test_who_stops_listening_hangs_up_and_keeps_the_receipt(door: Door, cloud: SimulatedCloud) -> None:
    cloud.faults.add(FaultKind.FORGOTTEN, after=6)
    sending = door.sending()
    async with aclosing(sending.events()) as events:
        assert isinstance(await anext(events), Text)
    await until(lambda: cloud.requests[0].ending is not Ending.OPEN)
    receipt = sending.receipt
    assert receipt.bytes_out == len(cloud.received) and "given up" in receipt.failure
    assert receipt.usage is not None, "the prompt was read, and costs"


async def test_cancelling_hangs_up(door: Door, cloud: SimulatedCloud) -> None:
    cloud.faults.add(FaultKind.HANG)
    task = asyncio.create_task(door.sent())
    await until(lambda: bool(cloud.requests))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: cloud.requests[0].ending is not Ending.OPEN)


TRIED_AGAIN = [FaultKind.RATE_LIMIT, FaultKind.BUSY, FaultKind.CRASH, FaultKind.OVERLOADED]


@pytest.mark.parametrize("fault", TRIED_AGAIN)
async def test_n08_after_429_and_5xx_the_same_bytes_go_again_with_a_permit_of_their_own(
    door: Door, cloud: SimulatedCloud, fault: FaultKind
) -> None:
    cloud.faults.add(fault, times=2, seconds=0)
    payload = door.payload()
    first = door.permit(payload)
    events, sending = await door.sent(payload, first)
    assert isinstance(events[-1], Done) and sending.receipt.failure == ""
    assert [exchange.raw.endswith(payload.body) for exchange in cloud.requests] == [True] * 3
    assert len({first.nonce, *(retry.permit.nonce for retry in door.retries)}) == 3
    assert [retry.permit.until for retry in door.retries] == [first.until] * 2
    assert [(retry.tried, retry.seconds) for retry in door.retries] == [(1, 1.0), (2, 2.0)]
    assert sending.receipt.bytes_out == len(cloud.received)


async def test_n08_it_is_tried_three_times_and_no_more(door: Door, cloud: SimulatedCloud) -> None:
    cloud.faults.add(FaultKind.BUSY, times=9)
    events, _ = await door.sent()
    assert failure_of(events).kind is FailureKind.BUSY and len(cloud.requests) == 3


async def test_n08_it_waits_as_long_as_the_provider_asks(door: Door, cloud: SimulatedCloud) -> None:
    cloud.faults.add(FaultKind.RATE_LIMIT, seconds=7)
    await door.sent()
    assert door.clock.slept == [7.0]


async def test_n08_it_does_not_wait_beyond_the_end_of_the_permit(door: Door, cloud: SimulatedCloud) -> None:
    cloud.faults.add(FaultKind.RATE_LIMIT, seconds=120)
    events, _ = await door.sent()
    assert failure_of(events).status == 429
    assert len(cloud.requests) == 1 and door.clock.slept == [] and door.retries == []


async def test_n08_rules_that_changed_while_it_waited_stop_it(door: Door, cloud: SimulatedCloud) -> None:
    async def changed(retry: Retry) -> None:
        door.rules = "6" * 64

    cloud.faults.add(FaultKind.BUSY)
    door.retried = changed
    sending = door.sending()
    events = [event async for event in sending.events()]
    assert failure_of(events).kind is FailureKind.REFUSED and sending.fault is PermitFault.OTHER_RULES
    assert len(cloud.requests) == 1


async def test_n08_a_try_that_cannot_be_recorded_is_not_made(door: Door, cloud: SimulatedCloud) -> None:
    class DiskFull(Exception):
        pass

    async def fails(retry: Retry) -> None:
        raise DiskFull

    cloud.faults.add(FaultKind.BUSY)
    door.retried = fails
    sending = door.sending()
    with pytest.raises(DiskFull):
        _ = [event async for event in sending.events()]
    assert len(cloud.requests) == 1 and door.office.live == 0


async def test_no_permit_is_left_over(door: Door, cloud: SimulatedCloud) -> None:
    await door.sent()
    assert door.office.live == 0


def test_a_time_to_try_again_may_be_a_date() -> None:
    now = datetime(2026, 8, 21, 12, tzinfo=UTC)
    assert retry_after(format_datetime(now + timedelta(seconds=9), usegmt=True), now) == 9.0
    assert retry_after(format_datetime(now - timedelta(seconds=9), usegmt=True), now) == 0.0
    assert [retry_after(text, now) for text in ("", "soon", "-1", "1e9", "٣")] == [None] * 5
    assert retry_after(" 30 ", now) == 30.0


async def test_figures_that_never_come_do_not_cost_the_answer(
    door_to: Open, cloud: SimulatedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is whole once the model said why it ended."""
    monkeypatch.setattr(incoming, "FIGURES_S", 0.1)
    cloud.faults.add(FaultKind.FORGOTTEN, after=9_999)
    events: list[StreamEvent]
    events, _ = await door_to(cloud.address).sent()
    assert events[-1] == Done("stop")
