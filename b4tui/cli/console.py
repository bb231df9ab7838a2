"""`b4tui`: the console on a hub."""

from __future__ import annotations

import os
import sys

import click

from b4tui.cli.common import Failed, Place


def open_console(place: Place, *, paused: bool, agents: tuple[str, ...]) -> None:
    """Open the console and stay in it. Raises Failed without a terminal or a hub."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Failed("the console needs a terminal; `b4tui work` runs the agents without one")
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
