"""The socket to a cloud: the name looked up once, a connection to an address that this gave, every byte counted."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol

import httpcore

from b4tui.escalation.door.places import is_public

_ADDRESSES = 4
"""How many addresses of a name are tried."""


class Gatekeeper(Protocol):
    """Who watches the sockets of this process (`guard`) is told what a permit opens, for as long as that is needed."""

    def opening(self, host: str, port: int) -> AbstractContextManager[None]:
        """A name is about to be looked up, on behalf of a permit."""
        ...

    def connecting(self, ip: str, port: int) -> AbstractContextManager[None]:
        """A connection to one of its addresses is about to be made."""
        ...


class OpenGate:
    """Nobody watches."""

    def opening(self, host: str, port: int) -> AbstractContextManager[None]:
        """Nothing happens."""
        return nullcontext()

    def connecting(self, ip: str, port: int) -> AbstractContextManager[None]:
        """Nothing happens."""
        return nullcontext()


@dataclass(slots=True)
class Traffic:
    """What went over one connection: bytes inside TLS, headers included, and the address it led to."""

    bytes_out: int = 0
    bytes_in: int = 0
    ip: str = ""


class Astray(httpcore.ConnectError):
    """The name leads into a private network; nothing was sent there."""


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Connects to one host and port and nowhere else. `masked` overwrites in what comes back what must not be seen."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        private: bool,
        gatekeeper: Gatekeeper,
        traffic: Traffic,
        masked: Callable[[bytes], bytes],
    ) -> None:
        self._place = (host, port)
        self._private = private
        self._gatekeeper = gatekeeper
        self._traffic = traffic
        self._masked = masked
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address that takes one, in `timeout` seconds altogether.

        Raises httpcore.ConnectError, ConnectTimeout, and Astray.
        """
        if (host, port) != self._place:
            raise httpcore.ConnectError("this connection is for another place")
        try:
            async with asyncio.timeout(timeout):
                return await self._connect(await self._addresses())
        except TimeoutError:
            raise httpcore.ConnectTimeout from None

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Always refused."""
        raise httpcore.ConnectError("a cloud is not behind a socket of this machine")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _addresses(self) -> list[str]:
        """Where the name leads: looked up once, so that no second answer can differ. Raises ConnectError, Astray."""
        host, port = self._place
        loop = asyncio.get_running_loop()
        try:
            with self._gatekeeper.opening(host, port):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
        except OSError as error:
            raise httpcore.ConnectError(f"the name is not known ({error.strerror or 'no answer'})") from None
        addresses = list(dict.fromkeys(str(place[0]) for *_, place in found))
        # A name server's word does not make a neighbour of this machine a cloud.
        if not self._private and not all(is_public(ip) for ip in addresses):
            raise Astray
        return addresses[:_ADDRESSES]

    async def _connect(self, addresses: list[str]) -> httpcore.AsyncNetworkStream:
        _, port = self._place
        for ip in addresses:
            try:
                with self._gatekeeper.connecting(ip, port):
                    stream = await self._inner.connect_tcp(ip, port)
            except httpcore.ConnectError:
                continue
            self._traffic.ip = ip
            return _Plain(stream, self._traffic, self._masked)
        raise httpcore.ConnectError("no address takes a connection")


class _Plain(httpcore.AsyncNetworkStream):
    """A connection before TLS: nothing goes over it but the handshake."""

    def __init__(self, inner: httpcore.AsyncNetworkStream, traffic: Traffic, masked: Callable[[bytes], bytes]) -> None:
        self._inner = inner
        self._traffic = traffic
        self._masked = masked

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Always refused."""
        raise httpcore.ReadError("nothing is read without TLS")

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Always refused."""
        raise httpcore.WriteError("nothing is sent without TLS")

    async def aclose(self) -> None:
        """Close it."""
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """The same connection inside TLS."""
        inner = await self._inner.start_tls(ssl_context, server_hostname, timeout)
        return _Counted(inner, self._traffic, self._masked)

    def get_extra_info(self, info: str) -> Any:
        """What the connection knows of itself."""
        return self._inner.get_extra_info(info)


class _Counted(_Plain):
    """A connection inside TLS."""

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What came, counted and masked."""
        data = await self._inner.read(max_bytes, timeout)
        self._traffic.bytes_in += len(data)
        return self._masked(data)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send, counted before it is known whether it arrived."""
        self._traffic.bytes_out += len(buffer)
        await self._inner.write(buffer, timeout)

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Always refused."""
        raise httpcore.ConnectError("it has begun already")
