"""From settings to engines."""

from __future__ import annotations

import os
from collections.abc import Mapping

from b4tui.config import Settings
from b4tui.engines.ollama import OllamaEngine
from b4tui.engines.types import Engine


def open_engines(settings: Settings, environ: Mapping[str, str] = os.environ) -> dict[str, Engine]:
    """An engine for every `[engines.NAME]`. Nothing is connected yet.

    `environ` is where OLLAMA_HOST is looked for.

    Raises AddressError (a ConfigError) for an address that may not be used.
    """
    return {name: OllamaEngine(name, config, environ) for name, config in settings.engines.items()}
