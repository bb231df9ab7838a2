"""What tests of several packages share."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator

import pytest_asyncio

from b4tui.demo.server import SimulatedOllama


@pytest_asyncio.fixture
async def simulated_ollama() -> AsyncIterator[SimulatedOllama]:
    """A simulated Ollama on loopback that knows the sample hub's scripts and waits for nothing."""
    async with SimulatedOllama(speed=math.inf) as server:
        yield server
