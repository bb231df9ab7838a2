"""What the console's tests share: the frozen world, a console on it, and waiting for something to be so."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from frozen_world import WORLD, FrozenRuntime, clock
from sheets import sheets_parsed_once as sheets_parsed_once

from b4tui.config import TuiConfig
from b4tui.tui.app import Console


async def wait_until(true: Callable[[], bool], what: str = "", within_s: float = 60.0) -> None:
    """Poll until `true` holds; fail with `what` when it never does."""
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, f"never happened: {what or true}"
        await asyncio.sleep(0.02)


@pytest.fixture
def until() -> Callable[..., object]:
    return wait_until


@pytest.fixture
def runtime() -> FrozenRuntime:
    return FrozenRuntime(WORLD)


@pytest.fixture
def console(runtime: FrozenRuntime) -> Console:
    return Console(runtime, TuiConfig(bell=False), clock=clock)
