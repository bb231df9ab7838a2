"""Which engine a role's model is to be computed on, going by what the engines have. Pure.

The order of choice is the placement's own; here nobody is asked whether a prompt may go there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from b4tui.config import Settings
from b4tui.engines.dispatch.roles import candidates, model_on, model_there
from b4tui.engines.interface import Engine, ModelInfo

Engines = Mapping[str, Engine]
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


def names_on(settings: Settings, engine: Engine, model: str) -> tuple[str, ...]:
    """The names that a model may be pinned under on an engine, which need not answer."""
    if engine.kind == "embedded":
        return (Path(settings.engines[engine.name].model_file).name,)
    return tuple(dict.fromkeys((model, model_there(settings, engine.name, model))))


def place_role(settings: Settings, engines: Engines, key: str, stock: Stock) -> RolePlace:
    """Where a role's model is; without one that has it, the first engine that answers, else the first choice."""
    role = settings.roles[key]
    choice = candidates(settings, engines, role)
    for name in choice:
        info = model_on(settings, engines[name], role.model, stock.get(name, ()))
        if info is not None:
            return RolePlace(role=key, engine=name, name=info.name, info=info)
    engine = next((name for name in choice if name in stock), choice[0] if choice else "")
    name = model_there(settings, engine, role.model) if engine else role.model
    return RolePlace(role=key, engine=engine, name=name, info=None)


def roles_of(settings: Settings, engines: Engines, engine: str, model: str, stock: Stock) -> tuple[str, ...]:
    """The roles whose model this one of an engine is."""
    places = [place_role(settings, engines, key, stock) for key in settings.roles]
    return tuple(place.role for place in places if place.engine == engine and place.info and place.info.name == model)
