"""One answer of a cloud provider, read with patience: a slow, silent or senseless one ends."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import httpx

from b4tui.engines.http import read_some
from b4tui.engines.lines import LineTooLong
from b4tui.engines.patience import Patience
from b4tui.engines.types import Failure
from b4tui.escalation.door import failures
from b4tui.escalation.door.providers import Api, Provider
from b4tui.escalation.door.transport import DoorTransport
from b4tui.escalation.door.wire.answers import error_of
from b4tui.escalation.door.wire.forms import decoder_of

T = TypeVar("T")
FIGURES_S = 5.0
"""How long the figures may take to come after the answer is whole: it is not worth losing for them."""
_PAGE = "text/html"
_OBJECT = "application/json"
_NETWORK = (httpx.TransportError, httpx.StreamError, OSError)


class Trouble(Exception):
    """The answer ends here.

    `at_once`: the provider refused before an answer began; `retry_after` is its header of that name, as it came.
    """

    def __init__(self, failure: Failure, *, at_once: bool = False, retry_after: str = "") -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.at_once = at_once
        self.retry_after = retry_after


class Incoming:
    """The answer being read. Patience is spent only while waiting, and renewed only by what says something.

    `left` gives the seconds that the whole exchange still has: nothing renews them.
    """

    def __init__(self, provider: Provider, transport: DoorTransport, left: Callable[[], float]) -> None:
        self._provider = provider
        self._transport = transport
        self._left = left
        self._decoder = decoder_of(provider.api)
        self._patience = Patience(provider.connect_timeout_s + provider.first_token_timeout_s)
        self._begun = False
        self._ready: deque[bytes] = deque()
        self._response: httpx.Response | None = None
        self._body: AsyncIterator[bytes] | None = None
        self.status: int | None = None
        self.at_end = False

    async def open(self, request: httpx.Request) -> None:
        """Send the request and read the head of the answer.

        Raises Trouble, and what the door raises when it does not open.
        """
        self._in_time()
        self._response = response = await self._wait(self._transport.handle_async_request(request))
        self.status = response.status_code
        if response.status_code != 200:
            body = await self._wait(read_some(response))
            failure = failures.by_status(self._provider, response.status_code, error_of(body))
            raise Trouble(failure, at_once=True, retry_after=response.headers.get("retry-after", ""))
        kind = _media_type(response)
        if kind == _PAGE or (kind == _OBJECT and self._provider.api is not Api.OLLAMA):
            await self._refuse(response, kind)
        self._body = response.aiter_raw()

    async def message(self) -> bytes | None:
        """The next message, None at the end. Raises Trouble.

        With `at_end` set, what comes is what the body ended in the middle of, and may be half a message.
        """
        self._in_time()
        while not self._ready:
            assert self._body is not None
            data = await self._wait(anext(self._body, None))
            self.at_end = data is None
            try:
                self._ready.extend(self._decoder.feed(data) if data is not None else self._decoder.flush())
            except LineTooLong as error:
                raise Trouble(failures.garbage(self._provider, str(error))) from None
            if data is None and not self._ready:
                return None
        return self._provider.key.masked(self._ready.popleft())

    def progress(self) -> None:
        """The last message said something: be patient again."""
        self._begun = True
        self._patience.left = self._provider.idle_timeout_s

    def ending(self) -> None:
        """The answer is whole but for its figures: be a little patient."""
        self._begun = True
        self._patience.left = min(self._patience.left, FIGURES_S)

    async def aclose(self) -> None:
        """Close the connection."""
        self._patience.close()
        if self._response is not None:
            await self._response.aclose()

    async def _refuse(self, response: httpx.Response, kind: str) -> None:
        """No stream came, but an error that says it went well, or the page of whoever sits between. Raises Trouble."""
        said = error_of(await self._wait(read_some(response)))
        if kind == _PAGE or not said.text:
            raise Trouble(failures.garbage(self._provider, "a web page" if kind == _PAGE else "no stream"))
        raise Trouble(failures.in_stream(self._provider, said))

    async def _wait(self, step: Awaitable[T]) -> T:
        """Wait for one step with the patience that is left, and the time of the whole exchange. Raises Trouble."""
        beyond = max(0.0, self._patience.left - self._left())
        self._patience.left -= beyond
        try:
            return await self._patience.wait(step)
        except TimeoutError:
            if beyond:
                raise Trouble(failures.total_timeout(self._provider)) from None
            late = failures.idle_timeout if self._begun else failures.first_token_timeout
            raise Trouble(late(self._provider)) from None
        except _NETWORK as error:
            raise Trouble(failures.by_transport(self._provider, error)) from None
        finally:
            self._patience.left += beyond

    def _in_time(self) -> None:
        """However lively it is: it has to end. Raises Trouble."""
        if self._left() <= 0:
            raise Trouble(failures.total_timeout(self._provider))


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
