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
from b4tui.engines.dispatch.dispatcher import Dispatcher, Surroundings
from b4tui.engines.dispatch.profile import profile_of
from b4tui.engines.dispatch.roles import candidates, model_there
from b4tui.engines.interface import Engine
from b4tui.engines.types import Failure
from b4tui.events import AgentState, EngineStatus, Event
from b4tui.routing.rules import Routing, route
from b4tui.runtime.attempts import Attempts
from b4tui.runtime.backoff import Backoff
from b4tui.runtime.board_keeper import BoardKeeper
from b4tui.runtime.cooldowns import Cooldowns
from b4tui.runtime.endpoints import Endpoints
from b4tui.runtime.engine_watch import EngineWatch, Rhythm, Seen, Wanted
from b4tui.runtime.outside.outside import Outside
from b4tui.runtime.parts import Parts
from b4tui.runtime.picture import Picture
from b4tui.runtime.snapshot import AgentView, EngineView, OutwardView, Snapshot
from b4tui.runtime.state import StateFolder

_CHECK_UP_S = 10.0  # how often an engine that answers is asked whether it still does


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """Whom the parts tell what they see, on the loop's thread."""

    publish: Callable[[Event], None]
    seen: Callable[[Picture], None]
    failed: Callable[[str], None]
    engine_seen: Callable[[Seen], None]
    engine_changed: Callable[[], None]


def assemble(
    settings: Settings,
    store: BoardStore,
    engines: Mapping[str, Engine],
    state: StateFolder,
    hooks: Hooks,
    outside: Outside | None = None,
) -> Parts:
    """The parts, none of them started."""
    poll, random = settings.policy.poll, Random()
    attempts = Attempts(state.attempts, settings.policy.limits.attempts)
    rhythm = Rhythm(
        up_s=min(_CHECK_UP_S, poll.max_interval_s),
        checks=Backoff(first=min(poll.engine_backoff_s, poll.interval_s), most=poll.interval_s),
        runs=Backoff(first=poll.engine_backoff_s, most=poll.max_interval_s),
    )

    def routing(bead: Bead) -> Routing | None:
        return route(bead, settings.agents, settings.routing.fallback)

    watches = {
        name: EngineWatch(
            engine,
            Wanted(models=_wanted(settings, engines, name), require_attested=settings.policy.require_attested),
            rhythm,
            hooks.publish,
            hooks.engine_seen,
            hooks.engine_changed,
            random,
        )
        for name, engine in engines.items()
    }
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
        watches=watches,
        endpoints=Endpoints(settings, engines, watches),
        dispatcher=_dispatcher(settings, engines, watches, random),
        cooldowns=Cooldowns(Backoff(first=0.5, most=poll.max_interval_s), time.monotonic, random),
        publish=hooks.publish,
        sandbox=functools.cache(functools.partial(find_sandbox, settings.policy.sandbox)),
        random=random,
        outside=outside,
    )


def _wanted(settings: Settings, engines: Mapping[str, Engine], name: str) -> tuple[str, ...]:
    """The models that roles of agents may want of an engine, by their names there."""
    used = {agent.role for agent in settings.agents.values() if agent.enabled}
    roles = (role for key, role in settings.roles.items() if key in used)
    wanted = (model_there(settings, name, role.model) for role in roles if name in candidates(settings, engines, role))
    return tuple(dict.fromkeys(wanted))


def _dispatcher(
    settings: Settings, engines: Mapping[str, Engine], watches: Mapping[str, EngineWatch], random: Random
) -> Dispatcher:
    def failed(name: str, failure: Failure) -> None:
        """An engine that may pass by itself is left alone for a while; one that will not is looked at anew, at once."""
        if failure.transient:
            watches[name].failed(failure.message)
        else:
            watches[name].look_again()

    around = Surroundings(
        unusable=lambda name: watches[name].unusable,
        failed=failed,
        worked=lambda name: watches[name].worked(),
        clock=time.monotonic,
        random=random,
    )
    dispatcher = Dispatcher(settings, engines, around)
    for name, residency in dispatcher.residency.items():
        wanted = {model_there(settings, name, role.model) for role in settings.roles.values()}
        residency.keep_apart(model for model in wanted if not profile_of(settings, name, model).on_gpu)
    return dispatcher


def chosen_profiles(settings: Settings, hub: Hub, agents: tuple[str, ...] | None) -> tuple[AgentProfile, ...]:
    """The agents that are to run. Raises ConfigError for one that is not there."""
    known = {profile.key: profile for profile in profiles(settings, hub.root)}
    wanted = tuple(key.lower() for key in agents) if agents is not None else tuple(known)
    if unknown := [key for key in wanted if key not in known]:
        raise ConfigError(f"settings: there is no agent {', '.join(unknown)}; there are {', '.join(known)}")
    return tuple(known[key] for key in wanted if agents is not None or known[key].enabled)


def first_snapshot(parts: Parts, crew: tuple[AgentProfile, ...], *, simulated: bool, paused: bool) -> Snapshot:
    """The picture before anything was read or asked."""
    state = AgentState.PAUSED if paused else AgentState.IDLE
    return Snapshot(
        hub=parts.store.hub.root.name,
        read_only=parts.store.read_only,
        simulated=simulated,
        require_attested=parts.settings.policy.require_attested,
        outward=parts.outside.view if parts.outside is not None else OutwardView(),
        agents=tuple(
            AgentView(key=profile.key, name=profile.name, state=state, model=profile.role.model) for profile in crew
        ),
        engines=tuple(
            EngineView(
                name=name, kind=engine.kind, address=engine.address, status=EngineStatus.UNKNOWN, simulated=simulated
            )
            for name, engine in parts.engines.items()
        ),
    )
