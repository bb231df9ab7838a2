"""Which engine a role's model is to be computed on, going by what the engines have. Pure.

`engine = "auto"` means the first engine in order that has the model (config.toml).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from b4tui.config import AUTO, EngineConfig, RoleConfig, Settings
from b4tui.engines.names import find_model, is_cloud_name
from b4tui.engines.types import ModelInfo

Stock = Mapping[str, tuple[ModelInfo, ...]]  # what each engine that answers has


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePlace:
    """Where a role's model is: `engine` "" where no engine is there for it; `info` None where that has no such model.

    `name` is what the model is called there.
    """

    role: str
    engine: str
    name: str
    info: ModelInfo | None


def in_order(settings: Settings) -> tuple[str, ...]:
    """The engines that may be chosen for `auto`, the first one first; those of equal order as they are written."""
    ranked = [name for name, config in settings.engines.items() if config.order]
    return tuple(sorted(ranked, key=lambda name: settings.engines[name].order))


def candidates(settings: Settings, role: RoleConfig) -> tuple[str, ...]:
    """The engines a role's model may be on, the first choice first."""
    return in_order(settings) if role.engine == AUTO else (role.engine,)


def name_on(config: EngineConfig, model: str) -> str:
    """What an engine calls a model."""
    return config.models.get(model, model)


def model_on(config: EngineConfig, model: str, stock: tuple[ModelInfo, ...]) -> ModelInfo | None:
    """The model on an engine that has `stock`. An embedded engine has one file, and serves it under every name."""
    if config.kind == "embedded":
        return stock[0] if stock and not is_cloud_name(model) else None
    named = find_model(name_on(config, model), stock)
    # An OpenAI-compatible engine lists its models under our names for them; an Ollama server under its own.
    return named if named is not None or config.kind == "ollama" else find_model(model, stock)


def place_role(settings: Settings, key: str, stock: Stock) -> RolePlace:
    """Where a role's model is; without one that has it, the first engine that answers, else the first choice."""
    role = settings.roles[key]
    choice = candidates(settings, role)
    for name in choice:
        info = model_on(settings.engines[name], role.model, stock.get(name, ()))
        if info is not None:
            return _place(settings, key, name, info)
    answering = next((name for name in choice if name in stock), choice[0] if choice else "")
    return _place(settings, key, answering, None)


def roles_of(settings: Settings, engine: str, model: str, stock: Stock) -> tuple[str, ...]:
    """The roles whose model this one of an engine is."""
    places = [place_role(settings, key, stock) for key in settings.roles]
    return tuple(place.role for place in places if place.engine == engine and place.info and place.info.name == model)


def _place(settings: Settings, key: str, engine: str, info: ModelInfo | None) -> RolePlace:
    model = settings.roles[key].model
    wanted = name_on(settings.engines[engine], model) if engine else model
    return RolePlace(role=key, engine=engine, name=info.name if info else wanted, info=info)
