"""What a hub's own settings may say: it comes from a git repository that others may write to.

Where engines are, what is allowed, and where a prompt goes is the operator's own business.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

SECTIONS = frozenset({"roles", "agents", "routing", "tui"})
OPTIONS = frozenset(
    {
        "chat_template_kwargs",
        "draft_num_predict",
        "frequency_penalty",
        "main_gpu",
        "min_p",
        "mirostat",
        "mirostat_eta",
        "mirostat_tau",
        "num_batch",
        "num_gpu",
        "num_keep",
        "num_thread",
        "presence_penalty",
        "reasoning_effort",
        "repeat_last_n",
        "repeat_penalty",
        "repetition_penalty",
        "seed",
        "stop",
        "tfs_z",
        "top_k",
        "top_p",
        "typical_p",
        "use_mmap",
    }
)
"""How a model is loaded and sampled. Servers know other options as well, and some of those say where a prompt goes: a
remote cache, another base URL, a fallback."""


def hub_overreach(tree: Mapping[str, Any]) -> str:
    """What a hub's settings say that they may not, in words; "" where there is nothing of that kind."""
    return next(_overreach(tree), "")


def _overreach(tree: Mapping[str, Any]) -> Iterator[str]:
    if refused := sorted(set(tree) - SECTIONS):
        yield f"a hub may not set {', '.join(refused)}; it may set {', '.join(sorted(SECTIONS))}"
    for key, role in _tables(tree.get("roles")):
        options = role.get("options")
        if isinstance(options, dict) and (unknown := sorted(set(options) - OPTIONS)):
            yield (
                f"roles.{key}.options: a hub may only set how a model is loaded and sampled, not {', '.join(unknown)}"
            )
    for key, agent in _tables(tree.get("agents")):
        workspace = agent.get("workspace")
        if isinstance(workspace, str) and (workspace.startswith(("/", "~")) or ".." in PurePath(workspace).parts):
            yield f"agents.{key}.workspace: a hub may only name a folder within it"


def _tables(value: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The tables in a table; what is of another shape is found out where the settings are checked."""
    for key, table in value.items() if isinstance(value, dict) else ():
        if isinstance(table, dict):
            yield key, table
