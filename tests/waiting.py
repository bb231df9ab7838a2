"""Waiting for what has no event: asked again and again, with a bound that only a fault reaches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 60.0


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds. Raises TimeoutError where it never does."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 (what is waited for has no event)
            await asyncio.sleep(0.005)
