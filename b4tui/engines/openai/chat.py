"""One answer of an OpenAI-compatible server, from the request to its last event (research/vllm.md 3 to 8)."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import replace

from b4tui.engines import errors
from b4tui.engines.openai.calls import CallParts, LeakedMarks
from b4tui.engines.openai.flavors import Flavor
from b4tui.engines.openai.models import ServedModel
from b4tui.engines.openai.sse import SseDecoder
from b4tui.engines.openai.wire import DONE, Chunk, read_chunk, request_body
from b4tui.engines.reading import Malformed, MalformedCall
from b4tui.engines.reply import Broken, Exchange, Reply
from b4tui.engines.types import (
    ChatRequest,
    Done,
    StreamEvent,
    Text,
    Thinking,
    ToolCall,
    Usage,
)

PATH = "/v1/chat/completions"
# How long the figures may take to come after the answer is whole: it is not worth losing for them.
FIGURES_S = 5.0
# With these words a model ended its answer itself. With any other, as `length`, a call that looks whole may not be.
_TRUSTED = frozenset({"stop", "tool_calls", "function_call"})
_BROKEN_OFF = frozenset({"abort", "error"})


async def stream_chat(
    exchange: Exchange, request: ChatRequest, model: ServedModel, flavor: Flavor, asked: errors.Asked
) -> AsyncGenerator[StreamEvent, None]:
    """The events of one answer, ending with exactly one Done or Failure; `model` as the server listed it.

    Tool calls are held back until the server has said why it ended, so that nobody can run those of a broken answer.
    """
    try:
        body = request_body(request, model.name, flavor)
    except (TypeError, ValueError, RecursionError) as error:
        yield errors.bad_request(asked, str(error))
        return
    answer = _Answer(exchange, request, model if flavor.names_itself else None, asked)
    try:
        await answer.open(body)
        while (chunk := await answer.chunk()) is not None:
            for piece in answer.take(chunk):
                yield piece
        ending = answer.ending()
    except Broken as broken:
        yield broken.failure
        return
    finally:
        await answer.aclose()
    for event in ending:
        yield event


class _Answer:
    """The reply as these servers mean it: it is whole once a chunk names the reason of its end, `[DONE]` or not."""

    def __init__(
        self, exchange: Exchange, request: ChatRequest, model: ServedModel | None, asked: errors.Asked
    ) -> None:
        self._exchange = exchange
        self._tools = request.tools
        self._model = model  # None where the answer's name for it says nothing
        self._asked = asked
        self._reply = Reply(exchange, asked, SseDecoder())
        self._parts = CallParts()
        self._marks = LeakedMarks(watch=bool(request.tools))
        self._calling = False
        self._reason = ""
        self._usage: Usage | None = None
        self._started = exchange.clock()
        self._first_token: float | None = None  # seconds from sending, as everything here
        self._whole: float | None = None

    async def open(self, body: bytes) -> None:
        """Send the request and read the reply's head. Raises Broken."""
        await self._reply.open(PATH, body, "text/event-stream")

    async def chunk(self) -> Chunk | None:
        """The next event's content; None where the answer is at its end, well or not. Raises Broken."""
        try:
            event = await self._reply.message()
        except Broken:
            if self._reason:
                return None
            raise
        if event is None:
            event = self._unfinished()
        if event is None or event == DONE:
            return None
        chunk = self._parse(event)
        if chunk.error:
            raise Broken(errors.server_failure(self._asked, chunk.status, chunk.error))
        if chunk.model and self._model is not None and not self._model.may_sign(chunk.model):
            raise Broken(errors.other_model(self._asked, chunk.model))
        return chunk

    def take(self, chunk: Chunk) -> list[Text | Thinking]:
        """What of a chunk can be given out at once; the rest is kept for the end. Raises Broken."""
        self._note_progress(chunk)
        pieces: list[Text | Thinking] = []
        if chunk.thinking:
            pieces.append(Thinking(chunk.thinking))
        if chunk.text and (text := self._marks.text(chunk.text)):
            pieces.append(Text(text))
        if chunk.parts:
            self._add(chunk)
        return pieces

    def ending(self) -> list[Text | ToolCall | Usage | Done]:
        """What comes after the last chunk. Raises Broken where the answer is not whole or a call cannot be read."""
        if not self._reason:
            raise Broken(errors.incomplete(self._asked))
        if self._reason in _BROKEN_OFF:
            raise Broken(errors.server_failure(self._asked, None, f"the answer ended with “{self._reason}”"))
        events: list[Text | ToolCall | Usage | Done] = []
        if not self._calling and (rest := self._marks.end()):
            events.append(Text(rest))
        if self._reason in _TRUSTED:
            events += self._calls()
        if self._usage is not None:
            events.append(self._timed(self._usage))
        return [*events, Done(self._reason)]

    async def aclose(self) -> None:
        """Close the connection; the server stops computing when it notices."""
        await self._reply.aclose()

    def _unfinished(self) -> bytes | None:
        """What the body ended in the middle of, where only the blank line after it is missing."""
        for event in self._reply.rest():
            with contextlib.suppress(Malformed):
                if event != DONE:
                    read_chunk(event)
                return event
        return None

    def _parse(self, event: bytes) -> Chunk:
        try:
            return read_chunk(event)
        except Malformed as error:
            raise Broken(errors.protocol(self._asked, str(error))) from None

    def _note_progress(self, chunk: Chunk) -> None:
        if self._first_token is None and (chunk.text or chunk.thinking or chunk.parts):
            self._first_token = self._exchange.clock() - self._started
        if chunk.usage is not None:
            self._usage = chunk.usage
        if chunk.reason and not self._reason:
            self._reason = chunk.reason
            self._whole = self._exchange.clock() - self._started
            self._reply.progress(min(FIGURES_S, self._exchange.config.idle_timeout_s))
        elif chunk.says_something and not self._reason:
            self._reply.progress()

    def _add(self, chunk: Chunk) -> None:
        self._marks.call()
        self._calling = True
        try:
            for part in chunk.parts:
                self._parts.add(part)
        except MalformedCall as error:
            raise Broken(errors.bad_call(self._asked, str(error))) from None

    def _timed(self, usage: Usage) -> Usage:
        """The figures with what is measured here: the first token, and the pace where the server does not say it.

        Between the first piece and the end all tokens but the first were made.
        """
        seconds, tokens = usage.generate_seconds, usage.generated_tokens
        if seconds is None and tokens > 1 and self._first_token is not None and self._whole is not None:
            seconds = (self._whole - self._first_token) * tokens / (tokens - 1) or None
        return replace(usage, generate_seconds=seconds, first_token_seconds=self._first_token)

    def _calls(self) -> tuple[ToolCall, ...]:
        try:
            return self._parts.whole(self._tools, self._exchange.new_id)
        except MalformedCall as error:
            raise Broken(errors.bad_call(self._asked, str(error))) from None
