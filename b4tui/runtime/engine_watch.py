"""Whether an engine answers, and what is known of its models: asked regularly, told by failing answers.

It is the engine's circuit breaker: answers that fail take it down, and only a health check brings it back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from random import Random

from b4tui.engines.attestation.refusal import refusal
from b4tui.engines.interface import (
    Attestation,
    Engine,
    EngineError,
    Health,
    LoadedModel,
    ModelInfo,
    ServerLoad,
)
from b4tui.engines.names import find_model
from b4tui.engines.types import Failure
from b4tui.events import EngineChanged, EngineStatus, Event, Locality, now
from b4tui.runtime.backoff import Backoff


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When to ask: every `up_s` while it answers; by their own back-offs after failed checks and failed answers."""

    up_s: float
    checks: Backoff
    runs: Backoff


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The models that roles want of an engine, by their names there, and what the policy demands of them."""

    models: tuple[str, ...]
    require_attested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one look at an engine that answers brought. `sizes` in bytes, of the wanted models that it has."""

    engine: str
    loaded: tuple[LoadedModel, ...] = ()
    attestations: Mapping[str, Attestation] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    load: ServerLoad | None = None
    slots: int = 1


class EngineWatch:
    """Watches one engine. An answer's failure takes the engine down at once; only a health check brings it back.

    Answers that fail again and again on a server that says it is healthy (a storm of 503) wait longer each time.
    """

    def __init__(
        self,
        engine: Engine,
        wanted: Wanted,
        rhythm: Rhythm,
        publish: Callable[[Event], None],
        seen: Callable[[Seen], None],
        woke: Callable[[], None],
        random: Random,
    ) -> None:
        self._engine = engine
        self._wanted = wanted
        self._rhythm = rhythm
        self._publish = publish
        self._tell_seen = seen
        self._tell_up = woke
        self._random = random
        self._asked = asyncio.Event()
        self._failed_checks = 0
        self._failed_runs = 0
        self._health = Health(up=False)
        self._locality = Locality.UNATTESTED
        self._not_before = 0.0
        self._attestations: Mapping[str, Attestation] = {}
        self.status = EngineStatus.UNKNOWN
        self.reason = ""
        self.next_check_s = 0.0

    @property
    def up(self) -> bool:
        """Whether answers may be asked for."""
        return self.status is EngineStatus.UP

    @property
    def unusable(self) -> str:
        """Why it cannot be asked now; "" where it can, or where nothing is known yet."""
        return self.reason if self.status is EngineStatus.DOWN else ""

    def objection(self, model: str) -> Failure | None:
        """Why no run may start with this model now; None where it may, or where it was not asked about yet."""
        known = self._attestations.get(model)
        if known is None:
            return None
        return refusal(known, private=True, require_attested=self._wanted.require_attested)

    def failed(self, reason: str) -> None:
        """An answer failed because of the engine. Several that fail together count once."""
        if self.status is EngineStatus.DOWN:
            return
        self._failed_runs += 1
        delay = self._rhythm.runs.delay(self._failed_runs, self._random)
        self._not_before = asyncio.get_running_loop().time() + delay
        self.next_check_s = delay
        self._becomes(EngineStatus.DOWN, Health(up=False, version=self._health.version, reason=reason))
        self._asked.set()

    def look_again(self) -> None:
        """Something is not as it was thought to be: ask now what the engine has and what is known of it."""
        self._asked.set()

    def worked(self) -> None:
        """An answer came to its end."""
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
            return 0.0  # an answer failed while this one was on its way: it is older than that
        if not health.up:
            self._failed_checks += 1
            self._becomes(EngineStatus.DOWN, health)
            return self._rhythm.checks.delay(self._failed_checks, self._random)
        self._failed_checks = 0
        seen = await self._look()
        if barrier != self._not_before:
            return 0.0
        changed = _standing(seen.attestations) != _standing(self._attestations)
        self._attestations = seen.attestations
        self._tell_seen(seen)
        self._becomes(EngineStatus.UP, health)
        if changed:
            self._tell_up()
        return self._rhythm.up_s

    async def _look(self) -> Seen:
        """Everything worth knowing of an engine that answers; what it will not say is left out."""
        engine, models = self._engine, self._wanted.models
        attestations = {model: await engine.attest(model) for model in models}
        has: tuple[ModelInfo, ...] = ()
        loaded: tuple[LoadedModel, ...] = ()
        try:
            has = await engine.models()
            loaded = await engine.loaded()
        except EngineError:
            pass  # the attestations say so where it matters
        found = {model: find_model(model, has) for model in models}
        return Seen(
            engine=engine.name,
            loaded=loaded,
            attestations=attestations,
            sizes={model: info.size for model, info in found.items() if info is not None},
            load=await engine.load(),
            slots=min([await engine.slots(model) for model in models], default=1),
        )

    def _becomes(self, status: EngineStatus, health: Health) -> None:
        locality = least(self._attestations.values()) if status is EngineStatus.UP else self._locality
        health = replace(health, version=health.version or self._health.version)
        changed = (status, health, locality) != (self.status, self._health, self._locality)
        self.status, self._health, self._locality, self.reason = status, health, locality, health.reason
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
                    locality=locality,
                )
            )
            self._tell_up()


def least(attestations: Iterable[Attestation]) -> Locality:
    """The engine's badge: what is known of the least known of the models that it has."""
    there = [known.locality for known in attestations if known.digest or known.locality is Locality.REMOTE]
    for locality in (Locality.REMOTE, Locality.UNATTESTED):
        if locality in there:
            return locality
    return Locality.ATTESTED if there else Locality.UNATTESTED


def _standing(attestations: Mapping[str, Attestation]) -> dict[str, tuple[object, ...]]:
    return {model: (known.locality, known.digest, known.missing) for model, known in attestations.items()}
