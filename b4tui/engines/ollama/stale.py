"""A model that was replaced on disk and is still in memory as it was.

Ollama goes by the file of weights: where a new model has the old one's (another template, other parameters), the old
one stays loaded under its name and is used, and /api/ps goes on listing its digest (seen on 0.33.3). Then nothing can
prove that the new model is the one that answers.
"""

from __future__ import annotations

from b4tui.engines.interface import Engine
from b4tui.engines.ollama.engine import OllamaEngine
from b4tui.engines.ollama.leaving import held, put_out


async def put_out_stale(engine: Engine, model: str, digest: str) -> None:
    """Have the server let go of a model that is in memory under this name with another digest.

    Other kinds of server load a model once, when they start. Raises EngineError.
    """
    if isinstance(engine, OllamaEngine) and await held(engine, model) not in ("", digest):
        await put_out(engine, model)
