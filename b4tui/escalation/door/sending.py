"""Sending one approved payload and hearing the answer, with at most two further tries (research/gate.md 7, N08)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx

from b4tui.engines.reading import Malformed, MalformedCall
from b4tui.engines.types import Failure, StreamEvent, Text, Thinking, Usage
from b4tui.escalation.door import failures
from b4tui.escalation.door.headers import HeaderRefused, headers_for
from b4tui.escalation.door.incoming import Incoming, Trouble
from b4tui.escalation.door.network import Gatekeeper, Traffic
from b4tui.escalation.door.permits import Permit, PermitFault, PermitOffice, PermitRefused
from b4tui.escalation.door.prices import broken_off, cost
from b4tui.escalation.door.providers import Provider
from b4tui.escalation.door.transport import PERMIT, TRAFFIC, DoorRefused, DoorTransport
from b4tui.escalation.door.wire.answers import Answer, Declined, Ending, Said, Unfinished
from b4tui.escalation.door.wire.forms import answer_of
from b4tui.escalation.types import Payload, Receipt
from b4tui.outward_sections import PricesConfig

TRIES = 3
"""How often the same bytes are sent at most."""
PAUSE_S = 1.0
"""How long to wait before the second try where the provider does not say; twice that before the third."""
_AGAIN = frozenset({429, 500, 502, 503, 504, 529})
_GIVEN_UP = "given up here before the answer was whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The same bytes are going to the same place once more, with a permit of their own."""

    permit: Permit
    failure: Failure
    seconds: float
    tried: int


async def unlogged(retry: Retry) -> None:
    """Nobody keeps a record of tries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What sending needs of the world. `clock` gives aware datetimes, `seconds` a clock for durations.

    `rules` is the hash of the gate's rules now; `retried` is called before each further try, and an error of its own
    keeps that from happening; `new_id` makes ids for tool calls that came without.
    """

    office: PermitOffice
    rules: Callable[[], str]
    clock: Callable[[], datetime]
    seconds: Callable[[], float]
    new_id: Callable[[], str]
    prices: PricesConfig = field(default_factory=PricesConfig)
    retried: Callable[[Retry], Awaitable[None]] = unlogged
    gatekeeper: Gatekeeper | None = None
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Sender:
    """Sends payloads to one provider. It holds no connection between them."""

    def __init__(self, provider: Provider, means: Means) -> None:
        self._provider = provider
        self._means = means
        self._transport = DoorTransport(
            provider, means.office, rules=means.rules, clock=means.clock, gatekeeper=means.gatekeeper
        )

    def send(self, payload: Payload, permit: Permit) -> Sending:
        """The sending of one payload. Nothing happens before its events are read, and they can be read once."""
        return Sending(self._provider, self._means, self._transport, payload, permit)


