"""From settings to an embedded engine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from b4tui.config import AUTO, ConfigError, Settings
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.embedded.digests import Digests, digests_file
from b4tui.engines.embedded.engine import EmbeddedEngine, Ground


def open_embedded(name: str, settings: Settings, environ: Mapping[str, str], pins: Pins) -> EmbeddedEngine | None:
    """The engine of `[engines.NAME]`; None where no model file is set. Nothing is started, no file is looked at.

    Raises ConfigError for a file whose place depends on where b4tui was started.
    """
    config = settings.engines[name]
    if not config.model_file.strip():
        return None
    ground = Ground(
        pins=pins,
        digests=Digests(digests_file()),
        policy=settings.policy,
        windows=windows_for(name, settings),
        cores=physical_cores,
    )
    return EmbeddedEngine(name, config, environ, file=_model_file(name, config.model_file), ground=ground)


def windows_for(name: str, settings: Settings) -> tuple[int, ...]:
    """The `num_ctx` of every role that may come to an engine; of all roles where none does."""
    roles = tuple(settings.roles.values())
    coming = tuple(role.num_ctx for role in roles if role.engine in (AUTO, name))
    return coming or tuple(role.num_ctx for role in roles)


def physical_cores() -> int:
    """The cores this process may use, counted without their second threads: computing gains nothing from those."""
    import psutil

    usable = len(os.sched_getaffinity(0))
    return min(psutil.cpu_count(logical=False) or usable, usable)


def _model_file(name: str, text: str) -> Path:
    try:
        path = Path(text.strip()).expanduser()
    except RuntimeError as error:
        raise ConfigError(f"engines.{name}.model_file = {text!r}: {error}; write the whole path") from error
    if not path.is_absolute():
        raise ConfigError(f"engines.{name}.model_file = {text!r}: write the whole path, from / or ~")
    return path
