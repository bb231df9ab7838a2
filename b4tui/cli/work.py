"""`b4tui work`: the runtime with no screen; its events as lines."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from b4tui.cli.common import Failed, NoEngine, Place, guarded, local_only_option, place_options, print_json_line, say

if TYPE_CHECKING:
    from b4tui.config import RoleConfig, Settings
    from b4tui.events import Event
    from b4tui.runtime.runtime import Runtime


@click.command("work")
@place_options
@local_only_option
@click.option("--agent", "agents", multiple=True, metavar="A", help="Only this agent works (repeat for more).")
@click.option("--until-idle", is_flag=True, help="End when nothing is left that these agents can do.")
@click.option("--once", is_flag=True, help="Each agent does at most one bead, then the command ends.")
@click.option("--json", "as_json", is_flag=True, help="Print each event as one JSON object a line.")
@guarded
def command(place: Place, agents: tuple[str, ...], until_idle: bool, once: bool, as_json: bool) -> None:
    """Run the agents with no screen until interrupted (or see --until-idle, --once)."""
    from b4tui.runtime.assembly import chosen_profiles
    from b4tui.runtime.opening import open_runtime
    from b4tui.runtime.outside.opening import Surroundings
    from b4tui.runtime.state import StateError, StateFolder

    hub = place.find_hub()
    settings = place.settings(hub=hub.root)
    chosen = known_agents(settings, agents)

    async def session() -> None:
        if until_idle or once:
            crew = chosen_profiles(settings, hub, chosen)
            await _require_engine(settings, [profile.role for profile in crew])
        around = Surroundings(environ=os.environ, guard=place.guard)
        runtime = open_runtime(settings, hub, agents=chosen, once=once, around=around)
        if runtime.snapshot.read_only:
            raise Failed(f"agents cannot work on this hub: {runtime.snapshot.read_only}")
        try:
            StateFolder(hub).prepare()
        except StateError as error:
            raise Failed(str(error)) from error
        await run_headless(runtime, as_json=as_json, until_idle=until_idle or once)

    asyncio.run(session())


def known_agents(settings: Settings, names: tuple[str, ...]) -> tuple[str, ...] | None:
    """The keys of the agents named by key or name; None for all. Raises UsageError for an unknown one."""
    by_name = {key: key for key in settings.agents} | {
        agent.name.lower(): key for key, agent in settings.agents.items()
    }
    unknown = [name for name in names if name.lower() not in by_name]
    if unknown:
        raise click.UsageError(f"no agent {', '.join(unknown)}; there are {', '.join(sorted(settings.agents))}")
    return tuple(dict.fromkeys(by_name[name.lower()] for name in names)) or None


async def _require_engine(settings: Settings, roles: Iterable[RoleConfig]) -> None:
    """One of the roles must have an engine that may be used, or waiting would have no end. Raises NoEngine."""
    from b4tui.engines.dispatch.placement import Placement, Placer
    from b4tui.engines.opening import open_engines

    engines = open_engines(settings)
    placer = Placer(settings, engines, unusable=lambda name: "", clock=time.monotonic)
    reasons = []
    try:
        for role in {role.model_dump_json(): role for role in roles}.values():
            place = await placer.place(role)
            if isinstance(place, Placement):
                return
            reasons.append(place.failure.message)
    finally:
        for engine in engines.values():
            await engine.aclose()
    raise NoEngine("; ".join(dict.fromkeys(reasons)) or "no agent is enabled")


async def run_headless(runtime: Runtime, *, as_json: bool, until_idle: bool) -> None:
    """Start the runtime, print its events, and stop it in good order when it is idle or the operator interrupts.

    Raises KeyboardInterrupt after a clean stop that a signal asked for.
    """
    from b4tui.events import as_json as json_of

    lines = Lines()

    def show(event: Event) -> None:
        if as_json:
            print_json_line(json_of(event))
        elif line := lines.of(event):
            say(line)

    unsubscribe = runtime.subscribe(show)
    asked_to_stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
            loop.add_signal_handler(number, asked_to_stop.set)
    waits: list[asyncio.Task[object]] = [asyncio.create_task(asked_to_stop.wait())]
    try:
        await runtime.start()
        if until_idle:
            waits.append(asyncio.create_task(runtime.until_idle()))
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in waits:
            task.cancel()
        await runtime.stop("interrupted" if asked_to_stop.is_set() else "nothing is left to do")
        unsubscribe()
    if asked_to_stop.is_set():
        raise KeyboardInterrupt


class Lines:
    """Events as lines for a person; why agents wait is told once, not by each of them and at every look."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def of(self, event: Event) -> str:
        """The line of an event, "" where it is not worth one."""
        from b4tui import events as e

        if isinstance(event, e.EngineChanged):
            self._told = {event.reason}
        elif isinstance(event, e.AgentChanged):
            if event.state is not e.AgentState.BACKOFF or event.reason in self._told:
                return ""
            self._told.add(event.reason)
        return in_words(event)


def in_words(event: Event) -> str:
    """One line for a person, or nothing for events that are too many to print."""
    from b4tui import events as e
    from b4tui import outward_events as o

    at = f"{event.at.astimezone():%H:%M:%S}"
    match event:
        case e.RuntimeStarted():
            models = "simulated models" if event.simulated else "local models"
            return f"{at}  {', '.join(event.agents)} at work on {event.hub} with {models}"
        case e.BeadClaimed():
            return f"{at}  {event.agent:<11} claimed {event.bead}"
        case e.ToolFinished():
            failed = "" if event.ok else ", failed"
            return f"{at}  {event.agent:<11} {event.bead}: {event.summary} ({event.seconds:.1f} s{failed})"
        case e.BeadClosed():
            return f"{at}  {event.agent:<11} closed {event.bead}: {_first_line(event.reason)}"
        case e.BeadReopened():
            return f"{at}  {event.agent:<11} gave back {event.bead}: {_first_line(event.reason)}"
        case e.BeadCreated():
            return f"{at}  {event.agent:<11} made {event.bead}: {_first_line(event.title)}"
        case e.AgentChanged(reason=reason) if reason:
            return f"{at}  {event.agent:<11} waits: {reason}"
        case e.EngineChanged():
            why = f": {event.reason}" if event.reason else ""
            return f"{at}  engine {event.engine} at {event.address} is {event.status}{why}"
        case o.ApprovalAsked():
            where = f"{event.size:,} bytes to {event.host} ({event.model})"
            return f"{at}  {event.agent:<11} {event.bead}: asks to send {where}; b4tui approvals show {event.approval}"
        case o.ApprovalChanged(actor=actor):
            by = f" by {actor}" if actor else ""
            return f"{at}  {event.agent:<11} {event.bead}: approval {event.approval} {event.state}{by}"
        case o.EscalationRefused():
            return f"{at}  {event.agent:<11} {event.bead}: stays local: {_first_line(event.reason)}"
        case o.PayloadSent():
            return f"{at}  {event.agent:<11} {event.bead}: sent {event.bytes_out:,} bytes to {event.host}"
        case o.EgressRefused():
            return f"{at}  the guard stopped {event.how} to {event.where}"
        case e.BoardFailed() | e.Warned():
            return f"{at}  {event.reason}"
        case e.RuntimeStopped():
            return f"{at}  stopped: {event.reason}"
        case _:
            return ""


def _first_line(text: str) -> str:
    return text.strip().split("\n", 1)[0]
