"""`b4tui demo`: the console on a sample hub and simulated models."""

from __future__ import annotations

import asyncio
import math
import os
from typing import Any

import click

from b4tui.cli.common import Place, guarded, local_only_option, place_options, say
from b4tui.cli.console import no_screen

UNATTENDED_S = 0.5


@click.command("demo")
@place_options
@local_only_option
@click.option("--headless", is_flag=True, help="No console: print what happens, end when all is done.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="X",
    help="How fast the models answer: 1 is a good GPU, 20 is twenty times that.",
)
@click.option("--json", "as_json", is_flag=True, help="No console: print each event as one JSON object a line.")
@guarded
def command(place: Place, headless: bool, speed: float, as_json: bool) -> None:
    """See agents at work on a sample hub, with models that are simulated. Needs no GPU, no model, no network.

    Everything lies in a temporary folder that is gone afterwards; your own hubs and settings are not touched.
    """
    if math.isnan(speed):
        raise click.UsageError("a speed is a number above 0")
    if not headless and not as_json and (missing := no_screen(os.environ)):
        click.echo(f"b4tui: {missing}, so the demo runs headless", err=True)
        headless = True
    asyncio.run(_headless(place, speed, as_json) if headless or as_json else _console(place, speed))


async def _headless(place: Place, speed: float, as_json: bool) -> None:
    from b4tui.board.discover import open_hub
    from b4tui.cli.work import run_headless
    from b4tui.demo.run import demo_world
    from b4tui.runtime.opening import open_runtime

    # Nobody is there to decide: a question is put, waits a moment, expires, and the agent goes on with what it has.
    said = policy_of(place, deadline_s=UNATTENDED_S, redact_wait_s=UNATTENDED_S)
    async with demo_world(speed=speed, overrides=said, cloud=not place.local_only, guard=place.guard) as world:
        hub = open_hub(world.hub)
        runtime = open_runtime(world.settings, hub, simulated=True, pins=world.pins, around=world.around)
        await run_headless(runtime, as_json=as_json, until_idle=True)
        columns = runtime.snapshot.columns
        if not as_json:
            say(f"{len(columns.closed)} beads closed; {len(columns.ready) + len(columns.blocked)} wait for a person.")


def policy_of(place: Place, **escalation: float) -> dict[str, Any]:
    """Settings of the demo: it says of itself that nothing can leave where that was asked for."""
    return {"policy": {"escalation": escalation | ({"local_only": True} if place.local_only else {})}}


async def _console(place: Place, speed: float) -> None:
    from b4tui.board.discover import open_hub
    from b4tui.demo.run import demo_world
    from b4tui.runtime.opening import open_runtime
    from b4tui.telemetry.sampler import sampler_for
    from b4tui.tui.app import Console

    cloud = not place.local_only
    async with demo_world(speed=speed, overrides=policy_of(place), cloud=cloud, guard=place.guard) as world:
        runtime = open_runtime(
            world.settings,
            open_hub(world.hub),
            simulated=True,
            pins=world.pins,
            around=world.around,
            sampler=sampler_for(world.settings.telemetry),
        )
        console = Console(
            runtime,
            world.settings.tui,
            policy=world.settings.policy.escalation,
            retention={name: provider.retention for name, provider in world.settings.escalation.items()},
        )
        await console.run_async()
    if console.return_code:
        raise click.exceptions.Exit(console.return_code)
