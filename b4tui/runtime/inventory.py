"""Every model on every engine: what it is for, whether it is trusted, and whether it is in memory.

Looking changes nothing: open the engines with pins that do not learn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from b4tui.config import Settings
from b4tui.engines.attestation.pins import Pin, PinnedBy, Pins
from b4tui.engines.dispatch.roles import candidates
from b4tui.engines.interface import Engine, EngineError, Health, LoadedModel, ModelInfo
from b4tui.engines.names import find_model, is_cloud_name
from b4tui.engines.ollama.kept import is_kept
from b4tui.events import Locality
from b4tui.runtime.role_models import place_role, roles_of


class PinState(StrEnum):
    """Whether a model is trusted as it is."""

    OPERATOR = "pinned"  # by the operator's word
    FIRST_USE = "first use"  # as it was when it was first used
    CHANGED = "changed"  # another one than was trusted: runs stop until it is accepted
    NONE = "not pinned"  # its first use will pin it


@dataclass(frozen=True, slots=True, kw_only=True)
class StockedModel:
    """A model on an engine. `reason` says what is missing for it to be attested, `fix` what to do about it."""

    info: ModelInfo
    digest: str
    roles: tuple[str, ...]
    locality: Locality
    reason: str
    fix: str
    pin: PinState
    pinned_digest: str
    kept: bool
    loaded: LoadedModel | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StockedEngine:
    """An engine and what it has; `reason` where it could not be asked."""

    name: str
    kind: str
    address: str
    health: Health
    reason: str
    models: tuple[StockedModel, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingModel:
    """A role whose model no engine has; `fix` says how to get it."""

    role: str
    model: str
    engine: str
    fix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All of it."""

    engines: tuple[StockedEngine, ...]
    missing: tuple[MissingModel, ...]


async def take_stock(settings: Settings, engines: Mapping[str, Engine], pins: Pins) -> Inventory:
    """Ask every engine what it has. One that does not answer costs its connect time-out. Raises PinError."""
    healths = {name: await engine.health() for name, engine in engines.items()}
    stock: dict[str, tuple[ModelInfo, ...]] = {}
    reasons = {name: health.reason for name, health in healths.items()}
    for name, engine in engines.items():
        if healths[name].up:
            try:
                stock[name] = await engine.models()
            except EngineError as error:
                reasons[name] = str(error)
    found = []
    for name, engine in engines.items():
        loaded = await _loaded(engine) if name in stock else ()
        models = [
            await _stocked(engine, info, pins, roles_of(settings, engines, name, info.name, stock), loaded)
            for info in stock.get(name, ())
        ]
        found.append(
            StockedEngine(
                name=name,
                kind=engine.kind,
                address=engine.address,
                health=healths[name],
                reason=reasons[name],
                models=tuple(models),
            )
        )
    return Inventory(engines=tuple(found), missing=_missing(settings, engines, stock))


async def _loaded(engine: Engine) -> tuple[LoadedModel, ...]:
    try:
        return await engine.loaded()
    except EngineError:
        return ()  # the list is worth having without it


async def _stocked(
    engine: Engine, info: ModelInfo, pins: Pins, roles: tuple[str, ...], loaded: tuple[LoadedModel, ...]
) -> StockedModel:
    attestation = await engine.attest(info.name)
    digest = attestation.digest or info.digest
    missing = attestation.missing
    pin = pins.get(engine.address, info.name)
    failed = attestation.failure.message if attestation.failure else ""
    return StockedModel(
        info=info,
        digest=digest,
        roles=roles,
        locality=Locality.REMOTE if info.remote else attestation.locality,
        reason=missing.detail if missing else failed,
        fix=missing.fix if missing else "",
        pin=pin_state(pin, digest),
        pinned_digest=pin.digest if pin else "",
        kept=is_kept(info.name),
        loaded=next((row for row in loaded if find_model(row.name, (info,)) is not None), None),
    )


def pin_state(pin: Pin | None, digest: str) -> PinState:
    """What a pin says of a model that has this digest now."""
    if pin is None:
        return PinState.NONE
    if digest and pin.digest != digest:
        return PinState.CHANGED
    return PinState.OPERATOR if pin.by is PinnedBy.OPERATOR else PinState.FIRST_USE


def _missing(
    settings: Settings, engines: Mapping[str, Engine], stock: Mapping[str, tuple[ModelInfo, ...]]
) -> tuple[MissingModel, ...]:
    found = []
    for key, role in settings.roles.items():
        place = place_role(settings, engines, key, stock)
        if place.info is None:
            able = {name: engines[name].kind for name in candidates(settings, engines, role)}
            known = not able or any(name in stock for name in able)
            fix = (
                how_to_get(role.model, able)
                if known
                else f"none of its engines answers: start {' or '.join(able)} first"
            )
            found.append(MissingModel(role=key, model=role.model, engine=place.engine, fix=fix))
    return tuple(found)


def how_to_get(model: str, kinds: Mapping[str, str]) -> str:
    """How a model comes onto one of these engines, which are given with their kinds."""
    if is_cloud_name(model):
        return "choose a local model: this is the name of a cloud model"
    if any(kind == "ollama" for kind in kinds.values()):
        return f"`b4tui models pull {model}`"
    if kinds:
        return f"start the server of {', '.join(kinds)} with it, or name the model it has in [engines.NAME] models"
    return "name an engine for it in [roles.NAME] engine"
