"""What a model's name says by itself, before any server is asked."""

from __future__ import annotations

from collections.abc import Iterable

from b4tui.engines.types import ModelInfo


def is_cloud_name(name: str) -> bool:
    """Whether a server would send this name's prompts to its cloud (research/runtime.md 1.7 A).

    Ollama reads only the last part after a colon; here a `cloud` or `…-cloud` in any place counts, because a doubt
    ends on the local side. `x:cloud:local` is refused as well: an old server does not know the word `local`.
    """
    parts = [part.strip() for part in name.casefold().split(":")]
    return "cloud" in parts[1:] or any(part.endswith("-cloud") for part in parts)


def find_model(name: str, models: Iterable[ModelInfo]) -> ModelInfo | None:
    """The model that a server means by this name, however the name is spelt."""
    wanted = whole_name(name)
    return next((model for model in models if whole_name(model.name) == wanted), None)


def whole_name(name: str) -> str:
    """The name as Ollama completes it: no case, no default registry, no word `local`, and the tag `latest`."""
    whole = name.strip().casefold().removeprefix("registry.ollama.ai/").removeprefix("library/").removesuffix(":local")
    return whole if ":" in whole.rpartition("/")[2] else f"{whole}:latest"


def objection(name: str, models: Iterable[ModelInfo]) -> str:
    """Why no run may start with this model on a server that has these models, and what to do; "" where it may.

    A local name may stand for a remote model (research/runtime.md 1.7 B): the server's own list says so.
    """
    if is_cloud_name(name):
        return f"{name} names a cloud model: choose a local one"
    model = find_model(name, models)
    if model is None:
        return f"the engine has no model {name}: `ollama pull {name}`, or name another in the role's settings"
    if model.remote:
        return f"{name} is not computed on this machine: the server passes it on; choose a local model"
    return ""
