"""A simulated cloud provider: a real HTTPS server on loopback that speaks three APIs and answers from a script.

    authority = Authority()
    async with SimulatedCloud(authority.server("127.0.0.1"), speed=20) as cloud:
        cloud.address                          # https://127.0.0.1:PORT
        cloud.faults.add(FaultKind.RATE_LIMIT, seconds=2)
        cloud.received                         # every byte that reached it, ever

It says of itself that it is simulated: `X-B4tui-Simulated: 1` on every answer, and in every answer nobody scripted.
"""

from __future__ import annotations

import asyncio
import gzip
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, SupportsIndex

from b4tui.demo.answer import MEGABYTE
from b4tui.demo.chat import Piece, count_tokens, pieces, up_to
from b4tui.demo.cloud_forms import CloudTurn, Form, form_at
from b4tui.demo.faults import Fault, FaultKind, Faults
from b4tui.demo.listening import MAX_HEAD, Exchange, Listener
from b4tui.demo.pace import Metronome, Pace
from b4tui.demo.script import Step
from b4tui.demo.wire import Reply

ELSEWHERE = "https://elsewhere.invalid/v1/collect"
_DEFAULT = Step(
    say="This is no answer of a cloud model: the provider is simulated, runs on this machine, and nobody wrote an "
    "answer to this question."
)
# What is refused before an answer begins: status, kind and words.
_REFUSALS = {
    FaultKind.RATE_LIMIT: (429, "rate_limit_error", "This request would exceed your rate limit."),
    FaultKind.OVERLOADED: (529, "overloaded_error", "Overloaded"),
    FaultKind.BUSY: (503, "unavailable", "The service is temporarily unavailable."),
    FaultKind.CRASH: (500, "api_error", "Internal server error"),
    FaultKind.NO_CREDIT: (402, "billing_error", "Your account has insufficient credits."),
    FaultKind.WRONG_KEY: (401, "authentication_error", "invalid API key"),
    FaultKind.FORBIDDEN: (403, "permission_error", "Your key has no permission for this resource."),
    FaultKind.NO_MODEL: (404, "not_found_error", "model: no such model"),
    FaultKind.TOO_LARGE: (413, "request_too_large", "Request exceeds the maximum size"),
}


@dataclass(frozen=True, slots=True)
class Saying:
    """What the model says when the question has these words in it; "" fits every question."""

    has: str
    step: Step


