"""HTTP/1.1 as far as a model server needs it: read a request, write a whole answer or a stream of JSON lines.

Written by hand, so that the simulated server can also break the protocol at any byte, as real ones do.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

MAX_BODY = 64 * 1024 * 1024
SIMULATED = {"X-B4tui-Simulated": "1"}
JSON = "application/json; charset=utf-8"
NDJSON = "application/x-ndjson"
EVENTS = "text/event-stream"
TEXT = "text/plain; charset=utf-8"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class BadRequest(Exception):
    """The bytes are no HTTP request that this server reads."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request; header names in lower case, `path` without its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    head: bytes = b""

    @property
    def raw(self) -> bytes:
        """All that came: request line, headers and body."""
        return self.head + self.body

    def json(self) -> Any:
        """The body as JSON; an empty body is an empty object. Raises BadRequest."""
        try:
            return json.loads(self.body) if self.body.strip() else {}
        except ValueError as error:
            raise BadRequest(str(error)) from error


def parse_head(head: bytes) -> HttpRequest:
    """Request line and headers, up to and including the empty line. Raises BadRequest."""
    first, *rest = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(f"not an HTTP/1 request line: {first[:80]!r}")
    headers: dict[str, str] = {}
    for line in rest:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequest(f"not a header: {line[:80]!r}")
        headers[name.strip().lower()] = value.strip()
    return HttpRequest(words[0], words[1].partition("?")[0], headers, head=head)


async def read_body(request: HttpRequest, reader: asyncio.StreamReader) -> HttpRequest:
    """The same request with its body. Raises BadRequest, or IncompleteReadError when the client leaves."""
    if request.headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    else:
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MAX_BODY:
            raise BadRequest(f"content-length {length[:20]!r} is not a size up to {MAX_BODY}")
        body = await reader.readexactly(int(length))
    return replace(request, body=body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        try:
            size = int(line.split(b";")[0], 16)
        except ValueError as error:
            raise BadRequest("not a chunk size") from error
        if size < 0 or len(body) + size > MAX_BODY:
            raise BadRequest("the body is too large")
        body += (await reader.readexactly(size + 2))[:size]
        if size == 0:
            return bytes(body)


class Reply:
    """The one answer to one request. `status` is None until the head is sent."""

    def __init__(self, writer: asyncio.StreamWriter, *, head_only: bool = False) -> None:
        self._writer = writer
        self._head_only = head_only
        self.status: int | None = None
        self.cut_off = False

    async def whole(self, status: int, payload: object, headers: Mapping[str, str] | None = None) -> None:
        """Answer at once: bytes as they are, a string as plain text, anything else as JSON."""
        kind = TEXT if isinstance(payload, str) else JSON
        body = payload if isinstance(payload, bytes) else _encoded(payload)
        self._head(status, {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})})
        if not self._head_only:
            self._writer.write(body)
        await self._writer.drain()

    async def error(self, status: int, message: str) -> None:
        """Answer as Ollama does when something is wrong."""
        await self.whole(status, {"error": message})

    def begin(self, kind: str = NDJSON, headers: Mapping[str, str] | None = None) -> None:
        """Start a stream, of JSON lines unless another content type is given."""
        self._head(200, {"Content-Type": kind, "Transfer-Encoding": "chunked", **(headers or {})})

    async def line(self, row: Mapping[str, Any]) -> None:
        """Send one JSON line in a chunk of its own."""
        await self.raw(json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n")

    async def event(self, row: Mapping[str, Any]) -> None:
        """Send one JSON object as a server-sent event."""
        await self.raw(b"data: " + json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") + b"\n\n")

    async def raw(self, data: bytes) -> None:
        """Send any bytes in a chunk of their own."""
        await self.unframed(b"%x\r\n%s\r\n" % (len(data), data))

    async def unframed(self, data: bytes) -> None:
        """Send bytes as they are, in no chunk and without a head.

        Others have their turn after each piece: where the client's end is reset, nothing fills up and draining never
        waits, and that the connection is lost would never be heard by whoever sends without end.
        """
        self._writer.write(data)
        await self._writer.drain()
        await asyncio.sleep(0)

    async def end(self) -> None:
        """End the stream properly."""
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()

    def cut(self) -> None:
        """Break the connection off here, as a killed server does."""
        self.cut_off = True
        self._writer.transport.abort()

    def _head(self, status: int, headers: Mapping[str, str]) -> None:
        self.status = status
        lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, 'Error')}"]
        lines += [f"{name}: {value}" for name, value in {**headers, **SIMULATED}.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))


def _encoded(payload: object) -> bytes:
    return (payload if isinstance(payload, str) else json.dumps(payload)).encode()
