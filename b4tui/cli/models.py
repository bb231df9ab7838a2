"""`b4tui models`: what the engines have; and the commands that fetch, check and pin models."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from b4tui import events
from b4tui.board.times import instant
from b4tui.cli.common import Place, guarded, json_option, place_options, print_json, say
from b4tui.cli.engines_used import engine_option, finish, opened
from b4tui.cli.models_check import check
from b4tui.cli.models_pin import pin, unpin
from b4tui.cli.models_pull import pull

if TYPE_CHECKING:
    from b4tui.config import Settings
    from b4tui.engines.interface import LoadedModel
    from b4tui.runtime.inventory import Inventory, StockedEngine, StockedModel

FOREVER_S = 20 * 365 * 86400.0
"""Ollama's word for ever is a moment in some hundred years."""
HEAD = ("model", "size", "quant", "format", "digest", "locality", "trust", "roles", "in memory")


@click.group("models")
def command() -> None:
    """List, fetch, check and pin the models of the engines."""


command.add_command(pull)
command.add_command(pin)
command.add_command(unpin)
command.add_command(check)


@command.command("list", short_help="What every engine has, and whether it is trusted.")
@place_options
@engine_option
@json_option
@guarded
def list_models(place: Place, engine_name: str | None, as_json: bool) -> None:
    """List every model of every engine: its roles, whether it is trusted, where it is computed and loaded."""
    inventory = finish(_stock(place.settings_here(), engine_name))
    if as_json:
        print_json(_document(inventory))
        return
    for engine in inventory.engines:
        _print(engine)
    for missing in inventory.missing:
        say(f"missing: {missing.model} for role {missing.role}: {missing.fix}")


async def _stock(settings: Settings, only: str | None) -> Inventory:
    from b4tui.engines.attestation.pins import Pins, pins_file
    from b4tui.runtime.inventory import take_stock

    pins = Pins(pins_file(), learns=False)
    async with opened(settings, pins, only) as engines:
        return await take_stock(settings, engines, pins)


def size_in_words(size: int) -> str:
    """Bytes for a person; n/a where the server does not say."""
    if not size:
        return "n/a"
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def _print(engine: StockedEngine) -> None:
    simulated = ", SIMULATED" if engine.health.simulated else ""
    version = f", version {engine.health.version}" if engine.health.version else ""
    say(f"{engine.name}: {engine.kind} at {engine.address}{version}{simulated}")
    if engine.reason:
        say(f"  {engine.reason}")
    if not engine.models:
        return
    rows = [HEAD, *(_cells(model) for model in engine.models)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        say("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    notes = [f"{model.info.name}: {model.reason}. {model.fix}".rstrip(" ") for model in engine.models if model.reason]
    for note in dict.fromkeys(notes):
        say(f"  ▲ {note}")


def _cells(model: StockedModel) -> tuple[str, ...]:
    trust = f"{model.pin} (was {model.pinned_digest[:12]})" if model.pin == "changed" else str(model.pin)
    return (
        model.info.name,
        size_in_words(model.info.size),
        model.info.quantization or "n/a",
        model.info.format or "n/a",
        model.digest[:12] or "n/a",
        model.locality,
        "kept for `models check`" if model.kept else trust,
        ", ".join(model.roles) or "–",
        loaded_in_words(model.loaded) if model.loaded else "–",
    )


def loaded_in_words(loaded: LoadedModel) -> str:
    """How much, where, for how long. Where it lies is left out of what the server does not say."""
    size = size_in_words(loaded.size) if loaded.size else "yes"
    place = "" if loaded.vram is None or not loaded.size else " on CPU"
    if loaded.vram and loaded.size:
        place = f" on {100 * loaded.vram / loaded.size:.0f} % GPU"
    context = f", context {loaded.context}" if loaded.context else ""
    return f"{size}{place}{context}{_until(loaded.expires_at, events.now())}"


def _until(expires_at: str, now: datetime) -> str:
    """When it leaves memory if nobody asks it anything, to the minute; "" where that is not known."""
    leaves = instant(expires_at)
    if leaves is None:
        return ""
    if leaves - now.timestamp() > FOREVER_S:
        return ", stays"
    return f", until {datetime.fromtimestamp(leaves):%Y-%m-%d %H:%M}"


def _document(inventory: Inventory) -> dict[str, Any]:
    return {
        "engines": [
            {
                "name": engine.name,
                "kind": engine.kind,
                "address": engine.address,
                "version": engine.health.version,
                "simulated": engine.health.simulated,
                "reason": engine.reason,
                "models": [_model(model) for model in engine.models],
            }
            for engine in inventory.engines
        ],
        "missing": [asdict(missing) for missing in inventory.missing],
    }


def _model(model: StockedModel) -> dict[str, Any]:
    info, loaded = model.info, model.loaded
    return {
        "name": info.name,
        "size": info.size,
        "parameters": info.parameters,
        "quantization": info.quantization,
        "format": info.format,
        "context": info.context,
        "digest": model.digest,
        "roles": list(model.roles),
        "locality": model.locality,
        "reason": model.reason,
        "fix": model.fix,
        "pin": model.pin,
        "pinned_digest": model.pinned_digest,
        "kept": model.kept,
        "loaded": {key: asdict(loaded)[key] for key in ("size", "vram", "context", "expires_at")} if loaded else None,
    }
