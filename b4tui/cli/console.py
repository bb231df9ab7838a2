"""`b4tui`: the console on a hub."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import click

from b4tui.cli.common import Failed, Place

DUMB = frozenset({"dumb", "unknown"})


def no_screen(environ: Mapping[str, str]) -> str:
    """Why the console could not be seen here, in words; "" where it can. It is drawn on standard error."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "the console needs a terminal"
    if not sys.stderr.isatty():
        return "the console is drawn on standard error, which leads elsewhere: leave it to a terminal"
    term = environ.get("TERM", "")
    return f"the console needs a terminal that can be drawn on, and TERM is {term}" if term in DUMB else ""


def open_console(place: Place, *, paused: bool, agents: tuple[str, ...]) -> None:
    """Open the console and stay in it. Raises Failed without a terminal or a hub."""
    if missing := no_screen(os.environ):
        raise Failed(f"{missing}; `b4tui work` runs the agents without one")
    from b4tui.cli.work import known_agents
    from b4tui.runtime.opening import open_runtime
    from b4tui.runtime.outside.opening import Surroundings
    from b4tui.telemetry.sampler import sampler_for
    from b4tui.tui.app import Console

    hub = place.find_hub()
    settings = place.settings(hub=hub.root)
    runtime = open_runtime(
        settings,
        hub,
        agents=known_agents(settings, agents),
        paused=paused or settings.policy.start_paused,
        sampler=sampler_for(settings.telemetry),
        around=Surroundings(environ=os.environ, guard=place.guard),
    )
    console = Console(
        runtime,
        settings.tui,
        policy=settings.policy.escalation,
        retention={name: provider.retention for name, provider in settings.escalation.items()},
    )
    console.run()
    if console.return_code:
        raise click.exceptions.Exit(console.return_code)
