"""How OpenAI-compatible servers differ: one value for each kind (research/vllm.md, research/runtime.md 2).

They agree on the path of a chat and on the shape of an answer, and on little else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """What one kind of server understands and serves.

    `server` is its name in a sentence; `slots` how many answers it gives at a time where it does not say.
    `reasoning` is the field of a message that holds thinking from an earlier turn, "" where there is none.
    `thinking_switch`: `chat_template_kwargs` reach the template; `effort`: `reasoning_effort` is understood;
    `strict_tools`: a tool may be marked strict, which pins its arguments; `repeat_penalty` is its word for that option.
    `names_itself`: every part of an answer bears the name of the model that made it.
    `aliases_hide_models`: behind a name there may be another model, or one in a cloud.
    The rest are paths that it serves, "" where it does not: `health`, `version`, `props`, `system`.
    """

    kind: str
    server: str
    slots: int = 1
    reasoning: str = ""
    thinking_switch: bool = False
    effort: bool = False
    strict_tools: bool = False
    repeat_penalty: str = "repeat_penalty"
    health: str = ""
    version: str = ""
    props: str = ""
    system: str = ""
    names_itself: bool = False
    aliases_hide_models: bool = False


VLLM = Flavor(
    kind="vllm",
    server="vLLM",
    slots=8,
    reasoning="reasoning",
    thinking_switch=True,
    effort=True,
    strict_tools=True,
    names_itself=True,
    repeat_penalty="repetition_penalty",
    health="/health",
    version="/version",
)
LLAMA_SERVER = Flavor(
    kind="llama-server",
    server="llama-server",
    reasoning="reasoning_content",
    thinking_switch=True,
    names_itself=True,
    health="/health",
    props="/props",
)
LOCALAI = Flavor(
    kind="localai",
    server="LocalAI",
    aliases_hide_models=True,
    health="/readyz",
    version="/version",
    system="/system",
)
OTHER = Flavor(kind="openai", server="the OpenAI-compatible server")
_KNOWN = {
    "vllm": VLLM,
    "llama-server": LLAMA_SERVER,
    "embedded": LLAMA_SERVER,
    "localai": LOCALAI,
}


def known_flavor(kind: str) -> Flavor | None:
    """The flavor of a kind of engine; None for `openai`, where the server has to be asked."""
    return _KNOWN.get(kind)


def flavor_of_models(rows: tuple[Mapping[str, Any], ...]) -> Flavor | None:
    """What the list of models says of its server, by the owner it names; None where that says nothing."""
    owners = {str(row.get("owned_by", "")).casefold() for row in rows}
    if "vllm" in owners:
        return VLLM
    if "llamacpp" in owners:
        return LLAMA_SERVER
    return None


def flavor_of_replies(props: Mapping[str, Any], system: Mapping[str, Any]) -> Flavor:
    """What `/props` and `/system` say of a server whose list of models said nothing; {} where they are not served."""
    if "default_generation_settings" in props:
        return LLAMA_SERVER
    if "backends" in system and "loaded_models" in system:
        return LOCALAI
    return OTHER
