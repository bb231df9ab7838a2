"""The door: what no live permit is for does not reach a cloud, over real TLS (N01 to N07, N18, N23)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from b4tui.demo.certificates import Authority
from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.demo.faults import FaultKind
from b4tui.engines.http import RedirectRefused
from b4tui.escalation.door.headers import HeaderRefused, headers_for, shown_headers
from b4tui.escalation.door.permits import PermitFault, PermitRefused
from b4tui.escalation.door.providers import Api
from b4tui.escalation.door.transport import PERMIT, LeadsInside
from tests.escalation.conftest import Door, Open, answers, asks, failure_of
from tests.escalation.knocking import REFUSALS, knock, request_for


async def refused(door: Door, cloud: SimulatedCloud, request: httpx.Request) -> Exception:
    """Why the door did not open; nothing has reached the cloud, not even a connection."""
    with pytest.raises(REFUSALS) as error:
        await knock(door, request)
    assert cloud.received == b"" and cloud.connections == 0
    assert isinstance(error.value, Exception)
    return error.value


async def test_the_approved_bytes_reach_it_byte_for_byte(door: Door, cloud: SimulatedCloud) -> None:
    payload = door.payload(asks("Was ist über Gezeiten bekannt? \u202e\U0001f30a"))
    assert await knock(door, request_for(door, payload)) == 200
    head, body = bytes(cloud.received).split(b"\r\n\r\n", 1)
    assert body == payload.body
    assert head.startswith(b"POST /v1/messages HTTP/1.1\r\n")


async def test_n01_a_changed_byte_is_refused(door: Door, cloud: SimulatedCloud) -> None:
    payload = door.payload()
    changed = payload.body.replace(b"tides", b"tidez")
    error = await refused(door, cloud, request_for(door, payload, content=changed))
    assert isinstance(error, PermitRefused) and error.fault is PermitFault.OTHER_BYTES


async def test_n02_a_replay_is_refused(door: Door, cloud: SimulatedCloud) -> None:
    payload = door.payload()
    extensions = {PERMIT: door.permit(payload)}
    await knock(door, request_for(door, payload, extensions=extensions))
    reached = bytes(cloud.received)
    with pytest.raises(PermitRefused) as error:
        await knock(door, request_for(door, payload, extensions=extensions))
    assert error.value.fault is PermitFault.USED and bytes(cloud.received) == reached


async def test_n03_another_place_is_refused(door: Door, cloud: SimulatedCloud) -> None:
    payload, url = door.payload(), door.provider.destination.url
    elsewhere = ["https://localhost:1/v1/messages", url + "/batches", url + "?beta=true", url.replace("https", "http")]
    elsewhere.append(url.replace("https://", "https://user@"))
    for other in elsewhere:
        await refused(door, cloud, request_for(door, payload, url=other))
    await refused(door, cloud, request_for(door, payload, method="GET"))


async def test_n03_another_model_in_the_same_bytes_is_refused(door: Door, cloud: SimulatedCloud) -> None:
    payload = door.payload()
    other = replace(payload, destination=replace(payload.destination, model="frontier-2"))
    error = await refused(door, cloud, request_for(door, payload, extensions={PERMIT: door.permit(other)}))
    assert isinstance(error, PermitRefused) and error.fault is PermitFault.OTHER_DESTINATION


@pytest.mark.parametrize("fault", [FaultKind.REDIRECT, FaultKind.REDIRECT_HERE])
async def test_n04_a_redirect_ends_it_and_the_body_does_not_leave_twice(
    door: Door, cloud: SimulatedCloud, authority: Authority, fault: FaultKind
) -> None:
    async with SimulatedCloud(authority.server("127.0.0.1")) as other:
        cloud.elsewhere = f"{other.address}/v1/messages"
        cloud.faults.add(fault)
        payload = door.payload()
        with pytest.raises(RedirectRefused):
            await knock(door, request_for(door, payload))
        assert other.received == b"" and other.connections == 0
    assert cloud.received.count(payload.body) == 1 and cloud.connections == 1


async def test_n05_a_body_that_a_library_wrote_again_is_refused(door: Door, cloud: SimulatedCloud) -> None:
    payload = door.payload()
    row = json.loads(payload.body)
    for body in (json.dumps(row).encode(), json.dumps({**row, "metadata": {"user_id": "u"}}).encode()):
        headers = list(headers_for(door.provider, len(body)))
        error = await refused(door, cloud, request_for(door, payload, content=body, headers=headers))
        assert isinstance(error, PermitRefused) and error.fault is PermitFault.OTHER_BYTES


async def test_n05_no_proxy_of_the_environment_is_asked(
    door: Door, cloud: SimulatedCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await knock(door, request_for(door, door.payload())) == 200


async def test_n06_rules_that_changed_since_the_scan_close_it(door: Door, cloud: SimulatedCloud) -> None:
    payload = door.payload()
    request = request_for(door, payload)
    door.rules = "6" * 64
    error = await refused(door, cloud, request)
    assert isinstance(error, PermitRefused) and error.fault is PermitFault.OTHER_RULES


async def test_n07_an_old_approval_is_refused(door: Door, cloud: SimulatedCloud) -> None:
    request = request_for(door, door.payload())
    door.clock.now += timedelta(seconds=120)
    error = await refused(door, cloud, request)
    assert isinstance(error, PermitRefused) and error.fault is PermitFault.EXPIRED


async def test_without_a_permit_nothing_passes_and_a_header_is_none(door: Door, cloud: SimulatedCloud) -> None:
    payload = door.payload()
    for extensions in ({}, {PERMIT: "approved"}, {PERMIT: door.permit(payload).nonce}):
        error = await refused(door, cloud, request_for(door, payload, extensions=extensions))
        assert isinstance(error, PermitRefused) and error.fault is PermitFault.MISSING


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("user", "anna"),
        ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        ("x-stainless-os", "Linux"),
        ("cookie", "a=b"),
        ("authorization", "Bearer something"),
        ("x-api-key", "something"),
        ("user-agent", "b4tui/1.0 (Linux; anna)"),
        ("accept", "text/html"),
        ("accept-encoding", "gzip"),
        ("content-type", "application/json; boundary=anna"),
        ("content-encoding", "gzip"),
        ("anthropic-version", "2023-06-01; anna"),
        ("anthropic-beta", "files"),
        ("host", "api.example.com"),
        ("content-length", "1"),
        ("transfer-encoding", "chunked"),
        ("expect", "100-continue"),
        ("X-Tags", "home"),
    ],
)
async def test_n18_no_other_header_leaves(door: Door, cloud: SimulatedCloud, name: str, value: str) -> None:
    payload = door.payload()
    headers = [(n, v) for n, v in headers_for(door.provider, payload.size) if n != name]
    error = await refused(door, cloud, request_for(door, payload, headers=[*headers, (name, value)]))
    assert isinstance(error, HeaderRefused) and value not in str(error)


@pytest.mark.parametrize("api", list(Api))
async def test_n18_what_leaves_is_what_is_shown(door_to: Open, cloud: SimulatedCloud, api: Api) -> None:
    door = door_to(cloud.address, api)
    payload = door.payload()
    await knock(door, request_for(door, payload))
    head = bytes(cloud.received).split(b"\r\n\r\n", 1)[0].decode()
    left = [tuple(line.split(": ", 1)) for line in head.split("\r\n")[1:]]
    shown = shown_headers(door.provider, payload.size)
    assert [name for name, _ in left] == [name for name, _ in shown]
    assert left[:-1] == list(shown[:-1])
    assert door.key in left[-1][1] and door.key not in str(shown)


async def test_n23_what_is_sent_is_the_object_that_was_hashed(door: Door, cloud: SimulatedCloud) -> None:
    """A chat whose parts change after it was built changes nothing: nobody reads it again."""
    options: dict[str, Any] = {"a": 1}
    chat = asks("first", options=options)
    payload = door.payload(chat)
    options["a"] = "second"
    events, sending = await door.sent(payload)
    assert answers(events) and sending.receipt.sha256 == payload.sha256
    assert cloud.requests[0].raw.endswith(payload.body)


async def test_a_body_with_the_key_in_it_is_refused(door: Door, cloud: SimulatedCloud) -> None:
    payload = door.payload(asks(f"Is {door.key} a good key?"))
    error = await refused(door, cloud, request_for(door, payload))
    assert door.key not in str(error)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff"])
async def test_a_body_that_is_no_object_is_refused(door: Door, cloud: SimulatedCloud, body: bytes) -> None:
    headers = list(headers_for(door.provider, len(body)))
    await refused(door, cloud, request_for(door, door.payload(), content=body, headers=headers))


async def test_a_certificate_of_another_name_ends_it_before_a_byte_leaves(authority: Authority, door_to: Open) -> None:
    async with SimulatedCloud(authority.server("other.example.com")) as liar:
        events, sending = await door_to(liar.address).sent()
        assert "certificate" in failure_of(events).message
        assert liar.received == b"" and sending.receipt.bytes_out == 0


async def test_a_certificate_of_another_authority_ends_it_before_a_byte_leaves(door_to: Open) -> None:
    async with SimulatedCloud(Authority().server("127.0.0.1")) as liar:
        events, sending = await door_to(liar.address).sent()
        assert "certificate" in failure_of(events).message
        assert liar.received == b"" and sending.receipt.bytes_out == 0


async def test_a_public_name_that_leads_into_a_private_network_is_not_followed(
    door: Door, cloud: SimulatedCloud
) -> None:
    """As a name server may answer that somebody else runs."""
    port = door.provider.destination.port
    place = replace(door.provider.destination, host="localhost", port=port)
    public = replace(door, provider=replace(door.provider, destination=place, private=False))
    with pytest.raises(LeadsInside):
        await knock(public, request_for(public, public.payload()))
    assert cloud.connections == 0


@dataclass
class Watch:
    """A gatekeeper that writes down what it is told."""

    told: list[tuple[str, str, int]] = field(default_factory=list)

    @contextmanager
    def opening(self, host: str, port: int) -> Iterator[None]:
        self.told.append(("name", host, port))
        yield

    @contextmanager
    def connecting(self, ip: str, port: int) -> Iterator[None]:
        self.told.append(("address", ip, port))
        yield


async def test_who_watches_the_sockets_is_told_the_name_and_the_address_of_it(
    door_to: Open, cloud: SimulatedCloud
) -> None:
    door = door_to(cloud.address.replace("127.0.0.1", "localhost"))
    watch, port = Watch(), door.provider.destination.port
    door.gatekeeper = watch
    transport, payload = door.transport, door.payload()
    await (await transport.handle_async_request(request_for(door, payload))).aclose()
    assert watch.told[0] == ("name", "localhost", port) and watch.told[-1] == ("address", "127.0.0.1", port)
    watch.told.clear()
    with pytest.raises(PermitRefused):
        await transport.handle_async_request(request_for(door, payload, extensions={}))
    assert watch.told == []
