"""What a model's name says by itself, before any server is asked."""

from __future__ import annotations

from collections.abc import Iterable

from b4tui.engines.interface import ModelInfo

LOCAL = ":local"


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


def is_row_of(row: str, name: str) -> bool:
    """Whether a row of a server's list is the model that it means by a name.

    Rows are names in full: one that ends in `:local` has that for its tag, and no name leads to it (seen on 0.33.3).
    """
    return bool(row) and _completed(row) == whole_name(name)


def whole_name(name: str) -> str:
    """The name as Ollama completes it: no case, no default registry, no word `local`, and the tag `latest`."""
    return _completed(name.strip().casefold().removesuffix(LOCAL))


def local_name(name: str) -> str:
    """The name that a server takes for a model of its own only: 404 where it stands for a remote one (1.7, step 5)."""
    return name if name.casefold().endswith(LOCAL) else f"{name}{LOCAL}"


def _completed(name: str) -> str:
    """Without what a server adds by itself. A name of two parts is OWNER/MODEL, and of three HOST/OWNER/MODEL."""
    whole = name.strip().casefold()
    if whole.count("/") == 2:
        whole = whole.removeprefix("registry.ollama.ai/")
    if whole.count("/") == 1:
        whole = whole.removeprefix("library/")
    return whole if ":" in whole.rpartition("/")[2] else f"{whole}:latest"
