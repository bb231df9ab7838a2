"""How a simulated server writes: piece by piece, and never for itself alone; and how it takes a client's leaving."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct
from urllib.parse import urlsplit

from b4tui.demo.server import SimulatedOllama
from b4tui.demo.wire import Reply
from tests.waiting import until


async def test_who_sends_without_end_lets_others_have_their_turn() -> None:
    ours, theirs = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=ours)
    turns: list[bool] = []
    asyncio.get_running_loop().call_soon(turns.append, True)
    await Reply(writer).raw(b"a piece that the socket takes at once, so that there is nothing to wait for")
    assert turns, "that the other end is gone is something the loop has to be told"
    writer.close()
    theirs.close()


async def test_a_client_that_is_torn_away_leaves_nothing_to_complain_about() -> None:
    complaints: list[dict[str, object]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, complaint: complaints.append(complaint))
    async with SimulatedOllama() as server:
        at = urlsplit(server.address)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        await reader.readline()
        (task,) = server._connections
        (kept,) = (writer._protocol._closed for writer in server._connections.values())  # type: ignore[attr-defined]
        told = writer.get_extra_info("socket")
        told.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, not closed
        writer.transport.abort()
        await until(task.done)
    del task
    assert kept.exception() is None
    gc.collect()
    assert complaints == []
