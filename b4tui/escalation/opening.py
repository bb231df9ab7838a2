"""A desk put together from its parts, over the real door."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from b4tui.config import ConfigError, Settings
from b4tui.engines.types import StreamEvent, Text, ToolCall
from b4tui.escalation.approvals.changes import Declined
from b4tui.escalation.approvals.store import ApprovalStore
from b4tui.escalation.asking.escalating import Escalation
from b4tui.escalation.asking.firmly import firmly
from b4tui.escalation.asking.mending import Mender
from b4tui.escalation.asking.noticing import Notices
from b4tui.escalation.asking.office import Office, Reply, Send
from b4tui.escalation.asking.preparing import Judge, Policy
from b4tui.escalation.asking.window import Window
from b4tui.escalation.desk import Desk
from b4tui.escalation.door.network import Gatekeeper
from b4tui.escalation.door.permits import Permit, PermitOffice
from b4tui.escalation.door.providers import Provider, open_providers
from b4tui.escalation.door.sending import Means, Retry, Sender
from b4tui.escalation.types import Payload
from b4tui.events import Event
from b4tui.gate.policy.public_values import PublicValue
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.types import LedgerError


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What a desk needs of the world around it. `clock` gives aware datetimes, `seconds` a clock for durations.

    `new_id` makes ids that never repeat, `permit_key` are 32 random bytes of this process, `zone` is where the
    budget's days begin (None: the machine's own), `gatekeeper` the guard that has to be told what a permit opens.
    """

    environ: Mapping[str, str]
    clock: Callable[[], datetime]
    seconds: Callable[[], float]
    new_id: Callable[[], str]
    permit_key: bytes
    zone: tzinfo | None = None
    gatekeeper: Gatekeeper | None = None


def open_desk(
    settings: Settings,
    ledger: Ledger,
    gate: Judge,
    *,
    reopen: Callable[[], Judge],
    remember: Callable[[PublicValue], None],
    publish: Callable[[Event], None],
    world: World,
) -> Desk:
    """The desk of one hub. `reopen` opens the gate anew after `remember` kept a value as public; both raise GateError.

    Providers that cannot be used close the way out and nothing else: every escalation is refused with that reason.
    """
    providers, fault = _providers(settings, world.environ)
    escalation = settings.policy.escalation
    store = ApprovalStore(ledger, escalation, settings.prices, world.zone)
    gates = _Gates(gate, reopen)
    permits = PermitOffice(world.permit_key, world.clock, world.new_id)
    waiting: set[Escalation] = set()

    def wake() -> None:
        for one in waiting:
            one.woken.set()

    notices = Notices(store, publish, world.clock, wake)
    office = Office(
        store=store,
        policy=Policy(escalation=escalation, gate=settings.gate, prices=settings.prices),
        providers=providers,
        no_providers=fault,
        keep_bodies_days=settings.ledger.keep_bodies_days,
        judge=gates.now,
        permits=permits,
        window=Window(),
        send=through_the_door(_means(settings, store, gates, permits, world)),
        clock=world.clock,
        new_id=world.new_id,
        told=notices.tell,
        look=notices.look,
        unrecorded=notices.unrecorded,
    )
    return Desk(office, notices, Mender(office, remember, gates.renew), waiting)


def through_the_door(means: Means) -> Send:
    """The real way out."""

    async def send(provider: Provider, payload: Payload, permit: Permit) -> Reply:
        sending = Sender(provider, means).send(payload, permit)
        texts: list[str] = []
        calls: list[ToolCall] = []
        try:
            await _read(sending.events(), texts, calls)
        except (LedgerError, Declined) as error:  # a further try that could not be recorded
            return Reply(receipt=replace(sending.receipt, failure=f"given up, because it cannot be recorded: {error}"))
        return Reply(receipt=sending.receipt, text="".join(texts), tool_calls=tuple(calls))

    return send


async def _read(events: AsyncGenerator[StreamEvent, None], texts: list[str], calls: list[ToolCall]) -> None:
    async with aclosing(events):
        async for event in events:
            match event:
                case Text(text):
                    texts.append(text)
                case ToolCall():
                    calls.append(event)
                case _:
                    pass  # the receipt has the figures, and a failure


class _Gates:
    """The gate as it is now."""

    def __init__(self, gate: Judge, reopen: Callable[[], Judge]) -> None:
        self._gate = gate
        self._reopen = reopen

    def now(self) -> Judge:
        return self._gate

    def renew(self) -> None:
        self._gate = self._reopen()


def _means(settings: Settings, store: ApprovalStore, gates: _Gates, permits: PermitOffice, world: World) -> Means:
    return Means(
        office=permits,
        rules=lambda: gates.now().rules_sha256,
        clock=world.clock,
        seconds=world.seconds,
        new_id=world.new_id,
        prices=settings.prices,
        retried=_recorded(store, world.clock),
        gatekeeper=world.gatekeeper,
    )


def _recorded(store: ApprovalStore, clock: Callable[[], datetime]) -> Callable[[Retry], Awaitable[None]]:
    """A further try is in the record before its first byte leaves, like the first one."""

    async def again(retry: Retry) -> None:
        await firmly(store.send_again, retry.permit.approval, retry.permit.nonce, clock())

    return again


def _providers(settings: Settings, environ: Mapping[str, str]) -> tuple[Mapping[str, Provider], str]:
    try:
        return open_providers(settings, environ), ""
    except ConfigError as error:
        return {}, str(error)
