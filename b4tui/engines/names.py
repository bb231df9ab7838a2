"""What a model's name says by itself, before any server is asked."""

from __future__ import annotations

from collections.abc import Iterable

from b4tui.engines.interface import ModelInfo


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


def same_model(one: str, other: str) -> bool:
    """Whether a server means the same model by both names."""
    return whole_name(one) == whole_name(other)


def whole_name(name: str) -> str:
    """The name as Ollama completes it: no case, no default registry, no word `local`, and the tag `latest`."""
    whole = name.strip().casefold().removeprefix("registry.ollama.ai/").removeprefix("library/").removesuffix(":local")
    return whole if ":" in whole.rpartition("/")[2] else f"{whole}:latest"


def local_name(name: str) -> str:
    """The name that a server takes for a model of its own only: 404 where it stands for a remote one (1.7, step 5)."""
    return name if name.casefold().endswith(":local") else f"{name}:local"
