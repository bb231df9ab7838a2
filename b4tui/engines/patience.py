"""How long a server may keep its reader waiting, counted only while somebody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class Patience:
    """Seconds that are `left` for waiting, in one task.

    One timer serves every wait: a stream has thousands of them a second, nearly all over at once, and a timer for each
    costs more than reading what came. It rings at the earliest end seen so far, and looks whether that still holds.
    """

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self._until: float | None = None
        self._task: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._over = False

    async def wait(self, step: Awaitable[T]) -> T:
        """Wait for one step. Raises TimeoutError when nothing is left, and what the step raises."""
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        cancelled_before = task.cancelling()
        since = loop.time()
        self._task, self._until = task, since + max(self.left, 0.0)
        if self._timer is None or self._timer.when() > self._until:
            self._set(loop)
        try:
            return await step
        except BaseException:
            if self._over and task.uncancel() <= cancelled_before:
                raise TimeoutError from None
            raise
        finally:
            self._until = self._task = None
            self._over = False
            self.left -= loop.time() - since

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self, loop: asyncio.AbstractEventLoop) -> None:
        self.close()
        assert self._until is not None
        self._timer = loop.call_at(self._until, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._until is None or self._task is None:
            return
        if loop.time() < self._until:
            self._set(loop)
        else:
            self._over = True
            self._task.cancel()
