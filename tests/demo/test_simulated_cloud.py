"""The simulated cloud provider: honest about itself, and its log holds every byte that reached it."""

from __future__ import annotations

import asyncio
import json
import math
import secrets
import ssl
from pathlib import Path

import pytest

from b4tui.demo.certificates import Authority
from b4tui.demo.cloud_server import Saying, SimulatedCloud
from b4tui.demo.script import Step

PATHS = ["/v1/messages", "/v1/chat/completions", "/api/v1/chat/completions", "/api/chat"]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


async def say(cloud: SimulatedCloud, trust: ssl.SSLContext, data: bytes) -> bytes:
    """Send bytes over TLS and read until the server closes, or an answer is whole."""
    port = int(cloud.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trust)
    writer.write(data)
    answer = b""
    async with asyncio.timeout(60):
        while not answer.endswith((b"0\r\n\r\n", b"}")) and (more := await reader.read(65_536)):
            answer += more
    writer.close()
    return answer


def request(path: str, text: str = "hello", *headers: str) -> bytes:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": text}], "stream": True}).encode()
    lines = [f"POST {path} HTTP/1.1", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.fixture
def trust(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(authority.write(tmp_path / "ca.pem")))


@pytest.mark.parametrize("path", PATHS)
async def test_it_says_of_itself_that_it_is_simulated(authority: Authority, trust: ssl.SSLContext, path: str) -> None:
    async with SimulatedCloud(authority.server("127.0.0.1"), speed=math.inf) as cloud:
        assert cloud.address.startswith("https://127.0.0.1:")
        answer = await say(cloud, trust, request(path))
    assert b"X-B4tui-Simulated: 1" in answer and b" simula" in answer


async def test_its_log_holds_every_byte_even_of_what_was_no_request(
    authority: Authority, trust: ssl.SSLContext
) -> None:
    async with SimulatedCloud(authority.server("127.0.0.1"), speed=math.inf) as cloud:
        whole = request("/v1/messages")
        await say(cloud, trust, whole)
        assert bytes(cloud.received) == whole
        await say(cloud, trust, b"not a request\r\n\r\n")
        assert bytes(cloud.received) == whole + b"not a request\r\n\r\n"
        assert cloud.connections == 2


async def test_it_answers_as_it_was_told_to(authority: Authority, trust: ssl.SSLContext) -> None:
    sayings = [Saying("tides", Step(say="Moon.")), Saying("", Step(say="Eh?"))]
    async with SimulatedCloud(authority.server("127.0.0.1"), sayings, speed=math.inf) as cloud:
        assert b"Moon" in await say(cloud, trust, request("/v1/messages", "Why are there tides?"))
        assert b"Eh?" in await say(cloud, trust, request("/v1/messages", "Why?"))


async def test_it_asks_for_a_key_where_it_has_one(authority: Authority, trust: ssl.SSLContext) -> None:
    key = secrets.token_urlsafe(16)
    async with SimulatedCloud(authority.server("127.0.0.1"), key=key, speed=math.inf) as cloud:
        for path, header in (("/v1/messages", f"x-api-key: {key}"), ("/api/chat", f"authorization: Bearer {key}")):
            assert (await say(cloud, trust, request(path))).startswith(b"HTTP/1.1 401")
            assert (await say(cloud, trust, request(path, "hello", header))).startswith(b"HTTP/1.1 200")


async def test_it_is_nowhere_else_and_speaks_nothing_but_tls(authority: Authority, trust: ssl.SSLContext) -> None:
    async with SimulatedCloud(authority.server("127.0.0.1"), speed=math.inf) as cloud:
        assert (await say(cloud, trust, request("/v1/files"))).startswith(b"HTTP/1.1 404")
        reader, writer = await asyncio.open_connection("127.0.0.1", int(cloud.address.rpartition(":")[2]))
        reached = len(cloud.received)
        writer.write(request("/v1/messages"))
        async with asyncio.timeout(60):
            assert b"HTTP" not in await reader.read()
        assert len(cloud.received) == reached
        writer.close()
