"""Settings: one tree, read from TOML files and the environment, checked as a whole before anything starts.

Order, later wins: built-in `config.toml`, the user's file, the hub's `b4tui.toml`, `--config FILE`, the environment
(`B4TUI_SECTION__KEY`), flags. A hub's file may not say where engines are or what is allowed (`hub_limits`).
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from platformdirs import user_config_path
from pydantic import ValidationError

from b4tui.hub_limits import hub_overreach
from b4tui.outward_sections import EscalationConfig, GateConfig, LedgerConfig, PolicyConfig, PricesConfig
from b4tui.sections import (
    AUTO,
    AgentConfig,
    AgentKey,
    EngineConfig,
    EngineKind,
    LimitsConfig,
    PollConfig,
    RoleConfig,
    RoutingConfig,
    Section,
    TelemetryConfig,
    TuiConfig,
)

__all__ = [
    "AUTO",
    "AgentConfig",
    "AgentKey",
    "ConfigError",
    "EngineConfig",
    "EngineKind",
    "LimitsConfig",
    "PolicyConfig",
    "PollConfig",
    "RoleConfig",
    "RoutingConfig",
    "Section",
    "Settings",
    "TelemetryConfig",
    "TuiConfig",
    "load",
    "resource",
    "user_file",
]

HUB_FILE = "b4tui.toml"


class ConfigError(Exception):
    """The settings cannot be used; the message names the file or variable, the key, and what would be right."""


class Settings(Section):
    """The whole tree. Build it with `load`."""

    hub: str = ""
    engines: dict[str, EngineConfig]
    roles: dict[str, RoleConfig]
    agents: dict[AgentKey, AgentConfig]
    policy: PolicyConfig = PolicyConfig()
    gate: GateConfig = GateConfig()
    escalation: dict[str, EscalationConfig] = {}
    prices: PricesConfig = PricesConfig()
    ledger: LedgerConfig = LedgerConfig()
    routing: RoutingConfig = RoutingConfig()
    telemetry: TelemetryConfig = TelemetryConfig()
    tui: TuiConfig = TuiConfig()


def resource(name: str) -> Path:
    """A file or folder that ships with the program: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent
    for candidate in (package / name, package.parent / name):
        if candidate.exists():
            return candidate
    raise ConfigError(f"{name} is missing from this installation of b4tui; install it again")


def user_file() -> Path:
    """Where the operator's own settings are looked for."""
    return user_config_path("b4tui") / "config.toml"


def load(
    *,
    hub: Path | None = None,
    config_file: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    use_user_file: bool = True,
) -> Settings:
    """The settings in force for a hub. `overrides` is a nested mapping from the command line's flags.

    Raises ConfigError with the file and key at fault.
    """
    tree = _read(resource("config.toml"))
    if use_user_file and user_file().is_file():
        _merge(tree, _read(user_file()))
    if hub is not None and (hub / HUB_FILE).is_file():
        _merge(tree, _hub_part(hub / HUB_FILE))
    if config_file is not None:
        _merge(tree, _read(config_file))
    _merge(tree, _from_environment())
    _merge(tree, overrides or {})
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_in_words(error)) from error
    if dangling := _dangling(settings):
        raise ConfigError("\n".join(f"settings: {line}" for line in dangling))
    return settings


def _dangling(settings: Settings) -> list[str]:
    """Names in the settings that stand for nothing in them."""

    def missing(key: str, kind: str, name: str, known: Mapping[str, Any]) -> list[str]:
        there = ", ".join(sorted(known))
        return [] if name in known else [f"{key}: there is no {kind} {name!r}; there are {there or 'none'}"]

    found = missing("routing.fallback", "agent", settings.routing.fallback, settings.agents)
    for key, agent in settings.agents.items():
        found += missing(f"agents.{key}.role", "role", agent.role, settings.roles)
    for key, role in settings.roles.items():
        if role.engine != AUTO:
            found += missing(f"roles.{key}.engine", "engine", role.engine, settings.engines)
    return found


def _from_environment() -> dict[str, Any]:
    if not any(name.upper().startswith("B4TUI_") for name in os.environ):
        return {}
    from b4tui.config_environment import Environment  # it takes a tenth of a second to load, and is rarely needed

    try:
        values = Environment().model_dump(exclude_none=True)
    except Exception as error:  # pydantic-settings raises its own errors for unreadable JSON in a variable
        raise ConfigError(f"a B4TUI_ variable cannot be read: {error}") from error
    tree: dict[str, Any] = _decoded(values)
    return tree


def _decoded(value: Any) -> Any:
    """Lists and tables are written as JSON in a variable; everything else stays a string until it is checked."""
    if isinstance(value, dict):
        return {key: _decoded(item) for key, item in value.items()}
    if isinstance(value, str) and value[:1] in "[{" and value:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error


def _hub_part(path: Path) -> dict[str, Any]:
    tree = _read(path)
    if refused := hub_overreach(tree):
        raise ConfigError(f"{path}: {refused}. Move the rest to {user_file()}")
    return tree


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping):
            below = base.get(key)
            if not isinstance(below, dict):
                below = base[key] = {}
            _merge(below, value)
        else:
            base[key] = value


def _in_words(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        key = ".".join(str(part) for part in problem["loc"])
        what = "no such setting" if problem["type"] == "extra_forbidden" else problem["msg"]
        lines.append(f"settings: {key}: {what}")
    return "\n".join(lines)
