"""A cloud provider on another address than loopback, for a closed world: a process of its own, without a guard.

Run as a program with a folder: writes `authority.pem` there, says its port on a line, and when its input ends, as JSON,
what reached it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from b4tui.demo.certificates import Authority
from b4tui.demo.cloud import sayings
from b4tui.demo.cloud_server import SimulatedCloud

ADDRESS, PORT = "203.0.113.7", 8443


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def main() -> None:
    """Serve until standard input ends."""
    authority = Authority()
    authority.write(Path(sys.argv[1]) / "authority.pem")
    async with SimulatedCloud(authority.server(ADDRESS), sayings(), speed=0) as cloud:
        near = int(cloud.address.rpartition(":")[2])

        async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", near)
            await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer), return_exceptions=True)

        server = await asyncio.start_server(forward, ADDRESS, PORT)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        server.close()
        sys.stdout.write(json.dumps({"connections": cloud.connections, "received": cloud.received.decode("latin-1")}))


if __name__ == "__main__":
    asyncio.run(main())