class SimulatedCloud(Listener):
    """The provider; an async context manager. Everything runs on the loop that enters it.

    `key`: what it asks of its clients, "" for nothing. `speed` and `tokens_per_s` as in SimulatedOllama. `received` are
    all bytes that came out of TLS, whole requests or not; `connections` counts who knocked, TLS or not. `elsewhere` is
    where its redirects lead.
    """

    def __init__(
        self,
        tls: ssl.SSLContext,
        sayings: Iterable[Saying] = (),
        *,
        key: str = "",
        speed: float = 1.0,
        tokens_per_s: float = 60.0,
    ) -> None:
        super().__init__(tls)
        self._sayings = (*sayings, Saying("", _DEFAULT))
        self._key = key
        self._pace = Pace(speed, tokens_per_s)
        self._answers = 0
        self.received = bytearray()
        self.connections = 0
        self.elsewhere = ELSEWHERE
        self.faults = Faults("")

    def reader(self) -> asyncio.StreamReader:
        """One that keeps every byte."""
        self.connections += 1
        return _Recorder(self.received)

    def forget(self) -> None:
        """A provider remembers."""

    async def refuse(self, reply: Reply, message: str) -> None:
        """Answer bytes that are no request."""
        await reply.whole(400, {"error": {"message": message, "type": "invalid_request_error"}})

    async def answer(self, exchange: Exchange, reply: Reply) -> None:
        """Answer one request, or let a fault act."""
        form = form_at(exchange.path)
        if form is None or exchange.method != "POST" or not isinstance(exchange.body, dict):
            await reply.whole(404, {"error": {"message": "no such page", "type": "not_found_error"}})
            return
        fault = self.faults.take("", exchange.bead)
        if self._key and form.key(exchange.headers) != self._key:
            fault = Fault(FaultKind.WRONG_KEY)
        if fault is None or not await self._strike_first(fault, form, exchange, reply):
            await self._stream(form, exchange, reply, fault)

    async def _strike_first(self, fault: Fault, form: Form, exchange: Exchange, reply: Reply) -> bool:
        """Let a fault act that takes the answer's place; whether one did."""
        match fault.kind:
            case kind if kind in _REFUSALS:
                status, word, message = _REFUSALS[kind]
                wait = f"{fault.seconds:g}" if kind is FaultKind.RATE_LIMIT and fault.seconds else ""
                headers = {"Retry-After": wait} if wait else {}
                await reply.whole(status, form.error(status, word, message), headers)
            case FaultKind.REDIRECT:
                await reply.whole(307, "", {"Location": self.elsewhere})
            case FaultKind.REDIRECT_HERE:
                await reply.whole(308, "", {"Location": f"{self.address}{exchange.path}/"})
            case FaultKind.HANG:
                await asyncio.Event().wait()
            case FaultKind.NO_HTTP:
                await reply.unframed(b"220 mail.invalid ESMTP\r\n\r\n")
                reply.cut()
            case FaultKind.COMPRESSED:
                body = gzip.compress(b"".join(form.events(self._turn(form, exchange, fault))))
                await reply.whole(200, body, {"Content-Encoding": "gzip", "Content-Type": form.kind})
            case FaultKind.WEB_PAGE:
                await reply.whole(200, b"<html>Log in</html>", {"Content-Type": "text/html; charset=utf-8"})
            case FaultKind.NO_STREAM:
                await reply.whole(200, form.error(200, "api_error", "Upstream failed"))
            case FaultKind.ECHO_ERROR:
                await reply.whole(400, form.error(400, "invalid_request_error", exchange.raw.decode("latin-1")))
            case _:
                return False
        return True

    async def _stream(self, form: Form, exchange: Exchange, reply: Reply, fault: Fault | None) -> None:
        kind = fault.kind if fault else None
        headers = {f"X-Echo-{name}": value for name, value in exchange.headers.items()}
        reply.begin(form.kind, headers if kind is FaultKind.ECHO else None)
        turn = self._turn(form, exchange, fault)
        events, metronome = list(form.events(turn)), Metronome(self._pace)
        strikes_at = min(fault.after, len(events) - 1) if fault else -1
        for at, event in enumerate(events):
            if fault and at == strikes_at and await self._strike(fault, form, turn, reply):
                return
            await metronome.tick(1)
            await reply.raw(event)
        await reply.end()

    async def _strike(self, fault: Fault, form: Form, turn: CloudTurn, reply: Reply) -> bool:
        """Do what goes wrong in mid-stream; True when nothing can follow."""
        match fault.kind:
            case FaultKind.ERROR_LINE:
                await reply.raw(form.error_event("Overloaded"))
                await reply.end()
            case FaultKind.NO_DONE:
                await reply.end()
            case FaultKind.CUT:
                reply.cut()
            case FaultKind.FORGOTTEN:
                await asyncio.Event().wait()
            case FaultKind.SLOW_LORIS:
                while True:
                    await reply.raw(b"d")
                    await asyncio.sleep(0.02)
            case FaultKind.GARBAGE_LINE:
                await reply.raw(b'data: {"choices": \xff\xfe not json\n\n')
            case FaultKind.ENDLESS:
                piece = Piece({"role": "assistant", "content": "x" * MEGABYTE}, 1)
                much = max(form.events(replace(turn, pieces=(piece,))), key=len)
                while True:
                    await reply.raw(much)
            case _:
                return False
        return True

    def _turn(self, form: Form, exchange: Exchange, fault: Fault | None) -> CloudTurn:
        self._answers += 1
        body: dict[str, Any] = exchange.body
        kind = fault.kind if fault else None
        asked = form.asked(body)
        step = next(saying.step for saying in self._sayings if saying.has in asked)
        if kind is FaultKind.ECHO:
            step = Step(say=exchange.raw.decode("latin-1"))
        limit = body.get("max_tokens") or body.get("max_completion_tokens") or 0
        made, cut = up_to(limit, pieces(step, think=True, id_stem=f"{self._answers:07x}", fault=kind))
        reason = "length" if cut else "tool_calls" if step.calls else "stop"
        return CloudTurn(
            model=str(body.get("model", "")),
            pieces=made,
            prompt=count_tokens(body.get("messages") or ""),
            cached=0,
            stem=f"{self._answers:07x}",
            reason="content_filter" if kind is FaultKind.DECLINED else reason,
        )


class _Recorder(asyncio.StreamReader):
    """Reads a connection and keeps all that comes, wanted or not."""

    def __init__(self, log: bytearray) -> None:
        super().__init__(limit=MAX_HEAD)
        self._log = log

    def feed_data(self, data: Iterable[SupportsIndex]) -> None:
        """Take bytes in."""
        came = bytes(data)
        self._log += came
        super().feed_data(came)
