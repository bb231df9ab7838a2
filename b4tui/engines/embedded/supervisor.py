"""Keeps one child serving: starts it when it is needed, again when it died, and not too often when it keeps dying."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from b4tui.engines.embedded import words
from b4tui.engines.embedded.launch import Launch
from b4tui.engines.embedded.process import Child, StartFailed
from b4tui.engines.interface import EngineError
from b4tui.engines.types import Failure

LONGEST_PAUSE_S = 60.0


def pause_s(failures: int, *, served: bool) -> float:
    """How long to leave it alone after failing this often in a row: 1 s, 2 s, 4 s, up to a minute.

    One that `served` before it died is started again at once, the first time.
    """
    counted = failures - 1 if served else failures
    return min(2.0 ** (counted - 1), LONGEST_PAUSE_S) if counted > 0 else 0.0


class Supervisor:
    """One child at a time. `engine` is its name in the settings, `patience_s` for loading; `clock` counts seconds."""

    def __init__(self, engine: str, environ: Mapping[str, str], patience_s: float, clock: Callable[[], float]) -> None:
        self._engine = engine
        self._environ = environ
        self._patience_s = patience_s
        self._clock = clock
        self._child: Child | None = None
        self._starting: asyncio.Task[Child] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._failed: Launch | None = None
        self._failures = 0
        self._last: Failure | None = None
        self._rest_until = 0.0

    @property
    def child(self) -> Child | None:
        """The child that serves now, if one does."""
        return self._child if self._child is not None and self._child.alive else None

    @property
    def last(self) -> Failure | None:
        """Why it failed last, since something came right."""
        return self._last

    def resting(self, launch: Launch) -> Failure | None:
        """Why it would not be started for this now; None when it would be."""
        left = self._rest_until - self._clock()
        if self._last is None or launch != self._failed or left <= 0:
            return None
        return words.resting(self._last, self._failures, left)

    async def serving(self, launch: Launch) -> Child:
        """A child that serves this launch, started if need be. Raises EngineError.

        Whoever gives up waiting does not stop the start: the next one finds it further on.
        """
        while True:
            child = self.child
            if child is not None and child.launch == launch:
                return child
            if self._starting is None:
                self._starting = asyncio.create_task(self._start(launch))
                self._starting.add_done_callback(self._started)
            child = await self._wait_for(self._starting)
            if child.launch == launch:
                return child

    def settled(self) -> None:
        """An answer came through: what failed before does not count any more."""
        self._failures, self._last, self._failed = 0, None, None

    async def aclose(self) -> None:
        """End the child."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await self._end()

    @staticmethod
    async def _wait_for(starting: asyncio.Task[Child]) -> Child:
        try:
            return await asyncio.shield(starting)
        except asyncio.CancelledError:
            waiter = asyncio.current_task()
            if waiter is not None and waiter.cancelling():
                raise
            raise EngineError(words.closing()) from None

    async def _start(self, launch: Launch) -> Child:
        refusal = self.resting(launch)
        if refusal is not None:
            raise EngineError(refusal)
        await self._end("by b4tui, to load the model file anew")
        try:
            child = await Child.start(launch, self._environ)
        except OSError as error:
            raise EngineError(words.no_socket(str(error))) from error
        try:
            async with asyncio.timeout(self._patience_s):
                await child.ready()
        except StartFailed as error:
            failure = words.not_started(self._engine, launch.alias, error.report, error.log)
            raise EngineError(self._count(launch, failure, served=False)) from error
        except TimeoutError as error:
            failure = words.slow_start(self._engine, launch.alias, self._patience_s)
            raise EngineError(self._count(launch, failure, served=False)) from error
        finally:
            if not child.server:
                await child.stop()
        self._child = child
        self._watching = asyncio.create_task(self._watch(child))
        return child

    def _started(self, task: asyncio.Task[Child]) -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()  # seen, even when nobody waits any more

    async def _watch(self, child: Child) -> None:
        await child.ended.wait()
        self._count(child.launch, words.died(child.launch.alias, child.how, child.reason), served=True)

    def _count(self, launch: Launch, failure: Failure, *, served: bool) -> Failure:
        self._failures = self._failures + 1 if launch == self._failed else 1
        self._failed, self._last = launch, failure
        self._rest_until = self._clock() + pause_s(self._failures, served=served)
        return failure

    async def _end(self, why: str = "by b4tui") -> None:
        if self._watching is not None:
            self._watching.cancel()
        child, self._child = self._child, None
        if child is not None:
            await child.stop(why)
