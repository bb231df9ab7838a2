"""What the doctor learns by asking engines as they are: nothing is pinned, loaded or changed by it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from b4tui.config import Settings
from b4tui.engines.interface import Attestation, Engine, EngineError, Health, ModelInfo
from b4tui.engines.names import is_cloud_name
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.events import Locality
from b4tui.runtime.role_models import RolePlace, place_role


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was learnt by asking: each engine's health, what those that answer have, and where roles' models are.

    `failures` says why an engine that is up does not say what it has; `attestations` and `contexts` (the longest a
    model can do, in tokens, 0 where not said) are by role, for the models that are there.
    """

    healths: Mapping[str, Health]
    stock: Mapping[str, tuple[ModelInfo, ...]]
    failures: Mapping[str, str]
    places: Mapping[str, RolePlace]
    attestations: Mapping[str, Attestation]
    contexts: Mapping[str, int]

    def digest(self, role: str) -> str:
        """What a role's model is known by; "" where it is not there."""
        attestation, info = self.attestations.get(role), self.places[role].info
        return (attestation.digest if attestation else "") or (info.digest if info else "")

    def locality(self, role: str, model: str) -> Locality:
        """Where a role's model, which the settings call `model`, is computed."""
        attestation, info = self.attestations.get(role), self.places[role].info
        if is_cloud_name(model) or (info is not None and info.remote):
            return Locality.REMOTE
        return attestation.locality if attestation is not None else Locality.UNATTESTED


async def look(settings: Settings, engines: Mapping[str, Engine]) -> Seen:
    """Ask the engines. One that does not answer costs its connect time-out."""
    healths = dict(zip(engines, await asyncio.gather(*(engine.health() for engine in engines.values())), strict=True))
    stock: dict[str, tuple[ModelInfo, ...]] = {}
    failures = {}
    for name, engine in engines.items():
        if healths[name].up:
            try:
                stock[name] = await engine.models()
            except EngineError as error:
                failures[name] = str(error)
    places = {key: place_role(settings, engines, key, stock) for key in settings.roles}
    there = {key: (engines[place.engine], place) for key, place in places.items() if place.info is not None}
    return Seen(
        healths=healths,
        stock=stock,
        failures=failures,
        places=places,
        attestations={key: await engine.attest(place.name) for key, (engine, place) in there.items()},
        contexts={key: await _context(engine, place) for key, (engine, place) in there.items()},
    )


async def _context(engine: Engine, place: RolePlace) -> int:
    """The longest conversation a model can have, in tokens; 0 where nobody says."""
    if place.info is not None and place.info.context:
        return place.info.context
    if not isinstance(engine, OllamaEngine):
        return 0
    try:
        return (await engine.show(place.name)).context
    except EngineError:
        return 0  # the attestation says what is wrong with it
