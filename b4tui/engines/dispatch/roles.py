"""Roles on engines: which may serve a role, what its model is called there, and which of those it has that is. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from b4tui.config import AUTO, RoleConfig, Settings
from b4tui.engines.interface import Engine, ModelInfo
from b4tui.engines.names import find_model, is_cloud_name, same_model


def candidates(settings: Settings, engines: Mapping[str, Engine], role: RoleConfig) -> tuple[str, ...]:
    """The engines that may answer for a role, the first choice first.

    An engine that the role names comes before those with an `order`; one without is used by its name only.
    """
    ranked = sorted(
        (name for name in engines if settings.engines[name].order > 0), key=lambda name: settings.engines[name].order
    )
    if role.engine == AUTO:
        return tuple(ranked)
    named = (role.engine,) if role.engine in engines else ()
    return (*named, *(name for name in ranked if name != role.engine))


def model_there(settings: Settings, engine: str, model: str) -> str:
    """The name a role's model has on an engine: one spelling, whatever the roles that mean it call it.

    So there is one line, one load profile and one way off the GPU for it.
    """
    table = settings.engines[engine].models
    name = table.get(model, model)
    spelt = (table.get(role.model, role.model) for role in settings.roles.values())
    return next((other for other in spelt if same_model(other, name)), name)


def model_on(settings: Settings, engine: Engine, model: str, stock: tuple[ModelInfo, ...]) -> ModelInfo | None:
    """The model on an engine that has `stock`. An embedded engine has one file, and serves it under every name."""
    if engine.kind == "embedded":
        return stock[0] if stock and not is_cloud_name(model) else None
    named = find_model(model_there(settings, engine.name, model), stock)
    # An OpenAI-compatible engine lists its models under our names for them; an Ollama server under its own.
    return named if named is not None or engine.kind == "ollama" else find_model(model, stock)
