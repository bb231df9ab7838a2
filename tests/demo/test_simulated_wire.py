"""How a simulated server writes: piece by piece, and never for itself alone."""

from __future__ import annotations

import asyncio
import socket

from b4tui.demo.wire import Reply


async def test_who_sends_without_end_lets_others_have_their_turn() -> None:
    ours, theirs = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=ours)
    turns: list[bool] = []
    asyncio.get_running_loop().call_soon(turns.append, True)
    await Reply(writer).raw(b"a piece that the socket takes at once, so that there is nothing to wait for")
    assert turns, "that the other end is gone is something the loop has to be told"
    writer.close()
    theirs.close()
