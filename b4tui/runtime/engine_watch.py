"""Whether an engine answers: asked regularly, told by failing runs, published when it changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from b4tui.engines.names import objection
from b4tui.engines.types import Engine, EngineError, Health, LoadedModel, ModelInfo
from b4tui.events import EngineChanged, EngineStatus, Event, now
from b4tui.runtime.backoff import Backoff


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When to ask: every `up_s` while it answers; after failed checks and after failed runs by their own back-off."""

    up_s: float
    checks: Backoff
    runs: Backoff


class EngineWatch:
    """Watches one engine. A run's failure takes the engine down at once; only a health check brings it back.

    Runs that fail again and again on a server that says it is healthy (a storm of 503) wait longer each time.
    """

    def __init__(
        self,
        engine: Engine,
        rhythm: Rhythm,
        publish: Callable[[Event], None],
        loaded: Callable[[str, tuple[LoadedModel, ...]], None],
        woke: Callable[[], None],
        random: Random,
    ) -> None:
        self._engine = engine
        self._rhythm = rhythm
        self._publish = publish
        self._tell_loaded = loaded
        self._tell_up = woke
        self._random = random
        self._asked = asyncio.Event()
        self._failed_checks = 0
        self._failed_runs = 0
        self._health = Health(up=False)
        self._not_before = 0.0
        self._models: tuple[ModelInfo, ...] | None = None
        self.status = EngineStatus.UNKNOWN
        self.reason = ""
        self.next_check_s = 0.0

    @property
    def up(self) -> bool:
        """Whether runs may start."""
        return self.status is EngineStatus.UP

    def objection(self, model: str) -> str:
        """Why no run may start with this model now; "" where it may, or where the server would not list its models."""
        return "" if self._models is None else objection(model, self._models)

    def failed(self, reason: str) -> None:
        """A run failed because of the engine. Several runs that fail together count once."""
        if self.status is EngineStatus.DOWN:
            return
        self._failed_runs += 1
        delay = self._rhythm.runs.delay(self._failed_runs, self._random)
        self._not_before = asyncio.get_running_loop().time() + delay
        self.next_check_s = delay
        self._becomes(EngineStatus.DOWN, Health(up=False, version=self._health.version, reason=reason))
        self._asked.set()

    def worked(self) -> None:
        """A run got its answers."""
        self._failed_runs = 0

    async def run(self) -> None:
        """Ask for ever."""
        loop = asyncio.get_running_loop()
        while True:
            wait = self._not_before - loop.time()
            if wait <= 0:
                wait = await self._check()
            self.next_check_s = wait
            self._asked.clear()
            try:
                async with asyncio.timeout(wait):
                    await self._asked.wait()
            except TimeoutError:
                continue

    async def _check(self) -> float:
        """Ask once; the seconds until the next time."""
        barrier = self._not_before
        health = await self._engine.health()
        if barrier != self._not_before:
            return 0.0  # a run failed while the answer was on its way: the answer is older than that
        if not health.up:
            self._failed_checks += 1
            self._becomes(EngineStatus.DOWN, health)
            return self._rhythm.checks.delay(self._failed_checks, self._random)
        self._failed_checks = 0
        await self._list_models()
        self._becomes(EngineStatus.UP, health)
        try:
            self._tell_loaded(self._engine.name, await self._engine.loaded())
        except EngineError:
            self._tell_loaded(self._engine.name, ())
        return self._rhythm.up_s

    async def _list_models(self) -> None:
        """Agents look again when a model came, went, or turned out to be remote."""
        try:
            models = await self._engine.models()
        except EngineError:
            models = None
        changed = models != self._models
        self._models = models
        if changed and self.up:
            self._tell_up()

    def _becomes(self, status: EngineStatus, health: Health) -> None:
        changed = (status, health) != (self.status, self._health)
        self.status, self._health, self.reason = status, health, health.reason
        if changed:
            self._publish(
                EngineChanged(
                    at=now(),
                    engine=self._engine.name,
                    address=self._engine.address,
                    status=status,
                    version=health.version,
                    simulated=health.simulated,
                    reason=health.reason,
                )
            )
            self._tell_up()
