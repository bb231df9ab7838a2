"""The tools an agent may be given. `REGISTRY` names them all; a profile says which of them an agent has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from b4tui.agents.tools.base import Tool
from b4tui.agents.tools.bash import BASH
from b4tui.agents.tools.beads import COMMENT, CREATE_BEAD
from b4tui.agents.tools.edit import EDIT
from b4tui.agents.tools.finish import FINISH
from b4tui.agents.tools.frontier import ASK_FRONTIER
from b4tui.agents.tools.read import READ
from b4tui.agents.tools.search import SEARCH
from b4tui.agents.tools.write import WRITE
from b4tui.config import ConfigError

REGISTRY: Mapping[str, Tool[Any]] = MappingProxyType(
    {tool.name: tool for tool in (ASK_FRONTIER, BASH, COMMENT, CREATE_BEAD, EDIT, FINISH, READ, SEARCH, WRITE)}
)


def chosen(names: Iterable[str]) -> dict[str, Tool[Any]]:
    """The named tools, sorted by name so that a prompt is the same each time; `finish` is always among them.

    Raises ConfigError for a name that no tool has.
    """
    wanted = sorted({*names, FINISH.name})
    unknown = [name for name in wanted if name not in REGISTRY]
    if unknown:
        raise ConfigError(f"settings: there is no tool {', '.join(unknown)}; the tools are {', '.join(REGISTRY)}")
    return {name: REGISTRY[name] for name in wanted}
