"""Fetch a model, and keep the one that is trusted until the operator has looked at the new one.

A tag is a moving name: what it stands for tomorrow may be another model (design section 8, "a model update breaks
prompts"). Before a pull the trusted one gets a second name, which costs no bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from b4tui.engines.attestation.pins import Pin, Pins
from b4tui.engines.interface import EngineError, ModelInfo
from b4tui.engines.names import find_model
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.ollama.kept import kept_name
from b4tui.engines.ollama.stale import put_out_stale
from b4tui.engines.ollama.tally import Standing, Tally
from b4tui.engines.types import Failure, FailureKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """What a pull brought: the model as the server lists it, its digest before ("" for none), its pin if it has one.

    `kept` is the name that the trusted model is kept under, "" where nothing had to be kept.
    """

    model: ModelInfo
    before: str
    pin: Pin | None
    kept: str

    @property
    def to_accept(self) -> bool:
        """Whether runs stop until the operator accepts what came."""
        return self.pin is not None and self.pin.digest != self.model.digest


async def pull_model(
    engine: OllamaEngine, name: str, pins: Pins, told: Callable[[Standing], None], clock: Callable[[], float]
) -> Pulled:
    """Have the engine fetch a model, and look at what came. Raises EngineError, PinError.

    An interrupted pull leaves what it fetched on the server; the next one goes on there.
    """
    before = find_model(name, await engine.models())
    pin = pins.get(engine.address, name)
    kept = await _keep(engine, before, pin)
    tally = Tally(clock)
    try:
        async with aclosing(engine.pull(name)) as steps:
            async for step in steps:
                told(tally.add(step))
    except EngineError:
        if kept:
            await _drop(engine, kept)  # the pull replaced nothing
        raise
    model = _what_came(engine, name, find_model(name, await engine.models()))
    await put_out_stale(engine, model.name, model.digest)
    if kept and before is not None and model.digest == before.digest:
        await _drop(engine, kept)
        kept = ""
    return Pulled(model=model, before=before.digest if before else "", pin=pin, kept=kept)


async def _keep(engine: OllamaEngine, model: ModelInfo | None, pin: Pin | None) -> str:
    """Give a trusted model a second name, and say which; "" where the model is not the trusted one."""
    if model is None or pin is None or model.remote or model.digest != pin.digest:
        return ""
    name = kept_name(model.name)
    await engine.copy(model.name, name)
    return name


async def _drop(engine: OllamaEngine, name: str) -> None:
    """Take a second name away; one that stays costs nothing but a line in the list."""
    with contextlib.suppress(EngineError):
        await engine.delete(name)


def _what_came(engine: OllamaEngine, name: str, model: ModelInfo | None) -> ModelInfo:
    if model is None:
        words = f"the server at {engine.address} says that it has {name} now, but does not list it: see its log"
        raise EngineError(Failure(FailureKind.PROTOCOL, words))
    if model.remote:
        words = (
            f"{name} is not computed at {engine.address}: what came is a pointer to another machine's model, and gets "
            f"no prompt. Take it off with `ollama rm {model.name}` and choose a local model"
        )
        raise EngineError(Failure(FailureKind.REMOTE, words))
    return model
