"""The reply to one chat, read with patience: what every kind of server has in common, whatever its lines mean."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import httpx

from b4tui.config import EngineConfig
from b4tui.engines import errors
from b4tui.engines.http import TRANSPORT_ERRORS, read_some, transport_failure
from b4tui.engines.lines import LineTooLong
from b4tui.engines.patience import Patience
from b4tui.engines.reading import error_text
from b4tui.engines.types import Failure

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exchange:
    """What every answer of one engine needs: the client, where to ask, how long to wait, ids and a clock."""

    client: httpx.AsyncClient
    url: str
    config: EngineConfig
    new_id: Callable[[], str]
    clock: Callable[[], float]


class Decoder(Protocol):
    """Cuts the bytes of a body into messages. Both raise LineTooLong."""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that `data` completes."""
        ...

    def flush(self) -> list[bytes]:
        """What is held at the end of the body as a message, if it may be one."""
        ...


class Broken(Exception):
    """The answer ends here, with this failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Reply:
    """The reply being read. Patience is spent only while waiting, and renewed only by a message that says something:

    a slow reader is not the server's silence, and bytes that complete no message are no progress.
    """

    def __init__(self, exchange: Exchange, asked: errors.Asked, decoder: Decoder) -> None:
        self._exchange = exchange
        self._asked = asked
        self._decoder = decoder
        self._patience = Patience(exchange.config.first_token_timeout_s)
        self._begun = False
        self._ready: deque[bytes] = deque()
        self._response: httpx.Response | None = None
        self._body: AsyncIterator[bytes] | None = None

    async def open(self, path: str, body: bytes, accept: str) -> None:
        """Send the request and read the reply's head. Raises Broken."""
        client = self._exchange.client
        headers = {"content-type": "application/json", "accept": accept}
        request = client.build_request("POST", f"{self._exchange.url}{path}", content=body, headers=headers)
        self._response = response = await self._wait(client.send(request, stream=True))
        if response.status_code != 200:
            text = await self._wait(read_some(response))
            said = error_text(text.decode("utf-8", "replace"))
            raise Broken(errors.server_failure(self._asked, response.status_code, said))
        self._body = response.aiter_raw()

    async def message(self) -> bytes | None:
        """The next message, None at the end of the body. Raises Broken."""
        while not self._ready:
            assert self._body is not None
            data = await self._wait(anext(self._body, None))
            if data is None:
                return None
            try:
                self._ready.extend(self._decoder.feed(data))
            except LineTooLong as error:
                raise Broken(errors.protocol(self._asked, str(error))) from None
        return self._ready.popleft()

    def rest(self) -> list[bytes]:
        """What the body ended in the middle of, as messages."""
        return self._decoder.flush()

    def progress(self, patience_s: float | None = None) -> None:
        """The last message said something: be patient again, for the idle time-out unless `patience_s` is given."""
        self._begun = True
        self._patience.left = self._exchange.config.idle_timeout_s if patience_s is None else patience_s

    async def aclose(self) -> None:
        """Close the connection; the server stops computing when it notices."""
        self._patience.close()
        if self._response is not None:
            await self._response.aclose()

    async def _wait(self, step: Awaitable[T]) -> T:
        """Wait for one step on the wire with the patience that is left. Raises Broken."""
        try:
            return await self._patience.wait(step)
        except TimeoutError:
            raise Broken(self._too_late()) from None
        except TRANSPORT_ERRORS as error:
            seconds = self._exchange.config.connect_timeout_s
            raise Broken(transport_failure(self._asked, error, seconds)) from None

    def _too_late(self) -> Failure:
        config = self._exchange.config
        if self._begun:
            return errors.idle_timeout(self._asked, config.idle_timeout_s)
        return errors.first_token_timeout(self._asked, config.first_token_timeout_s)
