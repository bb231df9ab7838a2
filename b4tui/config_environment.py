"""Settings from the environment. A module of its own, so that only who has such variables loads what reads them."""

from __future__ import annotations

from typing import Any

from pydantic_settings import BaseSettings, SettingsConfigDict


class Environment(BaseSettings):
    """The same tree as `B4TUI_SECTION__KEY` variables give it, unchecked: `Settings` checks the merged whole."""

    model_config = SettingsConfigDict(env_prefix="B4TUI_", env_nested_delimiter="__", extra="ignore")

    hub: str | None = None
    engines: dict[str, Any] = {}
    roles: dict[str, Any] = {}
    agents: dict[str, Any] = {}
    policy: dict[str, Any] = {}
    gate: dict[str, Any] = {}
    escalation: dict[str, Any] = {}
    prices: dict[str, Any] = {}
    ledger: dict[str, Any] = {}
    routing: dict[str, Any] = {}
    telemetry: dict[str, Any] = {}
    tui: dict[str, Any] = {}
