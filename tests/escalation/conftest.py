"""A simulated cloud over real TLS, a provider that trusts it, and an office that issues permits."""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from b4tui.demo.certificates import Authority
from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.engines.types import ChatRequest, Done, Failure, Message, Role, StreamEvent, Text
from b4tui.escalation.door.network import Gatekeeper
from b4tui.escalation.door.payloads import build
from b4tui.escalation.door.permits import Permit, PermitOffice
from b4tui.escalation.door.providers import Api, Provider, open_provider
from b4tui.escalation.door.sending import Means, Retry, Sender, Sending
from b4tui.escalation.door.transport import DoorTransport
from b4tui.escalation.types import Payload
from b4tui.outward_sections import EscalationConfig, PriceConfig, PricesConfig

RULES = "5" * 64
MODEL = "frontier-1"
START = datetime(2026, 8, 21, 12, tzinfo=UTC)
PRICES = PricesConfig(models={MODEL: PriceConfig(input=3.0, output=15.0, cached_input=0.3)})
KEY_ENV = "SIMULATED_CLOUD_KEY"


def new_key() -> str:
    """A key for one test, made up on the spot."""
    return secrets.token_urlsafe(24)


def asks(text: str = "What is known of tides?", **changes: Any) -> ChatRequest:
    """A small chat."""
    messages = (Message(Role.SYSTEM, "Answer shortly."), Message(Role.USER, text))
    chat = ChatRequest(model="", messages=messages, num_ctx=0, num_predict=4096, temperature=0.3)
    return replace(chat, **changes)


@dataclass
class Clock:
    """A clock that stands still unless it is told to go on; sleeping makes it go on."""

    now: datetime = START
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)
        await asyncio.sleep(0)


@dataclass
class Door:
    """One provider with all that sending to it takes; `rules` may change under way."""

    provider: Provider
    key: str
    clock: Clock = field(default_factory=Clock)
    rules: str = RULES
    retries: list[Retry] = field(default_factory=list)
    retried: Callable[[Retry], Awaitable[None]] | None = None
    gatekeeper: Gatekeeper | None = None
    seconds: Callable[[], float] | None = None
    office: PermitOffice = field(init=False)

    def __post_init__(self) -> None:
        numbers = count(1)
        self.office = PermitOffice(secrets.token_bytes(32), self.clock, lambda: f"nonce-{next(numbers)}")

    @property
    def means(self) -> Means:
        async def retried(retry: Retry) -> None:
            self.retries.append(retry)

        numbers = count(1)
        return Means(
            office=self.office,
            rules=lambda: self.rules,
            clock=self.clock,
            seconds=self.seconds or asyncio.get_running_loop().time,
            new_id=lambda: f"own_{next(numbers)}",
            prices=PRICES,
            retried=self.retried or retried,
            sleep=self.clock.sleep,
        )

    @property
    def transport(self) -> DoorTransport:
        return DoorTransport(
            self.provider, self.office, rules=lambda: self.rules, clock=self.clock, gatekeeper=self.gatekeeper
        )

    def payload(self, chat: ChatRequest | None = None) -> Payload:
        return build(self.provider, chat or asks(), rules_sha256=RULES, gate_version=1)

    def permit(self, payload: Payload, seconds: float = 120.0) -> Permit:
        return self.office.issue(payload, "approval-1", self.clock.now + timedelta(seconds=seconds))

    def sending(self, payload: Payload | None = None, permit: Permit | None = None) -> Sending:
        payload = payload or self.payload()
        return Sender(self.provider, self.means).send(payload, permit or self.permit(payload))

    async def sent(
        self, payload: Payload | None = None, permit: Permit | None = None
    ) -> tuple[list[StreamEvent], Sending]:
        """Everything that comes back, and the sending, for its receipt."""
        sending = self.sending(payload, permit)
        return [event async for event in sending.events()], sending


@pytest.fixture(scope="session")
def authority() -> Authority:
    """One certificate authority for all tests."""
    return Authority()


@pytest.fixture(scope="session")
def ca_file(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return authority.write(tmp_path_factory.mktemp("authority") / "ca.pem")


@pytest_asyncio.fixture
async def cloud(authority: Authority) -> AsyncIterator[SimulatedCloud]:
    """A provider on 127.0.0.1 that waits for nothing."""
    async with SimulatedCloud(authority.server("127.0.0.1", "localhost"), speed=math.inf) as server:
        yield server


Open = Callable[..., Door]


@pytest.fixture
def door_to(ca_file: Path) -> Iterator[Open]:
    """Makes a door to a server at an address."""

    def open_door(address: str, api: Api = Api.ANTHROPIC, key: str = "", **changes: object) -> Door:
        key = key or new_key()
        fields = {"kind": api.value, "address": address, "model": MODEL, "key_env": KEY_ENV, "ca_file": str(ca_file)}
        config = EscalationConfig.model_validate({**fields, **changes})
        return Door(open_provider("sim", config, {KEY_ENV: key}), key)

    yield open_door


@pytest.fixture
def door(door_to: Open, cloud: SimulatedCloud) -> Door:
    """A door to the simulated cloud's Messages API."""
    return door_to(cloud.address)


def answers(events: list[StreamEvent]) -> str:
    """The text of an answer."""
    return "".join(event.text for event in events if isinstance(event, Text))


def failure_of(events: list[StreamEvent]) -> Failure:
    """The failure that these events end with, and there is no other end among them."""
    ends = [event for event in events if isinstance(event, Done | Failure)]
    assert len(ends) == 1 and events[-1] is ends[0]
    assert isinstance(ends[0], Failure), ends
    return ends[0]
