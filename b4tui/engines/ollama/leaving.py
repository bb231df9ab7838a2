"""Having a server let go of a model, and seeing that it has."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from b4tui.engines.interface import Engine, ModelInfo
from b4tui.engines.names import find_model

if TYPE_CHECKING:
    from b4tui.engines.ollama.engine import OllamaEngine

_LOOKS = 200
_LOOK_S = 0.05


async def put_out(engine: OllamaEngine, model: str) -> None:
    """Have the server let go of a model, and wait until it has, for ten seconds at most: a busy one is done first.

    Raises EngineError.
    """
    digest = await held(engine, model)
    if digest:
        await engine.unload(model)
    for _ in range(_LOOKS):
        if not digest or await held(engine, model) != digest:
            return
        await asyncio.sleep(_LOOK_S)


async def held(engine: Engine, model: str) -> str:
    """The digest of the model that is in memory under this name; "" where none is. Raises EngineError."""
    rows = [ModelInfo(name=row.name, digest=row.digest) for row in await engine.loaded()]
    found = find_model(model, rows)
    return found.digest if found is not None else ""
