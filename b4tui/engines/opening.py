"""From settings to engines."""

from __future__ import annotations

import os
from collections.abc import Mapping

from b4tui.config import EngineConfig, Settings
from b4tui.engines.attestation.pins import Pins, pins_file
from b4tui.engines.embedded.opening import open_embedded
from b4tui.engines.interface import Engine
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.openai.engine import OpenAiEngine


def open_engines(
    settings: Settings, environ: Mapping[str, str] = os.environ, *, pins: Pins | None = None
) -> dict[str, Engine]:
    """An engine for every `[engines.NAME]` that can be opened. Nothing is connected or started yet.

    `environ` is where OLLAMA_HOST and keys are looked for; `pins` are the user's unless others are given.

    Raises AddressError (a ConfigError) for an address that may not be used, ConfigError for a key that is not there or
    a model file that cannot be meant.
    """
    trusted = pins or Pins(pins_file())
    opened = {name: _open(name, config, settings, environ, trusted) for name, config in settings.engines.items()}
    return {name: engine for name, engine in opened.items() if engine is not None}


def _open(name: str, config: EngineConfig, settings: Settings, environ: Mapping[str, str], pins: Pins) -> Engine | None:
    """The one place where a kind of engine becomes an engine; None for one that is not configured."""
    match config.kind:
        case "ollama":
            return OllamaEngine(name, config, environ, pins=pins, policy=settings.policy)
        case "vllm" | "llama-server" | "localai" | "openai":
            return OpenAiEngine(name, config, environ, pins=pins, policy=settings.policy)
        case "embedded":
            return open_embedded(name, settings, environ, pins)
