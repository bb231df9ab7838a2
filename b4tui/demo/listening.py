"""A simulated server's ear: connections, requests, and what became of each.

Written so that a client that leaves is noticed while its answer is being made, as real servers notice it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

from b4tui.demo.script import task_of
from b4tui.demo.wire import BadRequest, HttpRequest, Reply, parse_head, read_body

HOST = "127.0.0.1"
MAX_HEAD = 64 * 1024


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


class _Connection(asyncio.StreamReaderProtocol):
    """A connection of which only the end is told, and not how: nobody here asks whether a client was torn away.

    The stream would keep the reason for who waits for its closing, and complain on the way out that nobody did.
    """

    def connection_lost(self, exc: Exception | None) -> None:
        """It has ended."""
        super().connection_lost(None)


class Listener(ABC):
    """A server on loopback, an async context manager. Everything runs on the loop that enters it.

    With `tls` it speaks HTTPS alone.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._held: socket.socket | None = None
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self.requests: list[Exchange] = []

    @property
    def address(self) -> str:
        """Base URL; stays the same when the server goes down and comes back."""
        return f"{'https' if self._tls else 'http'}://{HOST}:{self._port}"

    @property
    def _port(self) -> int:
        """The port, held by a socket that never listens: nobody else gets it while the server is down."""
        if self._held is None:
            self._held = socket.socket()
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._held.bind((HOST, 0))
        return int(self._held.getsockname()[1])

    def heard(self, text: str) -> list[Exchange]:
        """The requests that carried this text anywhere, as it stands in JSON: the proof of what reached the server."""
        written = json.dumps(text)[1:-1].encode()
        return [exchange for exchange in self.requests if written in exchange.raw or text.encode() in exchange.raw]

    @abstractmethod
    async def answer(self, exchange: Exchange, reply: Reply) -> None:
        """Answer one request. Cancelled when the client leaves."""

    @abstractmethod
    async def refuse(self, reply: Reply, message: str) -> None:
        """Answer bytes that are no request."""

    @abstractmethod
    def forget(self) -> None:
        """The server died: its memory is empty."""

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.down()
        if self._held is not None:
            self._held.close()
            self._held = None

    async def up(self) -> None:
        """Listen, on the same port as before; nothing happens when it listens already."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._protocol, HOST, self._port, ssl=self._tls)

    async def down(self) -> None:
        """Die: break every connection off, listen no more, forget what was in memory."""
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
        self.forget()

    def reader(self) -> asyncio.StreamReader:
        """What a connection is read with."""
        return asyncio.StreamReader(limit=MAX_HEAD)

    def _protocol(self) -> asyncio.StreamReaderProtocol:
        return _Connection(self.reader(), self._accept)

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
                    await self.refuse(Reply(writer), str(error))
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
        answer = asyncio.ensure_future(self.answer(exchange, reply))
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


def _bead(body: Any) -> str:
    messages = body.get("messages") if isinstance(body, dict) else None
    rows = [row for row in messages if isinstance(row, dict)] if isinstance(messages, list) else []
    return task_of(rows)[0]
