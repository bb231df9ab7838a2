"""The one way this package makes an HTTP client: nothing from the environment, no redirects, no compressed bodies."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from b4tui.engines import errors
from b4tui.engines.address import Address, is_this_machine
from b4tui.engines.types import Failure

BODY_LIMIT = 128 * 1024 * 1024
JSON_LIMIT = 16 * 1024 * 1024
TRANSPORT_ERRORS = (httpx.HTTPError, httpx.StreamError, OSError)
_HEADERS = {"user-agent": "b4tui", "accept-encoding": "identity"}


class BodyRefused(httpx.TransportError):
    """A body is compressed or larger than anything a model server has to say."""


class RedirectRefused(httpx.TransportError):
    """The server answered with a redirect; `status` is its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(f"redirect ({status})")
        self.status = status


class AstrayRefused(httpx.TransportError):
    """The name of this machine led to another one; `peer` is its IP address."""

    def __init__(self, peer: str) -> None:
        super().__init__(f"localhost is {peer} here")
        self.peer = peer


async def _stays_here(event: str, info: Mapping[str, Any]) -> None:
    """Look where a fresh connection leads before a byte goes out; httpcore tells of it. Raises AstrayRefused."""
    if event != "connection.connect_tcp.complete":
        return
    stream = info["return_value"]
    peer = stream.get_extra_info("server_addr")
    if not is_this_machine(str(peer[0]) if peer else ""):
        await stream.aclose()
        raise AstrayRefused(str(peer[0]) if peer else "nobody")


class GuardedTransport(httpx.AsyncBaseTransport):
    """Sends requests with no credentials but the engine's own, and refuses replies that lead elsewhere or fill memory.

    It sits below whatever client is on top, so that a library's own defaults (research/runtime.md 1.9) do not count.
    `socket` is the path of a UNIX socket to connect to instead of the address; `key` goes out as a bearer token.
    """

    def __init__(self, address: Address, *, socket: str = "", key: str = "") -> None:
        # Over plain HTTP nothing is verified, and reading the list of authorities takes tens of milliseconds.
        trust = ssl.create_default_context() if address.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # A connection of its own for each request: a kept one may have died with the server meanwhile.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._inner = httpx.AsyncHTTPTransport(verify=trust, trust_env=False, limits=limits, uds=socket or None)
        self._authorization = f"Bearer {key}" if key else ""
        # `localhost` is the one name that counts as this machine, and resolvers decide where it leads.
        self._watched = {"trace": _stays_here} if address.loopback and address.host == "localhost" else {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request. Raises RedirectRefused, BodyRefused, AstrayRefused, and what httpx raises."""
        for name in ("authorization", "proxy-authorization", "cookie"):
            request.headers.pop(name, None)
        if self._authorization:
            request.headers["authorization"] = self._authorization
        request.headers["accept-encoding"] = "identity"
        request.extensions = {**request.extensions, **self._watched}
        response = await self._inner.handle_async_request(request)
        if 300 <= response.status_code < 400:
            await response.aclose()
            raise RedirectRefused(response.status_code)
        if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            await response.aclose()
            raise BodyRefused("a compressed body")
        assert isinstance(response.stream, httpx.AsyncByteStream)
        response.stream = _Bounded(response.stream)
        return response

    async def aclose(self) -> None:
        """Close every connection."""
        await self._inner.aclose()


class _Bounded(httpx.AsyncByteStream):
    def __init__(self, inner: httpx.AsyncByteStream) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        async for data in self._inner:
            seen += len(data)
            if seen > BODY_LIMIT:
                raise BodyRefused(f"more than {BODY_LIMIT} bytes")
            yield data

    async def aclose(self) -> None:
        await self._inner.aclose()


def client_options(address: Address, connect_timeout_s: float, *, socket: str = "", key: str = "") -> dict[str, Any]:
    """Arguments for httpx.AsyncClient. Only connecting has a time-out here: callers bound the whole exchange.

    `socket` and `key` as in GuardedTransport.
    """
    return {
        "transport": GuardedTransport(address, socket=socket, key=key),
        "trust_env": False,
        "follow_redirects": False,
        "timeout": httpx.Timeout(None, connect=connect_timeout_s),
        "headers": _HEADERS,
    }


async def read_some(response: httpx.Response, limit: int = 64 * 1024) -> bytes:
    """The beginning of a body, for replies that are short when they are honest. Raises what httpx raises."""
    data = bytearray()
    async for part in response.aiter_raw():
        data += part
        if len(data) >= limit:
            break
    await response.aclose()
    return bytes(data[:limit])


@dataclass(frozen=True, slots=True)
class Reply:
    """A short reply: its HTTP status, its JSON object ({} where it is none), and whether its server is simulated."""

    status: int
    row: dict[str, Any]
    simulated: bool


async def ask_json(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    asked: errors.Asked,
    connect_timeout_s: float,
    body: bytes | None = None,
) -> Reply | Failure:
    """Ask, and read an answer that is one JSON object. Raises nothing; the caller bounds its time."""
    page = await ask_page(client, method, url, asked, connect_timeout_s, body)
    if isinstance(page, Failure):
        return page
    try:
        row = json.loads(page.body.decode("utf-8"))
    except (ValueError, RecursionError):
        row = None
    return Reply(page.status, row if isinstance(row, dict) else {}, page.simulated)


@dataclass(frozen=True, slots=True)
class Page:
    """A short reply of any kind: its HTTP status, its body, and whether its server is simulated."""

    status: int
    body: bytes
    simulated: bool


async def ask_page(
    client: httpx.AsyncClient,
    method: str,
    url: str,
    asked: errors.Asked,
    connect_timeout_s: float,
    body: bytes | None = None,
    *,
    limit: int = JSON_LIMIT,
) -> Page | Failure:
    """Ask, and read the first `limit` bytes of the answer. Raises nothing; the caller bounds its time."""
    headers = {"content-type": "application/json"} if body is not None else None
    try:
        async with client.stream(method, url, content=body, headers=headers) as response:
            data = await read_some(response, limit)
    except TRANSPORT_ERRORS as error:
        return transport_failure(asked, error, connect_timeout_s)
    return Page(response.status_code, data, response.headers.get("x-b4tui-simulated") == "1")


def transport_failure(asked: errors.Asked, error: Exception, connect_timeout_s: float) -> Failure:
    """What one of TRANSPORT_ERRORS means."""
    match error:
        case httpx.ConnectTimeout():
            return errors.connect_timeout(asked, connect_timeout_s)
        case httpx.ConnectError() | ConnectionRefusedError():
            return errors.unreachable(asked)
        case RedirectRefused():
            return errors.redirected(asked, error.status)
        case AstrayRefused():
            return errors.astray(asked, error.peer)
        case httpx.RemoteProtocolError() if not _broke_off(str(error)):
            return errors.protocol(asked, f"no valid HTTP: {error}")
        case BodyRefused() | httpx.LocalProtocolError() | httpx.UnsupportedProtocol():
            return errors.protocol(asked, str(error))
        case _:
            return errors.incomplete(asked)


def _broke_off(message: str) -> bool:
    """httpx has one error for a peer that went away and for one that talks nonsense; only the words differ."""
    return any(words in message for words in ("disconnected", "peer closed", "incomplete"))
