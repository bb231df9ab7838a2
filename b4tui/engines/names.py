"""What a model's name says by itself, before any server is asked."""

from __future__ import annotations


def is_cloud_name(name: str) -> bool:
    """Whether a server would send this name's prompts to its cloud (research/runtime.md 1.7 A).

    Ollama reads only the last part after a colon; here a `cloud` or `…-cloud` in any place counts, because a doubt
    ends on the local side. `x:cloud:local` is refused as well: an old server does not know the word `local`.
    """
    parts = [part.strip() for part in name.casefold().split(":")]
    return "cloud" in parts[1:] or any(part.endswith("-cloud") for part in parts)
