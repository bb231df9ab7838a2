"""A loop's time that goes on only while nothing happens: a time-out rings where it must, and for no busy machine.

All that takes part has to be in the loop, sockets of this machine and threads included; other processes are not.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from selectors import SelectorKey
from typing import Any

import pytest
import pytest_asyncio

GRACE_S = 0.01  # by then what was sent to a socket of this machine is there
Came = list[tuple[SelectorKey, int]]


class OwnTime:
    """The time of a loop. Where it would sleep until its next timer and nothing comes, it is that late at once."""

    def __init__(self, loop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        selector = loop._selector
        self._now = loop.time()
        self._in_threads = 0
        monkeypatch.setattr(loop, "time", lambda: self._now)
        monkeypatch.setattr(loop, "run_in_executor", functools.partial(self._run, loop.run_in_executor))
        monkeypatch.setattr(selector, "select", functools.partial(self._select, selector.select))

    def _select(self, select: Callable[[float | None], Came], timeout: float | None = None) -> Came:
        if timeout is None or timeout <= 0:
            return select(timeout)
        came = select(GRACE_S)
        if not came and not self._in_threads:
            self._now += timeout
        return came

    def _run(self, run: Any, *call: Any) -> asyncio.Future[Any]:
        self._in_threads += 1
        future: asyncio.Future[Any] = run(*call)
        future.add_done_callback(self._ran)
        return future

    def _ran(self, future: asyncio.Future[Any]) -> None:
        self._in_threads -= 1


@pytest_asyncio.fixture
async def own_time(monkeypatch: pytest.MonkeyPatch) -> OwnTime:
    """The test's loop has its own time. For whole files: `pytestmark = pytest.mark.usefixtures("own_time")`."""
    return OwnTime(asyncio.get_running_loop(), monkeypatch)
