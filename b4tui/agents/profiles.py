"""The agents of this installation: who they are, what they may use, and which model answers for them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from b4tui.agents.tools import chosen
from b4tui.config import RoleConfig, Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """One agent. `key` is its handle on the board (lower case), `name` what a person reads.

    `capabilities` are categories (design section 5); `tools` are names of `tools.registry`; `role` is the fixed load
    profile of its model; `workspace` may not exist; `persona` is a file in it. `hub` is set when the workspace is a
    place in the hub, and then what is there must not lead out of it.
    """

    key: str
    name: str
    capabilities: tuple[str, ...]
    tools: tuple[str, ...]
    role_name: str
    role: RoleConfig
    workspace: Path
    persona: str = "SOUL.md"
    hub: Path | None = None
    enabled: bool = True


def profiles(settings: Settings, hub_root: Path) -> tuple[AgentProfile, ...]:
    """The agents of the settings, in their order, disabled ones included. Raises ConfigError (tool)."""
    return tuple(_profile(settings, hub_root, key) for key in settings.agents)


def _profile(settings: Settings, hub_root: Path, key: str) -> AgentProfile:
    config = settings.agents[key]
    chosen(config.tools)
    workspace = _workspace(config.workspace, hub_root, key)
    return AgentProfile(
        key=key.lower(),
        name=config.name,
        capabilities=config.capabilities,
        tools=config.tools,
        role_name=config.role,
        role=settings.roles[config.role],
        workspace=workspace,
        persona=config.persona,
        hub=hub_root if workspace.is_relative_to(hub_root) and ".." not in workspace.parts else None,
        enabled=config.enabled,
    )


def _workspace(configured: str, hub_root: Path, key: str) -> Path:
    """A relative folder is relative to the hub, because a hub's own settings name it so."""
    if not configured:
        return hub_root / "agents" / key
    return hub_root / Path(configured).expanduser()
