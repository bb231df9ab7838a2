"""One answer of an Ollama server, from the request to its last event (research/runtime.md 1.3 and 1.12)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

import httpx

from b4tui.config import EngineConfig
from b4tui.engines import errors
from b4tui.engines.http import TRANSPORT_ERRORS, read_some, transport_failure
from b4tui.engines.lines import LineDecoder, LineTooLong
from b4tui.engines.types import ChatRequest, Done, Failure, StreamEvent, Text, Thinking, ToolCall
from b4tui.engines.wire import Chunk, Malformed, MalformedCall, error_text, read_chunk, request_body

T = TypeVar("T")
_HEADERS = {"content-type": "application/json", "accept": "application/x-ndjson"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """What every answer of one engine needs: the client, where to ask, how long to wait, ids and a clock."""

    client: httpx.AsyncClient
    url: str
    config: EngineConfig
    new_id: Callable[[], str]
    clock: Callable[[], float]


async def stream_chat(
    exchange: Exchange, request: ChatRequest, asked: errors.Asked
) -> AsyncGenerator[StreamEvent, None]:
    """The events of one answer, ending with exactly one Done or Failure.

    Tool calls are held back until the server says it is done, so that nobody can run those of a broken answer.
    """
    try:
        body = request_body(request)
    except (TypeError, ValueError, RecursionError) as error:
        yield errors.bad_request(asked, str(error))
        return
    started = exchange.clock()
    first_token: float | None = None
    calls: list[ToolCall] = []
    answer = _Answer(exchange, asked)
    try:
        await answer.open(body)
        while True:
            chunk = await answer.chunk()
            if first_token is None and (chunk.text or chunk.thinking or chunk.calls):
                first_token = exchange.clock() - started
            calls += chunk.calls
            for piece in _pieces(chunk):
                yield piece
            if chunk.done:
                break
    except _Broken as broken:
        yield broken.failure
        return
    finally:
        await answer.aclose()
    for call in _with_own_ids(calls, exchange.new_id):
        yield call
    if chunk.usage is not None:
        yield replace(chunk.usage, first_token_seconds=first_token)
    yield Done(chunk.reason)


def _pieces(chunk: Chunk) -> Iterator[StreamEvent]:
    if chunk.thinking:
        yield Thinking(chunk.thinking)
    if chunk.text:
        yield Text(chunk.text)


def _with_own_ids(calls: list[ToolCall], new_id: Callable[[], str]) -> Iterator[ToolCall]:
    """The calls, each with an id of its own: a result is matched to its call by it."""
    seen: set[str] = set()
    for call in calls:
        own = replace(call, id=new_id()) if call.id in seen else call
        seen.add(own.id)
        yield own


class _Broken(Exception):
    """The answer ends here, with this failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _Answer:
    """The reply being read. Patience is spent only while waiting, and renewed only by a whole line that says something:

    a slow reader is not the server's silence, and bytes that complete no line are no progress.
    """

    def __init__(self, exchange: Exchange, asked: errors.Asked) -> None:
        self._exchange = exchange
        self._asked = asked
        self._patience = exchange.config.first_token_timeout_s
        self._begun = False
        self._lines: deque[bytes] = deque()
        self._decoder = LineDecoder()
        self._response: httpx.Response | None = None
        self._body: AsyncIterator[bytes] | None = None

    async def open(self, body: bytes) -> None:
        """Send the request and read the reply's head. Raises _Broken."""
        client = self._exchange.client
        request = client.build_request("POST", f"{self._exchange.url}/api/chat", content=body, headers=_HEADERS)
        self._response = response = await self._wait(client.send(request, stream=True))
        if response.status_code != 200:
            text = await self._wait(read_some(response))
            said = error_text(text.decode("utf-8", "replace"))
            raise _Broken(errors.server_failure(self._asked, response.status_code, said))
        self._body = response.aiter_raw()

    async def chunk(self) -> Chunk:
        """The next line's content. Raises _Broken for everything that ends an answer but `done`."""
        while not self._lines:
            await self._read()
        chunk = self._parse(self._lines.popleft())
        self._begun = True
        self._patience = self._exchange.config.idle_timeout_s
        return chunk

    async def aclose(self) -> None:
        """Close the connection; the server stops computing when it notices."""
        if self._response is not None:
            await self._response.aclose()

    async def _read(self) -> None:
        assert self._body is not None
        data = await self._wait(anext(self._body, None))
        if data is None:
            self._end()
            return
        try:
            self._lines.extend(self._decoder.feed(data))
        except LineTooLong as error:
            raise _Broken(errors.protocol(self._asked, str(error))) from None

    def _end(self) -> None:
        """The body ended before `done`, unless `done` is in a last line without a newline."""
        rest = self._decoder.flush()
        try:
            chunks = [read_chunk(line, self._exchange.new_id) for line in rest]
        except Malformed:
            chunks = []
        if not chunks:
            raise _Broken(errors.incomplete(self._asked))
        self._lines.extend(rest)

    def _parse(self, line: bytes) -> Chunk:
        try:
            chunk = read_chunk(line, self._exchange.new_id)
        except MalformedCall as error:
            raise _Broken(errors.bad_call(self._asked, str(error))) from None
        except Malformed as error:
            raise _Broken(errors.protocol(self._asked, str(error))) from None
        if chunk.remote:
            raise _Broken(errors.remote_chunk(self._asked, chunk.remote))
        if chunk.error:
            raise _Broken(errors.server_failure(self._asked, None, chunk.error))
        return chunk

    async def _wait(self, step: Awaitable[T]) -> T:
        """Wait for one step on the wire with the patience that is left. Raises _Broken."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        try:
            async with asyncio.timeout(max(self._patience, 0)):
                return await step
        except TimeoutError:
            raise _Broken(self._too_late()) from None
        except TRANSPORT_ERRORS as error:
            seconds = self._exchange.config.connect_timeout_s
            raise _Broken(transport_failure(self._asked, error, seconds)) from None
        finally:
            self._patience -= loop.time() - since

    def _too_late(self) -> Failure:
        config = self._exchange.config
        if self._begun:
            return errors.idle_timeout(self._asked, config.idle_timeout_s)
        return errors.first_token_timeout(self._asked, config.first_token_timeout_s)
