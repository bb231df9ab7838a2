"""One answer of an Ollama server, from the request to its last event (research/runtime.md 1.3 and 1.12)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import replace

from b4tui.engines import errors
from b4tui.engines.lines import LineDecoder
from b4tui.engines.ollama.wire import Chunk, read_chunk, request_body
from b4tui.engines.reading import Malformed, MalformedCall
from b4tui.engines.reply import Broken, Exchange, Reply
from b4tui.engines.types import (
    ChatRequest,
    Done,
    StreamEvent,
    Text,
    Thinking,
    ToolCall,
)


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
    except Broken as broken:
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


class _Answer:
    """The reply as Ollama means it: a line is a chunk, and `done` ends it."""

    def __init__(self, exchange: Exchange, asked: errors.Asked) -> None:
        self._new_id = exchange.new_id
        self._asked = asked
        self._reply = Reply(exchange, asked, LineDecoder())

    async def open(self, body: bytes) -> None:
        """Send the request and read the reply's head. Raises Broken."""
        await self._reply.open("/api/chat", body, "application/x-ndjson")

    async def chunk(self) -> Chunk:
        """The next line's content. Raises Broken for everything that ends an answer but `done`."""
        line = await self._reply.message()
        chunk = self._parse(line if line is not None else self._unfinished_line())
        self._reply.progress()
        return chunk

    async def aclose(self) -> None:
        """Close the connection; the server stops computing when it notices."""
        await self._reply.aclose()

    def _unfinished_line(self) -> bytes:
        """The body ended before `done`, unless `done` is in a last line without a newline."""
        for line in self._reply.rest():
            with contextlib.suppress(Malformed):
                read_chunk(line, self._new_id)
                return line
        raise Broken(errors.incomplete(self._asked))

    def _parse(self, line: bytes) -> Chunk:
        try:
            chunk = read_chunk(line, self._new_id)
        except MalformedCall as error:
            raise Broken(errors.bad_call(self._asked, str(error))) from None
        except Malformed as error:
            raise Broken(errors.protocol(self._asked, str(error))) from None
        if chunk.remote:
            raise Broken(errors.remote_chunk(self._asked, chunk.remote))
        if chunk.error:
            raise Broken(errors.server_failure(self._asked, None, chunk.error))
        return chunk
