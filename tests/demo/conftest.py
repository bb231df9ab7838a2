"""Helpers to speak with the simulated server as a client would."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

from b4tui.demo.script import Call, Script, Step
from b4tui.demo.server import SimulatedOllama
from tests.plain_http import PLAIN

SCRIPT = Script(
    bead="x-1",
    steps=(
        Step(think="Let me see.", say="I write it down.", calls=(Call(tool="write", path="a.txt", content="b\n"),)),
        Step(needs="written", calls=(Call(tool="finish", summary="done", evidence="a.txt"),)),
    ),
)


class Client:
    """Asks the server over real HTTP, never through a proxy."""

    def __init__(self, server: SimulatedOllama) -> None:
        self.server = server
        self.http = httpx.AsyncClient(base_url=server.address, **PLAIN, timeout=60)

    @staticmethod
    def request(**changes: Any) -> dict[str, Any]:
        """A chat request as our engine sends it."""
        body = {
            "model": "qwen3:8b",
            "messages": [
                {"role": "system", "content": "You are."},
                {"role": "user", "content": "# x-1: Try\n\nDo it."},
            ],
            "options": {"num_ctx": 4096, "num_predict": 512},
            "think": True,
            "truncate": False,
            "shift": False,
        }
        return body | changes

    async def chat(self, **changes: Any) -> list[dict[str, Any]]:
        """Every line of a streamed answer."""
        async with self.http.stream("POST", "/api/chat", json=self.request(**changes)) as response:
            assert response.status_code == 200, await response.aread()
            return [json.loads(line) async for line in response.aiter_lines()]

    async def refused(self, **changes: Any) -> tuple[int, str]:
        """Status and message of a chat that is not answered."""
        response = await self.http.post("/api/chat", json=self.request(**changes))
        return response.status_code, response.json()["error"]


@pytest_asyncio.fixture
async def client() -> AsyncIterator[Client]:
    """A client of a server that knows one script and waits for nothing."""
    async with SimulatedOllama([SCRIPT], speed=0) as server:
        asking = Client(server)
        async with asking.http:
            yield asking
