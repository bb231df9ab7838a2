"""The door: the one object that owns a socket to a cloud, and opens it for a live permit alone (design section 4.2).

It builds the request that goes out itself, from the bytes the permit is for and a list of headers; what a library above
it added, re-serialised or redirected is refused (research/gate.md 7.2; cases N01 to N07, N18).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import datetime

import httpcore
import httpx

from b4tui.engines.http import BodyRefused, RedirectRefused
from b4tui.engines.reading import Malformed, json_object
from b4tui.escalation.door.headers import check_headers, headers_for, key_header
from b4tui.escalation.door.network import Astray, Gatekeeper, OpenGate, PinnedBackend, Traffic
from b4tui.escalation.door.permits import Permit, PermitOffice
from b4tui.escalation.door.providers import Provider
from b4tui.escalation.types import Destination

PERMIT = "b4tui.permit"
"""Key of a request's extensions: its permit, which is never in a header."""
TRAFFIC = "b4tui.traffic"
"""Key of a request's extensions: a Traffic that is filled while bytes flow."""
ANSWER_LIMIT = 32 * 1024 * 1024
"""Bytes of an answer; more is cut off."""

_LOST = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
}
_CORE_ERRORS = (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, OSError)


class DoorRefused(Exception):
    """A request that this door is not for; nothing was sent. The words quote nothing of it."""


class LeadsInside(httpx.ConnectError):
    """The provider's name leads into a private network; nothing was sent there."""


class DoorTransport(httpx.AsyncBaseTransport):
    """An httpx transport for one provider.

    `rules` is the hash of the gate's rules as they are now; `clock` gives aware datetimes.
    """

    def __init__(
        self,
        provider: Provider,
        office: PermitOffice,
        *,
        rules: Callable[[], str],
        clock: Callable[[], datetime],
        gatekeeper: Gatekeeper | None = None,
    ) -> None:
        self._provider = provider
        self._office = office
        self._rules = rules
        self._clock = clock
        self._gatekeeper = gatekeeper or OpenGate()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request once.

        Raises DoorRefused, HeaderRefused and PermitRefused before a byte leaves; then RedirectRefused, BodyRefused and
        what httpx raises.
        """
        body = await request.aread()
        permit = request.extensions.get(PERMIT)
        destination = self._checked(request, body)
        self._office.consume(
            permit if isinstance(permit, Permit) else None, destination, body, self._rules(), self._clock()
        )
        traffic = request.extensions.get(TRAFFIC)
        connection = self._connection(traffic if isinstance(traffic, Traffic) else Traffic())
        try:
            return await self._sent(connection, body)
        except BaseException:
            await connection.aclose()
            raise

    def _checked(self, request: httpx.Request, body: bytes) -> Destination:
        """Where the request would go, by what it says itself. Raises DoorRefused, HeaderRefused."""
        place = self._provider.destination
        url = request.url
        port = url.port or 443
        if request.method != "POST" or url.scheme != "https" or url.userinfo:
            raise DoorRefused("nothing was sent: the door takes POST over https and nothing else")
        if (url.raw_host.decode("ascii"), port, url.raw_path) != (place.host, place.port, place.path.encode("ascii")):
            raise DoorRefused(f"nothing was sent: this door leads to {place.url} and nowhere else")
        check_headers(self._provider, request.headers.multi_items(), len(body))
        if self._provider.key.masked(body) != body:
            raise DoorRefused("nothing was sent: the body holds the API key itself")
        try:
            model = json_object(body).get("model")
        except (Malformed, RecursionError):
            raise DoorRefused("nothing was sent: the body is no JSON object") from None
        return replace(place, model=model if isinstance(model, str) else "")

    def _connection(self, traffic: Traffic) -> httpcore.AsyncHTTPConnection:
        """A connection of its own: a kept one may carry what an earlier answer left behind."""
        place = self._provider.destination
        backend = PinnedBackend(
            place.host,
            place.port,
            private=self._provider.private,
            gatekeeper=self._gatekeeper,
            traffic=traffic,
            masked=self._provider.key.masked,
        )
        return httpcore.AsyncHTTPConnection(
            httpcore.Origin(b"https", place.host.encode("ascii"), place.port),
            ssl_context=self._provider.trust,
            http1=True,
            http2=False,
            retries=0,
            network_backend=backend,
        )

    async def _sent(self, connection: httpcore.AsyncHTTPConnection, body: bytes) -> httpx.Response:
        try:
            response = await connection.handle_async_request(self._request(body))
        except _CORE_ERRORS as error:
            raise _lost(error) from None
        if 300 <= response.status < 400:
            raise RedirectRefused(response.status)
        headers = httpx.Headers(response.headers)
        if headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
            raise BodyRefused("a compressed body")
        return httpx.Response(response.status, headers=headers, stream=_Answer(connection, response))

    def _request(self, body: bytes) -> httpcore.Request:
        """The request that goes out, with the key in it, which is nowhere else."""
        place = self._provider.destination
        headers = [*headers_for(self._provider, len(body)), key_header(self._provider)]
        return httpcore.Request(
            b"POST",
            httpcore.URL(
                scheme=b"https",
                host=place.host.encode("ascii"),
                port=place.port,
                target=place.path.encode("ascii"),
            ),
            headers=[(name.encode("ascii"), value.encode("ascii")) for name, value in headers],
            content=body,
            extensions={"timeout": {"connect": self._provider.connect_timeout_s}},
        )


class _Answer(httpx.AsyncByteStream):
    """The body of an answer, bounded; closing it closes the connection."""

    def __init__(self, connection: httpcore.AsyncHTTPConnection, response: httpcore.Response) -> None:
        self._connection = connection
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        seen = 0
        try:
            async for data in self._response.aiter_stream():
                seen += len(data)
                if seen > ANSWER_LIMIT:
                    raise BodyRefused(f"more than {ANSWER_LIMIT} bytes")
                yield data
        except _CORE_ERRORS as error:
            raise _lost(error) from None

    async def aclose(self) -> None:
        """Close the connection."""
        await self._response.aclose()
        await self._connection.aclose()


def _lost(error: Exception) -> httpx.TransportError:
    """What httpx calls an error of the network. Words of errors in our own request are dropped: they may quote it."""
    if isinstance(error, Astray):
        return LeadsInside("")
    for kind, ours in _LOST.items():
        if isinstance(error, kind):
            return ours(str(error))
    return httpx.ReadError("the connection broke off") if isinstance(error, OSError) else httpx.LocalProtocolError("")
