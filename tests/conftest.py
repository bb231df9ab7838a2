"""What tests of several packages share."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from b4tui.demo.server import SimulatedOllama


@pytest_asyncio.fixture
async def simulated_ollama() -> AsyncIterator[SimulatedOllama]:
    """A simulated Ollama on loopback that knows the sample hub's scripts and waits for nothing."""
    async with SimulatedOllama(speed=math.inf) as server:
        yield server


@pytest.fixture(autouse=True)
def _state_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes what the user has b4tui remember (pinned models)."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder
