"""A simulated Ollama: a real HTTP server on loopback whose models answer from scripts.

    async with SimulatedOllama(speed=20) as server:
        server.address                      # http://127.0.0.1:PORT
        server.faults.add(FaultKind.BUSY)   # the next chat gets a 503
        server.lies.tell(Lie.ALIAS)         # every model stands for one elsewhere
    server.requests                     # what came, and how it ended

It says of itself that it is simulated: `"simulated": true` in /api/version and `X-B4tui-Simulated: 1` on every answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from b4tui.demo.catalog import MODELS, SimulatedModel
from b4tui.demo.faults import CHAT, Fault, FaultKind, Faults
from b4tui.demo.lies import Lies
from b4tui.demo.listening import HOST, Exchange, Listener
from b4tui.demo.pace import Pace
from b4tui.demo.script import Script, Scripts, read_scripts
from b4tui.demo.service import Service
from b4tui.demo.wire import Reply

_REFUSALS = {
    FaultKind.BUSY: (503, "server busy, please try again.  maximum pending requests exceeded"),
    FaultKind.CRASH: (500, "model runner has unexpectedly stopped, this may be due to resource limitations"),
    FaultKind.OUT_OF_MEMORY: (500, "llama-server failed: cudaMalloc failed: out of memory"),
}


class SimulatedOllama(Listener):
    """The server; an async context manager. Everything runs on the loop that enters it.

    `speed` 1 is the pace of a good GPU (`tokens_per_s` for each answer), 20 is twenty times that, 0 and infinity mean
    no waiting. `scripts` are those of the sample hub unless others are given.
    """

    def __init__(
        self,
        scripts: Iterable[Script] | None = None,
        *,
        speed: float = 1.0,
        tokens_per_s: float = 40.0,
        models: Iterable[SimulatedModel] = MODELS,
    ) -> None:
        super().__init__()
        known = Scripts(read_scripts() if scripts is None else scripts)
        self.lies = Lies()
        self._service = Service(known, models, Pace(speed, tokens_per_s), self.lies)
        self.faults = Faults()

    @property
    def chats(self) -> list[Exchange]:
        """The requests to /api/chat that say something, in the order they came: not those that only load a model."""
        return [exchange for exchange in self.requests if exchange.path == CHAT and not _only_loads(exchange)]

    def publish(self, model: SimulatedModel) -> None:
        """Have its registry give this model to whoever pulls its name from now on."""
        self._service.shelf.publish(model)

    def forget(self) -> None:
        """No model is in memory any more."""
        self._service.forget_loaded()

    async def refuse(self, reply: Reply, message: str) -> None:
        """Answer bytes that are no request, as Ollama does."""
        await reply.error(400, message)

    async def answer(self, exchange: Exchange, reply: Reply) -> None:
        """Answer one request, or let a fault act."""
        endpoint = self._service.endpoint(exchange.method, exchange.path)
        if not _is_local(exchange.headers.get("host", "")):
            await reply.whole(403, "")
        elif endpoint is None:
            await reply.whole(404, "404 page not found")
        elif not isinstance(exchange.body, dict):
            await reply.error(400, "json: cannot unmarshal into a request")
        else:
            fault = None if _only_loads(exchange) else self.faults.take(exchange.path, exchange.bead)
            if not await _refused(fault, reply):
                await endpoint(exchange.body, reply, fault)


async def _refused(fault: Fault | None, reply: Reply) -> bool:
    """Let a fault act that comes before the answer; True when it took the answer's place."""
    if fault is None:
        return False
    if fault.kind in _REFUSALS:
        await reply.error(*_REFUSALS[fault.kind])
        return True
    if fault.kind is FaultKind.REDIRECT:
        await reply.whole(307, "", {"Location": "http://elsewhere.invalid/api/chat"})
        return True
    if fault.kind is FaultKind.HANG:
        await asyncio.Event().wait()
    if fault.kind is FaultKind.SLOW:
        await asyncio.sleep(fault.seconds)
    return False


def _only_loads(exchange: Exchange) -> bool:
    """Whether a request says nothing and only has a model loaded, or put out of memory: faults are for answers."""
    return exchange.path == CHAT and isinstance(exchange.body, dict) and not exchange.body.get("messages")


def _is_local(host: str) -> bool:
    """Ollama answers only to names of this machine when it listens on loopback (research/runtime.md 1.2)."""
    name = host.rpartition(":")[0] if ":" in host else host
    return name in ("", HOST, "localhost") or name.endswith((".local", ".localhost", ".internal"))
