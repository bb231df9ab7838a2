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
import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from b4tui.demo.catalog import MODELS, SimulatedModel
from b4tui.demo.faults import Fault, FaultKind, Faults
from b4tui.demo.lies import Lies
from b4tui.demo.pace import Pace
from b4tui.demo.script import Script, Scripts, read_scripts, task_of
from b4tui.demo.service import Service
from b4tui.demo.wire import BadRequest, HttpRequest, Reply, parse_head, read_body

HOST = "127.0.0.1"
_MAX_HEAD = 64 * 1024
_REFUSALS = {
    FaultKind.BUSY: (503, "server busy, please try again.  maximum pending requests exceeded"),
    FaultKind.CRASH: (500, "model runner has unexpectedly stopped, this may be due to resource limitations"),
    FaultKind.OUT_OF_MEMORY: (500, "llama-server failed: cudaMalloc failed: out of memory"),
}


class Ending(StrEnum):
    """How a request ended."""

    OPEN = "open"  # still being answered
    ANSWERED = "answered"
    CANCELLED = "cancelled"  # the client left before the end
    CUT = "cut"  # the server broke off


@dataclass(slots=True)
class Exchange:
    """A request as it came, and what became of it.

    `body` is its JSON; `bead` the id its conversation is about; `raw` every byte of it.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any
    bead: str = ""
    raw: bytes = b""
    status: int | None = None
    ending: Ending = Ending.OPEN


class SimulatedOllama:
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
        known = Scripts(read_scripts() if scripts is None else scripts)
        self.lies = Lies()
        self._service = Service(known, models, Pace(speed, tokens_per_s), self.lies)
        self._server: asyncio.Server | None = None
        self._port = 0
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.faults = Faults()
        self.requests: list[Exchange] = []

    @property
    def address(self) -> str:
        """Base URL; stays the same when the server goes down and comes back."""
        return f"http://{HOST}:{self._port}"

    @property
    def chats(self) -> list[Exchange]:
        """The requests to /api/chat, in the order they came."""
        return [exchange for exchange in self.requests if exchange.path == "/api/chat"]

    def publish(self, model: SimulatedModel) -> None:
        """Have its registry give this model to whoever pulls its name from now on."""
        self._service.shelf.publish(model)

    def heard(self, text: str) -> list[Exchange]:
        """The requests that carried this text anywhere, as it stands in JSON: the proof of what reached the server."""
        written = json.dumps(text)[1:-1].encode()
        return [exchange for exchange in self.requests if written in exchange.raw or text.encode() in exchange.raw]

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.down()

    async def up(self) -> None:
        """Listen, on the same port as before; nothing happens when it listens already."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, HOST, self._port, limit=_MAX_HEAD)
            self._port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Die: break every connection off, free the port, forget the loaded models."""
        if self._server is None:
            return
        self._server.close()
        open_now = dict(self._connections)
        for task, writer in open_now.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*open_now, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None
        self._service.forget_loaded()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        try:
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await self._converse(reader, writer)
        finally:
            del self._connections[task]
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request after the other. Reading on while answering is how a client that leaves is noticed."""
        head = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
        try:
            while True:
                try:
                    request = await read_body(parse_head(await head), reader)
                    body = request.json()
                except BadRequest as error:
                    await Reply(writer).error(400, str(error))
                    return
                except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                    return
                head = asyncio.ensure_future(reader.readuntil(b"\r\n\r\n"))
                if not await self._answer_unless_left(request, body, head, writer):
                    return
        finally:
            head.cancel()
            await asyncio.gather(head, return_exceptions=True)

    async def _answer_unless_left(
        self, request: HttpRequest, body: Any, head: asyncio.Future[bytes], writer: asyncio.StreamWriter
    ) -> bool:
        """Answer; False when the connection is of no more use."""
        exchange = Exchange(request.method, request.path, request.headers, body, _bead(body), request.raw)
        self.requests.append(exchange)
        reply = Reply(writer, head_only=request.method == "HEAD")
        answer = asyncio.ensure_future(self._answer(exchange, reply))
        try:
            waiting: set[asyncio.Future[Any]] = {answer, head}
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if head.done() and isinstance(head.exception(), asyncio.IncompleteReadError | ConnectionError):
                answer.cancel()
            await answer
        except (asyncio.CancelledError, ConnectionError):
            exchange.ending = Ending.CANCELLED
            answer.cancel()
            await asyncio.gather(answer, return_exceptions=True)
            return False
        finally:
            exchange.status = reply.status
        exchange.ending = Ending.CUT if reply.cut_off else Ending.ANSWERED
        return not reply.cut_off

    async def _answer(self, exchange: Exchange, reply: Reply) -> None:
        endpoint = self._service.endpoint(exchange.method, exchange.path)
        if not _is_local(exchange.headers.get("host", "")):
            await reply.whole(403, "")
        elif endpoint is None:
            await reply.whole(404, "404 page not found")
        elif not isinstance(exchange.body, dict):
            await reply.error(400, "json: cannot unmarshal into a request")
        else:
            fault = self.faults.take(exchange.path, exchange.bead)
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


def _bead(body: Any) -> str:
    messages = body.get("messages") if isinstance(body, dict) else None
    rows = [row for row in messages if isinstance(row, dict)] if isinstance(messages, list) else []
    return task_of(rows)[0]


def _is_local(host: str) -> bool:
    """Ollama answers only to names of this machine when it listens on loopback (research/runtime.md 1.2)."""
    name = host.rpartition(":")[0] if ":" in host else host
    return name in ("", HOST, "localhost") or name.endswith((".local", ".localhost", ".internal"))
