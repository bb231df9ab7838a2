"""The one load profile of a model: what it is loaded with, the same for every role and every request.

A request with other load options makes Ollama load the model anew, which takes a minute for 50 GB
(research/runtime.md 1.5). So roles that share a model share a profile: that of the role with the largest
window, of those that an agent has.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from b4tui.config import RoleConfig, Settings
from b4tui.engines.dispatch.roles import model_there
from b4tui.engines.names import same_model

LOAD_OPTIONS = frozenset({"num_batch", "num_gpu", "main_gpu", "use_mmap", "num_thread", "draft_num_predict"})
"""Options beside num_ctx that Ollama reads when it loads a model, and not after."""


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """What a model is loaded with: `num_ctx` in tokens, and those of LOAD_OPTIONS that are set."""

    num_ctx: int
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Eight hex digits that are the same for equal profiles, for screens and records."""
        text = json.dumps([self.num_ctx, dict(self.options)], sort_keys=True, default=repr)
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def on_gpu(self) -> bool:
        """Whether it may use a GPU."""
        return self.options.get("num_gpu") != 0

    def on_cpu(self) -> LoadProfile:
        """The same without a GPU."""
        return replace(self, options={**self.options, "num_gpu": 0})

    def applied(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """A role's options with this profile's in place of its own load options."""
        return {**{key: value for key, value in options.items() if key not in LOAD_OPTIONS}, **self.options}


@dataclass(frozen=True, slots=True)
class Conflict:
    """A role whose own load options are not used, because `leader` shares its model and leads."""

    role: str
    leader: str
    model: str


def profile_of(settings: Settings, engine: str, model: str) -> LoadProfile:
    """The profile a model of an engine is used with. Raises KeyError for one that no role means."""
    return _own(settings.roles[_leader(settings, engine, model)])


def conflicts(settings: Settings) -> Iterator[Conflict]:
    """The roles that would load their model differently if they had it for themselves."""
    found: dict[tuple[str, str], Conflict] = {}
    for engine in settings.engines:
        for key, role in settings.roles.items():
            model = model_there(settings, engine, role.model)
            leader = _leader(settings, engine, model)
            if _own(role) != _own(settings.roles[leader]):
                found.setdefault((key, leader), Conflict(key, leader, model))
    yield from found.values()


def _leader(settings: Settings, engine: str, model: str) -> str:
    """Of the roles whose model this is on an engine, whatever they call it, the one with the largest window."""
    sharing = [
        key for key, role in settings.roles.items() if same_model(model_there(settings, engine, role.model), model)
    ]
    if not sharing:
        raise KeyError(model)
    return max(sharing, key=lambda key: _weight(settings, key))


def _weight(settings: Settings, key: str) -> tuple[bool, int]:
    """How much a role's wish counts: one that nobody has, such as a router on the CPU, must not lead the agents'."""
    used = any(agent.enabled and agent.role == key for agent in settings.agents.values())
    return used, settings.roles[key].num_ctx


def _own(role: RoleConfig) -> LoadProfile:
    return LoadProfile(role.num_ctx, {key: role.options[key] for key in sorted(LOAD_OPTIONS & role.options.keys())})
