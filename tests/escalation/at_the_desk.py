"""A desk with all its real parts: gate, ledger, door, and a simulated cloud over TLS at the other end."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from b4tui import config
from b4tui.config import Settings
from b4tui.engines.types import ChatRequest, Message, Role
from b4tui.escalation.desk import Desk
from b4tui.escalation.opening import World, open_desk
from b4tui.escalation.types import Answered, Approval, Decision, EscalationRequest, Refused
from b4tui.events import Event, now
from b4tui.gate.known.known import Known
from b4tui.gate.opening import open_gate
from b4tui.gate.policy.public_values import PublicValue, add_public_value, public_values_file
from b4tui.ledger.ledger import Ledger
from b4tui.provenance import Part, Provenance, Source, SourceKind
from tests.waiting import until

KEY_ENV = "SIMULATED_CLOUD_KEY"
QUESTION = "Compare what is published on tides in shallow seas."


@dataclass
class Clock:
    """The machine's clock, which can be set."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead

    def move(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@dataclass
class Asking:
    """One escalation under way, and the approvals it waited for."""

    task: asyncio.Task[Answered | Refused]
    waited: list[Approval | None]

    async def result(self) -> Answered | Refused:
        async with asyncio.timeout(60):
            return await self.task

    async def refusal(self) -> Refused:
        result = await self.result()
        assert isinstance(result, Refused), result
        return result

    async def answer(self) -> Answered:
        result = await self.result()
        assert isinstance(result, Answered), result
        return result

    async def question(self, number: int = 1) -> Approval:
        """The approval that the operator is asked about, the first or a later one."""
        await until(lambda: len([one for one in self.waited if one is not None]) >= number or self.task.done())
        asked = [one for one in self.waited if one is not None]
        assert len(asked) >= number, self.task.result()
        return asked[number - 1]


@dataclass
class AtTheDesk:
    """One process's desk on a hub's ledger."""

    desk: Desk
    ledger: Ledger
    settings: Settings
    clock: Clock
    events: list[Event] = field(default_factory=list)
    _numbers: Any = field(default_factory=lambda: count(1))

    def ask(self, *parts: str | Part, **changes: Any) -> Asking:
        """An agent asks; parts that are plain text are public."""
        waited: list[Approval | None] = []
        asked = a_request(*parts, **changes)
        return Asking(asyncio.create_task(self.desk.ask(asked, waited.append)), waited)

    async def approve(self, approval: Approval, **changes: Any) -> Approval:
        return await self.desk.approve(decision_on(approval, **changes))

    async def deny(self, approval: Approval, **changes: Any) -> Approval:
        return await self.desk.deny(decision_on(approval, **changes))

    def heard(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if type(event) is kind]

    def kinds(self) -> list[str]:
        """The record: what happened, in order."""
        return [entry.kind for entry in self.ledger.entries(limit=1000)]


def decision_on(approval: Approval, **changes: Any) -> Decision:
    """A screen's decision that showed all of it and had the host typed."""
    told: dict[str, Any] = {
        "approval": approval.id,
        "version": approval.version,
        "digest": approval.sha256,
        "actor": "ops@tty1",
        "seen_share": 1.0,
        "seconds": 3.0,
        "typed_host": approval.destination.host,
    }
    return Decision(**{**told, **changes})


def a_chat(*parts: str | Part) -> ChatRequest:
    told = [Part(p, Source(SourceKind.MODEL), Provenance.PUBLIC) if isinstance(p, str) else p for p in parts]
    house = Part("Answer shortly.", Source(SourceKind.HOUSE, "test"), Provenance.PUBLIC)
    messages = (Message.of_parts(Role.SYSTEM, (house,)), Message.of_parts(Role.USER, told or (Part(QUESTION),)))
    return ChatRequest(model="", messages=messages, num_ctx=0, num_predict=4096, temperature=0.3)


def a_request(*parts: str | Part, **changes: Any) -> EscalationRequest:
    told: dict[str, Any] = {
        "run": "run-1",
        "bead": "hub-1",
        "agent": "romanov",
        "category": "deep_research",
        "labels": (),
        "reason": "the local model does not know recent papers",
        "chat": a_chat(*(parts or (QUESTION,))),
    }
    return EscalationRequest(**{**told, **changes})


def settings_for(address: str, ca_file: Path, **policy: Any) -> Settings:
    """Settings with the simulated cloud as the one provider; nothing is held back for long."""
    quick = {"hold_back_s": 0.0, "undo_s": 0.0, "redact_wait_s": 0.0, **policy}
    provider = {
        "kind": "anthropic",
        "address": address,
        "model": "frontier-1",
        "key_env": KEY_ENV,
        "ca_file": str(ca_file),
        "max_tokens": 1000,
    }
    prices = {"models": {"frontier-1": {"input": 3.0, "output": 15.0}}}
    overrides = {"policy": {"escalation": quick}, "escalation": {"sim": provider}, "prices": prices}
    return config.load(use_user_file=False, overrides=overrides)


def sit_down(
    path: Path, settings: Settings, clock: Clock | None = None, known: Known | None = None, **world: Any
) -> AtTheDesk:
    """Open a desk on the ledger at `path`, as one process does; `known` is what this machine knows."""
    clock = clock or Clock()
    ledger = Ledger(path, clock=clock, key=secrets.token_bytes(32), plain_bodies=True)
    events: list[Event] = []
    numbers = count(1)
    prefix = secrets.token_hex(3)
    told: dict[str, Any] = {
        "environ": {KEY_ENV: secrets.token_urlsafe(24)},
        "clock": clock,
        "seconds": time.monotonic,
        "new_id": lambda: f"{prefix}-{next(numbers)}",
        "permit_key": secrets.token_bytes(32),
    }

    def remember(value: PublicValue) -> None:
        add_public_value(public_values_file(), value)

    desk = open_desk(
        settings,
        ledger,
        open_gate(settings, known),
        reopen=lambda: open_gate(settings, known),
        remember=remember,
        publish=events.append,
        world=World(**{**told, **world}),
    )
    return AtTheDesk(desk, ledger, settings, clock, events)
