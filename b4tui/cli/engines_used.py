"""What commands about engines share: they are opened, one is chosen, and what they cannot do is one line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from b4tui.cli.common import Failed, NoEngine

if TYPE_CHECKING:
    from b4tui.config import Settings
    from b4tui.engines.attestation.pins import Pins
    from b4tui.engines.interface import Engine, ModelInfo
    from b4tui.engines.ollama.engine import OllamaEngine

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


def engine_option(function: F) -> F:
    """Give a command `--engine`, as `engine_name`."""
    chosen = click.option(
        "--engine", "engine_name", metavar="E", help="The engine ([engines.E]); else the first in order that fits."
    )
    return chosen(function)


def finish(work: Coroutine[Any, Any, T]) -> T:
    """Do a command's work. What engines, pins and records cannot do becomes one line and an exit code."""
    from b4tui.engines.attestation.pins import PinError
    from b4tui.engines.interface import EngineError
    from b4tui.engines.trials.records import RecordError
    from b4tui.engines.types import FailureKind

    try:
        return asyncio.run(work)
    except EngineError as error:
        nobody = error.failure.kind in {FailureKind.UNREACHABLE, FailureKind.TIMEOUT}
        raise (NoEngine if nobody else Failed)(str(error)) from error
    except (PinError, RecordError) as error:
        raise Failed(str(error)) from error


@asynccontextmanager
async def opened(settings: Settings, pins: Pins, only: str | None = None) -> AsyncIterator[Mapping[str, Engine]]:
    """The engines, those in order first; or the one of this name. Raises UsageError where there is none of it."""
    from b4tui.engines.opening import open_engines

    engines = open_engines(settings, pins=pins)
    try:
        if only is not None and only not in engines:
            there = ", ".join(engines) or "none"
            raise click.UsageError(f"there is no engine {only!r} that can be opened; there are {there}")
        order = {name: settings.engines[name].order for name in engines}
        ranked = sorted(engines, key=lambda name: (not order[name], order[name]))  # those without one come last
        yield {name: engines[name] for name in ranked if only in (None, name)}
    finally:
        for engine in engines.values():
            await engine.aclose()


async def engine_with(
    settings: Settings, engines: Mapping[str, Engine], model: str
) -> tuple[Engine, ModelInfo, tuple[ModelInfo, ...]]:
    """The first of these engines that has a model, the model, and all that engine has.

    Raises Failed where none has it, NoEngine where none answers.
    """
    from b4tui.engines.dispatch.roles import model_on
    from b4tui.engines.interface import EngineError
    from b4tui.runtime.inventory import how_to_get

    reasons, silent = [], True
    for name, engine in engines.items():
        try:
            stock = await engine.models()
        except EngineError as error:
            reasons.append(str(error))
            continue
        silent = False
        info = model_on(settings, engine, model, stock)
        if info is not None:
            return engine, info, stock
        reasons.append(f"{name} at {engine.address} has no model {model}")
    if silent:
        raise NoEngine("; ".join(reasons) or "no engine is configured: see [engines] in config.toml")
    fix = how_to_get(model, {name: engine.kind for name, engine in engines.items()})
    raise Failed(f"{'; '.join(reasons)}: {fix}")


def that_pulls(engines: Mapping[str, Engine]) -> OllamaEngine:
    """The first of these engines that can fetch models. Raises Failed."""
    from b4tui.engines.ollama.engine import OllamaEngine

    for engine in engines.values():
        if isinstance(engine, OllamaEngine):
            return engine
    kinds = ", ".join(f"{name} ({engine.kind})" for name, engine in engines.items()) or "none"
    raise Failed(
        f"only an Ollama server can be told to fetch a model; the engines here: {kinds}. "
        "Give the others their model where they are started"
    )
