"""A model that was replaced on disk and is still in memory as it was.

Ollama goes by the file of weights: where a new model has the old one's (another template, other parameters), the old
one stays loaded under its name and is used, and /api/ps goes on listing its digest (seen on 0.33.3). Then nothing can
prove that the new model is the one that answers.
"""

from __future__ import annotations

import asyncio

from b4tui.engines.interface import Engine, ModelInfo
from b4tui.engines.names import find_model
from b4tui.engines.ollama.engine import OllamaEngine

_LOOKS = 200
_LOOK_S = 0.05


async def put_out_stale(engine: Engine, model: str, digest: str) -> None:
    """Have the server let go of a model that is in memory under this name with another digest.

    Other kinds of server load a model once, when they start. Raises EngineError.
    """
    if isinstance(engine, OllamaEngine) and await _held(engine, model) not in ("", digest):
        await put_out(engine, model)


async def put_out(engine: OllamaEngine, model: str) -> None:
    """Have the server let go of a model, and wait until it has, for ten seconds at most: a busy one is done first.

    Raises EngineError.
    """
    held = await _held(engine, model)
    if held:
        await engine.unload(model)
    for _ in range(_LOOKS):
        if not held or await _held(engine, model) != held:
            return
        await asyncio.sleep(_LOOK_S)


async def _held(engine: OllamaEngine, model: str) -> str:
    """The digest of the model that is in memory under this name; "" where none is."""
    rows = [ModelInfo(name=row.name, digest=row.digest) for row in await engine.loaded()]
    found = find_model(model, rows)
    return found.digest if found is not None else ""
