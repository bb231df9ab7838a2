"""A scripted HTTP server on loopback that sends any bytes at any pace, and an engine that talks to it."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from b4tui.config import EngineConfig, PolicyConfig
from b4tui.engines.attestation.pins import Pins, pins_file
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.types import ChatRequest, Message, Role, StreamEvent
from tests.engines.own_engine import House


@dataclass(frozen=True)
class Received:
    """One request as it came in; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        row = json.loads(self.body)
        assert isinstance(row, dict)
        return row


Script = Callable[["Connection"], Awaitable[None]]


@dataclass
class Connection:
    """The server's side of one request."""

    request: Received
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    gone: asyncio.Event

    async def head(self, status: int = 200, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} Scripted", "Transfer-Encoding: chunked", "Connection: close", *headers]
        await self.raw("\r\n".join([*lines, "", ""]).encode())

    async def raw(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()
        await asyncio.sleep(0)  # or who sends without end to one who has reset the connection never hears of it

    async def chunk(self, data: bytes) -> None:
        await self.raw(b"%x\r\n%s\r\n" % (len(data), data))

    async def line(self, row: object) -> None:
        await self.chunk(json.dumps(row).encode() + b"\n")

    async def end(self) -> None:
        await self.raw(b"0\r\n\r\n")

    async def hang(self) -> None:
        """Keep the connection open, saying nothing, until the other side closes it."""
        await self.reader.read()
        self.gone.set()


@dataclass
class ScriptedServer:
    """Answers every request by `script`; keeps what came in.

    With `local` it answers what the engine asks about a model by itself, keeping nothing: it is an honest Ollama
    without a cloud that has the models `MODELS`, all of them in memory.
    """

    script: Script
    local: bool
    address: str = ""
    requests: list[Received] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await self._receive(reader)
            connection = Connection(request, reader, writer, self.gone)
            honest = HONEST.get(request.path) if self.local else None
            if honest is not None:
                await honest(connection)
                return
            self.requests.append(request)
            await self.script(connection)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.gone.set()
        finally:
            writer.close()

    @staticmethod
    async def _receive(reader: asyncio.StreamReader) -> Received:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Received(method, path, headers, body)


@asynccontextmanager
async def scripted(script: Script, *, local: bool = True) -> AsyncIterator[ScriptedServer]:
    """A server that answers by a script, on a free port of this machine; `local` as in ScriptedServer."""
    server = ScriptedServer(script, local)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.address = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()


def lines(*rows: object, status: int = 200) -> Script:
    """A script that sends these rows as a whole stream: bytes as they are, everything else as a line of JSON."""

    async def script(connection: Connection) -> None:
        await connection.head(status)
        for row in rows:
            await (connection.chunk(row) if isinstance(row, bytes) else connection.line(row))
        await connection.end()

    return script


async def honest_show(connection: Connection) -> None:
    """What a server without a cloud shows: models of its own, and nothing of a cloud's."""
    if str(connection.request.json["model"]).endswith(":cloud"):
        await lines({"error": "ollama cloud is disabled: remote model details are unavailable"}, status=403)(connection)
    else:
        await lines(SHOWN)(connection)


MODELS = ("tiny:latest", "other:latest")
TAGS = [
    {"model": name, "size": 446_328, "digest": f"{at:064x}", "details": {"format": "gguf"}}
    for at, name in enumerate(MODELS, 1)
]
SHOWN = {"details": {"format": "gguf"}, "model_info": {"general.architecture": "qwen3"}}
HONEST: dict[str, Script] = {
    "/api/version": lines({"version": "0.33.3"}),
    "/api/status": lines({"cloud": {"disabled": True, "source": "env"}}),
    "/api/tags": lines({"models": TAGS}),
    "/api/show": honest_show,
    "/api/ps": lines({"models": TAGS}),
}


def said(text: str = "", **message: object) -> dict[str, object]:
    """A line of a stream that carries a piece of the answer."""
    return {"model": "tiny", "message": {"role": "assistant", "content": text, **message}, "done": False}


def done(reason: str = "stop", **figures: object) -> dict[str, object]:
    """The last line of a stream."""
    return {**said(), "done": True, "done_reason": reason, **figures}


def ask(model: str = "tiny", **changes: object) -> ChatRequest:
    """A small request."""
    fields: dict[str, object] = {
        "model": model,
        "messages": (Message(Role.USER, "hello"),),
        "num_ctx": 512,
        "num_predict": 64,
        "temperature": 0.0,
        **changes,
    }
    return ChatRequest(**fields)  # type: ignore[arg-type]


def engine_for(
    address: str, connect: float = 5.0, first_token: float = 20.0, idle: float = 20.0, **environ: str
) -> OllamaEngine:
    """An engine at an address of this machine."""
    config = EngineConfig(
        address=address, connect_timeout_s=connect, first_token_timeout_s=first_token, idle_timeout_s=idle
    )
    return OllamaEngine("here", config, environ, pins=Pins(pins_file()), policy=PolicyConfig())


async def answers(engine: OllamaEngine, request: ChatRequest | None = None) -> list[StreamEvent]:
    """All events of one answer; the engine is closed afterwards."""
    try:
        return [event async for event in engine.chat(request or ask())]
    finally:
        await engine.aclose()


@pytest.fixture
def no_proxy_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that would send everything astray if anybody listened to it."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("OLLAMA_API_KEY", "not-a-real-key")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Where an embedded engine keeps its state in this test; nothing may be left of its sockets."""
    with tempfile.TemporaryDirectory(prefix="b4tui-test-") as sockets:  # short: a socket's path has 108 bytes
        yield House(tmp_path, Path(sockets))
        assert not list(Path(sockets).iterdir())
