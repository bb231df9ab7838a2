"""The second name under which a trusted model is kept while a pull may replace it: no bytes are copied for it."""

from __future__ import annotations

from collections.abc import Iterable

from b4tui.engines.interface import ModelInfo
from b4tui.engines.names import find_model

OWNER = "b4tui-kept"


def kept_name(model: str) -> str:
    """The name a model is kept under: `qwen3:8b` as `b4tui-kept/qwen3:8b`.

    A server reads a name as HOST/OWNER/MODEL:TAG and takes no more parts, so the parts before MODEL become one with it.
    """
    return f"{OWNER}/{model.strip().replace('/', '--')}"


def is_kept(name: str) -> bool:
    """Whether this is the name of a kept model, and not one that somebody works with."""
    return name.casefold().startswith(f"{OWNER}/")


def find_digest(digest: str, models: Iterable[ModelInfo], *, but: str) -> ModelInfo | None:
    """A model of this server with this digest under another name than `but`; the kept one before any other."""
    models = tuple(models)
    own = find_model(but, models)
    others = [model for model in models if model.digest == digest and model != own and not model.remote]
    return min(others, key=lambda model: not is_kept(model.name), default=None)
