"""Whether a role has an engine now, as far as the watches know: asked before a bead is claimed, without waiting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from b4tui.config import RoleConfig, Settings
from b4tui.engines.dispatch.placement import NO_ENGINE
from b4tui.engines.dispatch.roles import candidates, model_there
from b4tui.engines.interface import Engine
from b4tui.events import EngineStatus
from b4tui.runtime.engine_watch import EngineWatch

ASKING = "asks whether the engine answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why a role has no engine now. `next_check_s` is when that is looked at again, None while it is being asked.

    `hopeless`: every engine answers, and none has a model that may be used; somebody must do something first.
    """

    reason: str
    next_check_s: float | None = None
    hopeless: bool = False


class Endpoints:
    """The engines as they stand now."""

    def __init__(self, settings: Settings, engines: Mapping[str, Engine], watches: Mapping[str, EngineWatch]) -> None:
        self._settings = settings
        self._engines = engines
        self._watches = watches

    def obstacle(self, role: RoleConfig) -> Obstacle | None:
        """What is in the way of this role's next run; None when nothing is."""
        names = candidates(self._settings, self._engines, role)
        if not names:
            return Obstacle(reason=NO_ENGINE, hopeless=True, next_check_s=float("inf"))
        reasons: list[str] = []
        asking = False
        for name in names:
            watch = self._watches[name]
            failure = watch.objection(model_there(self._settings, name, role.model))
            if watch.up and failure is None:
                return None
            asking |= watch.status is EngineStatus.UNKNOWN
            reasons.append(failure.message if watch.up and failure else watch.reason)
        if asking:
            return Obstacle(reason=ASKING)
        return Obstacle(
            reason="; ".join(dict.fromkeys(reason for reason in reasons if reason)),
            next_check_s=min(self._watches[name].next_check_s for name in names),
            hopeless=all(self._watches[name].up for name in names),
        )
