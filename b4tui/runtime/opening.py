"""Opens a runtime on a hub: store, engines and runtime, wired so that warnings of the store reach the screen."""

from __future__ import annotations

import os
from collections.abc import Mapping

from b4tui.board.git import git
from b4tui.board.model import Hub
from b4tui.board.stores import open_store
from b4tui.config import Settings
from b4tui.engines.attestation.pins import Pins
from b4tui.engines.opening import open_engines
from b4tui.runtime.outside.opening import Surroundings, outside_of
from b4tui.runtime.runtime import Runtime
from b4tui.runtime.state import StateFolder
from b4tui.telemetry.sampler import Sampler

OPERATOR = "operator"


def open_runtime(
    settings: Settings,
    hub: Hub,
    *,
    agents: tuple[str, ...] | None = None,
    simulated: bool = False,
    paused: bool = False,
    once: bool = False,
    sampler: Sampler | None = None,
    environ: Mapping[str, str] = os.environ,
    pins: Pins | None = None,
    around: Surroundings | None = None,
) -> Runtime:
    """The runtime for a hub; nothing is started yet. `pins` and `around` are the user's unless others are given.

    Raises ConfigError; BoardError where the hub cannot be opened.
    """

    def warn(reason: str) -> None:
        runtime.warn(reason)

    surroundings = around or Surroundings(environ=environ)
    if surroundings.guard is not None:
        surroundings.guard.seal()
    runtime = Runtime(
        settings,
        open_store(hub, warn),
        open_engines(settings, environ, pins=pins),
        agents=agents,
        simulated=simulated,
        paused=paused,
        once=once,
        sampler=sampler,
        operator_name=operator_name(hub, environ),
        outside=outside_of(settings, hub.root, StateFolder(hub), surroundings),
    )
    return runtime


def operator_name(hub: Hub, environ: Mapping[str, str]) -> str:
    """Who the operator is on the board: BEADS_ACTOR, BD_ACTOR, git's user.name, else `operator`."""
    named = environ.get("BEADS_ACTOR", "").strip() or environ.get("BD_ACTOR", "").strip()
    return named or git(hub.root, ["config", "user.name"]).text.strip() or OPERATOR