class Sending:
    """One payload on its way: iterate its events, which end with exactly one Done or Failure, then read `receipt`.

    sending = sender.send(payload, permit)
    async with aclosing(sending.events()) as events:
        async for event in events: ...
    sending.receipt
    """

    def __init__(
        self, provider: Provider, means: Means, transport: DoorTransport, payload: Payload, permit: Permit
    ) -> None:
        self._provider = provider
        self._means = means
        self._transport = transport
        self._payload = payload
        self._permit = permit
        self._traffic = Traffic()
        self._sent_at: datetime | None = None
        self._since = means.seconds()
        self._until: float | None = None
        self._first: float | None = None
        self._written = 0
        self._status: int | None = None
        self._answer: Answer | None = None
        self._failure = _GIVEN_UP
        self.fault: PermitFault | None = None
        """Why the permit was refused, where it was."""

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        return self.events()

    async def events(self) -> AsyncGenerator[StreamEvent, None]:
        """The events. Raises what `Means.retried` raises, and nothing else."""
        self._sent_at, self._since = self._means.clock(), self._means.seconds()
        try:
            async with aclosing(self._tries()) as tries:
                async for event in tries:
                    yield event
        finally:
            self._means.office.withdraw(self._permit.approval)

    async def _tries(self) -> AsyncGenerator[StreamEvent, None]:
        permit = self._permit
        for tried in range(1, TRIES + 1):
            try:
                async with aclosing(self._attempt(permit)) as attempt:
                    async for event in attempt:
                        yield event
                return
            except Trouble as trouble:
                again = await self._again(trouble, tried)
                if again is None:
                    yield self._failed(trouble.failure)
                    return
                permit = again

    async def _again(self, trouble: Trouble, tried: int) -> Permit | None:
        """Wait for the next try and get its permit, which ends when the first one does; None where there is none."""
        pause = self._pause(trouble, tried)
        if pause is None:
            return None
        await self._means.sleep(pause)
        try:
            permit = self._means.office.issue(self._payload, self._permit.approval, self._permit.until)
        except PermitRefused:
            return None
        await self._means.retried(Retry(permit=permit, failure=trouble.failure, seconds=pause, tried=tried))
        return permit

    @property
    def receipt(self) -> Receipt:
        """What came of it so far; what left has left, however it ended."""
        now = self._means.seconds() if self._until is None else self._until
        usage = self._answer.usage if self._answer is not None else None
        if usage is not None and self._failure:
            usage = broken_off(usage, self._written)
        model = self._payload.destination.model
        return Receipt(
            approval=self._permit.approval,
            destination=self._payload.destination,
            sha256=self._payload.sha256,
            bytes_out=self._traffic.bytes_out,
            bytes_in=self._traffic.bytes_in,
            sent_at=self._sent_at or self._permit.issued,
            seconds=now - self._since,
            status=self._status,
            usage=None if usage is None else self._timed(usage),
            cost=None if usage is None else cost(model, usage, self._means.prices),
            failure=self._failure,
        )

    async def _attempt(self, permit: Permit) -> AsyncGenerator[StreamEvent, None]:
        """One try. Raises Trouble, when nothing of an answer was given out or when it broke off."""
        answer = self._answer = answer_of(self._provider.api, self._means.new_id)
        incoming = Incoming(self._provider, self._transport, self._left)
        try:
            await self._open(incoming, permit)
            async with aclosing(self._pieces(incoming, answer)) as pieces:
                async for piece in pieces:
                    yield piece
            ending = self._ending(answer)
        finally:
            self._until = self._means.seconds()
            self._status = incoming.status
            await incoming.aclose()
        self._failure = ""
        for event in ending:
            yield self._timed(event) if isinstance(event, Usage) else event

    async def _open(self, incoming: Incoming, permit: Permit) -> None:
        """Knock at the door. Raises Trouble."""
        extensions = {PERMIT: permit, TRAFFIC: self._traffic}
        headers = list(headers_for(self._provider, self._payload.size))
        url, body = self._payload.destination.url, self._payload.body
        try:
            await incoming.open(httpx.Request("POST", url, headers=headers, content=body, extensions=extensions))
        except PermitRefused as refused:
            self.fault = refused.fault
            raise Trouble(failures.not_sent(str(refused))) from None
        except (DoorRefused, HeaderRefused) as refused:
            raise Trouble(failures.not_sent(str(refused))) from None

    async def _pieces(self, incoming: Incoming, answer: Answer) -> AsyncGenerator[Text | Thinking, None]:
        """What can be given out at once. Raises Trouble."""
        ending = False
        while True:
            try:
                message = await incoming.message()
            except Trouble:
                if ending:
                    return
                raise
            if message is None:
                return
            try:
                step = answer.take(message)
            except Malformed as error:
                if incoming.at_end:
                    return
                raise Trouble(self._unreadable(error)) from None
            except Said as said:
                raise Trouble(failures.in_stream(self._provider, said)) from None
            if step.progress and not ending:
                incoming.progress()
            if step.ending and not ending:
                ending = True
                incoming.ending()
            if self._first is None and step.pieces:
                self._first = self._means.seconds() - self._since
            for piece in step.pieces:
                self._written += len(piece.text)
                yield piece
            if step.over:
                return

    def _left(self) -> float:
        """Seconds that the whole exchange still has, over all tries."""
        return self._since + self._provider.total_timeout_s - self._means.seconds()

    def _ending(self, answer: Answer) -> Ending:
        try:
            return answer.end()
        except Unfinished as unfinished:
            raise Trouble(failures.incomplete(self._provider, str(unfinished))) from None
        except Declined as declined:
            raise Trouble(failures.declined(self._provider, declined.text)) from None
        except Malformed as error:
            raise Trouble(self._unreadable(error)) from None

    def _unreadable(self, error: Malformed) -> Failure:
        say = failures.bad_call if isinstance(error, MalformedCall) else failures.garbage
        return say(self._provider, str(error))

    def _timed(self, usage: Usage) -> Usage:
        """The figures with what was measured here."""
        if self._until is None or self._first is None:
            return replace(usage, first_token_seconds=self._first)
        total = self._until - self._since
        generating = total - self._first if usage.generate_seconds is None else usage.generate_seconds
        return replace(usage, first_token_seconds=self._first, generate_seconds=generating, total_seconds=total)

    def _failed(self, failure: Failure) -> Failure:
        self._until = self._until or self._means.seconds()
        self._failure = failure.message
        return failure

    def _pause(self, trouble: Trouble, tried: int) -> float | None:
        """How long to wait before the next try; None where there is none.

        It must be the provider's own word that it took nothing (429, 5xx before an answer), and end in time.
        """
        if not trouble.at_once or tried >= TRIES or not _may_pass(trouble.failure):
            return None
        now = self._means.clock()
        asked = retry_after(trouble.retry_after, now)
        pause = PAUSE_S * 2 ** (tried - 1) if asked is None else asked
        in_time = pause < self._left() and now + timedelta(seconds=pause) < self._permit.until
        return pause if in_time else None


def _may_pass(failure: Failure) -> bool:
    return failure.status in _AGAIN and failure.transient


def retry_after(text: str, now: datetime) -> float | None:
    """The seconds that a Retry-After header asks for, as a number or a date (RFC 9110, 10.2.3)."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) <= 9:
        return float(text)
    try:
        at = parsedate_to_datetime(text)
        return max(0.0, (at - now).total_seconds())
    except (ValueError, TypeError):
        return None
