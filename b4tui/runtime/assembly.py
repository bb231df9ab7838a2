"""Puts the parts of one runtime together from settings, a store and engines."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from b4tui.agents.profiles import AgentProfile, profiles
from b4tui.agents.sandbox import find_sandbox
from b4tui.board.model import Bead, Hub
from b4tui.board.store import BoardStore
from b4tui.config import ConfigError, Settings
from b4tui.engines.types import Engine, LoadedModel
from b4tui.events import AgentState, EngineStatus, Event
from b4tui.routing.rules import Routing, route
from b4tui.runtime.attempts import Attempts
from b4tui.runtime.backoff import Backoff
from b4tui.runtime.board_keeper import BoardKeeper
from b4tui.runtime.cooldowns import Cooldowns
from b4tui.runtime.engine_watch import EngineWatch, Rhythm
from b4tui.runtime.parts import Parts
from b4tui.runtime.picture import Picture
from b4tui.runtime.slots import EngineSlots
from b4tui.runtime.snapshot import AgentView, EngineView, Snapshot
from b4tui.runtime.state import StateFolder

_CHECK_UP_S = 10.0  # how often an engine that answers is asked whether it still does


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Whom the parts tell what they see, on the loop's thread."""

    publish: Callable[[Event], None]
    seen: Callable[[Picture], None]
    failed: Callable[[str], None]
    loaded: Callable[[str, tuple[LoadedModel, ...]], None]
    engine_changed: Callable[[], None]


def assemble(
    settings: Settings, store: BoardStore, engines: Mapping[str, Engine], state: StateFolder, hooks: Hooks
) -> Parts:
    """The parts, none of them started."""
    poll, random = settings.policy.poll, Random()
    attempts = Attempts(state.attempts, settings.policy.limits.attempts)
    rhythm = Rhythm(
        up_s=_CHECK_UP_S,
        checks=Backoff(first=min(poll.engine_backoff_s, poll.interval_s), most=poll.interval_s),
        runs=Backoff(first=poll.engine_backoff_s, most=poll.max_interval_s),
    )

    def routing(bead: Bead) -> Routing | None:
        return route(bead, settings.agents, settings.routing.fallback)

    return Parts(
        settings=settings,
        store=store,
        state=state,
        attempts=attempts,
        keeper=BoardKeeper(
            store,
            attempts,
            routing,
            seen=hooks.seen,
            failed=hooks.failed,
            rejudge_s=poll.interval_s / 2,
            random=random,
        ),
        route=routing,
        engines=engines,
        watches={
            name: EngineWatch(engine, rhythm, hooks.publish, hooks.loaded, hooks.engine_changed, random)
            for name, engine in engines.items()
        },
        slots={name: EngineSlots(settings.engines[name].slots or 1) for name in engines},
        cooldowns=Cooldowns(Backoff(first=0.5, most=poll.max_interval_s), time.monotonic, random),
        publish=hooks.publish,
        sandbox=functools.cache(functools.partial(find_sandbox, settings.policy.sandbox)),
        random=random,
    )


def chosen_profiles(
    settings: Settings, hub: Hub, engines: Mapping[str, Engine], agents: tuple[str, ...] | None
) -> tuple[AgentProfile, ...]:
    """The agents that are to run. Raises ConfigError for one that is not there, or has no engine."""
    known = {profile.key: profile for profile in profiles(settings, hub.root)}
    wanted = tuple(key.lower() for key in agents) if agents is not None else tuple(known)
    if unknown := [key for key in wanted if key not in known]:
        raise ConfigError(f"settings: there is no agent {', '.join(unknown)}; there are {', '.join(known)}")
    crew = tuple(known[key] for key in wanted if agents is not None or known[key].enabled)
    for profile in crew:
        if profile.role.engine not in engines:
            raise ConfigError(
                f"settings: roles.{profile.role_name}.engine: there is no engine {profile.role.engine!r}; "
                f"the engines are {', '.join(engines)}"
            )
    return crew


def first_snapshot(parts: Parts, crew: tuple[AgentProfile, ...], *, simulated: bool, paused: bool) -> Snapshot:
    """The picture before anything was read or asked."""
    state = AgentState.PAUSED if paused else AgentState.IDLE
    return Snapshot(
        hub=parts.store.hub.root.name,
        read_only=parts.store.read_only,
        simulated=simulated,
        require_attested=parts.settings.policy.require_attested,
        agents=tuple(
            AgentView(key=profile.key, name=profile.name, state=state, model=profile.role.model) for profile in crew
        ),
        engines=tuple(
            EngineView(name=name, address=engine.address, status=EngineStatus.UNKNOWN, simulated=simulated)
            for name, engine in parts.engines.items()
        ),
    )
