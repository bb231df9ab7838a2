"""From settings to engines."""

from __future__ import annotations

from collections.abc import Mapping

from b4tui.config import Settings
from b4tui.engines.ollama import OllamaEngine
from b4tui.engines.types import Engine


def open_engines(settings: Settings, environ: Mapping[str, str]) -> dict[str, Engine]:
    """An engine for every `[engines.NAME]`. Nothing is connected yet.

    Raises AddressError (a ConfigError) for an address that may not be used.
    """
    return {name: OllamaEngine(name, config, environ) for name, config in settings.engines.items()}
