"""An answer that is watched while it streams: the server is asked about it beside, and it is not done before that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

from b4tui.engines.types import Failure, FailureKind, StreamEvent, Text, Thinking


async def confirmed(
    events: AsyncIterator[StreamEvent], ask: Callable[[], Awaitable[Failure | None]]
) -> AsyncGenerator[StreamEvent, None]:
    """The same events. From the first one on `ask` finds out whether they come from where they should.

    Pieces pass meanwhile; tool calls, figures and Done wait for its word. A failure of its kind REMOTE cuts the answer
    off at once, any other takes the place of what would have ended it.
    """
    asking: asyncio.Future[Failure | None] | None = None
    settled = False
    try:
        async for event in events:
            if isinstance(event, Failure) or settled:
                yield event
                continue
            if asking is None:
                asking = asyncio.ensure_future(ask())
            ends = not isinstance(event, Text | Thinking)
            if ends or asking.done():
                failure = await asking
                settled = failure is None
                if failure is not None and (ends or failure.kind is FailureKind.REMOTE):
                    yield failure
                    return
            yield event
    finally:
        if asking is not None and not asking.done():
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
