"""The command line. Thin: each command reads its words, calls one function of the house, and prints what came back.

No command but the console loads Textual, and a command's own module is loaded only when it is asked for.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from b4tui import __version__
from b4tui.cli.common import Place, guarded, local_only_option, place_options
from b4tui.cli.streams import mend_streams, stream_failure
from b4tui.safe_text import visible

if TYPE_CHECKING:
    from b4tui.escalation.guard import EgressGuard

COMMANDS = {
    "approvals": ("b4tui.cli.approvals", "What waits to leave this machine: look at it, approve it, deny it."),
    "board": ("b4tui.cli.board", "Read and change the board, in bd's own shapes."),
    "demo": ("b4tui.cli.demo", "The console on a sample hub with simulated models."),
    "doctor": ("b4tui.cli.doctor", "Check every part of the installation; a fix for each failure."),
    "gate": ("b4tui.cli.gate", "Find what must stay on this machine, in files, diffs and streams."),
    "gpu": ("b4tui.cli.gpu", "Measure GPUs and host."),
    "grants": ("b4tui.cli.grants", "Standing approvals: list, make, revoke."),
    "init": ("b4tui.cli.init", "Make a hub: git repository, board, agents' workspaces, settings."),
    "ledger": ("b4tui.cli.ledger", "Read and verify the record of everything that happened."),
    "models": ("b4tui.cli.models", "List, fetch, check and pin the models of the engines."),
    "work": ("b4tui.cli.work", "Run the agents with no screen."),
}


class LazyGroup(click.Group):
    """A group whose commands' modules are imported when they are called, so that each starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, for --help and completion."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load the one that is asked for."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = importlib.import_module(module).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Without a command: the console on the hub found from here upwards. `b4tui demo` needs nothing at all.",
)
@place_options
@local_only_option
@click.option("--paused", is_flag=True, help="Open the console with every agent paused.")
@click.option("--agent", "agents", multiple=True, metavar="A", help="Only this agent works (repeat for more).")
@click.version_option(__version__, prog_name="b4tui")
@click.pass_context
@guarded
def main_group(ctx: click.Context, place: Place, paused: bool, agents: tuple[str, ...]) -> None:
    """A terminal console for a fleet of agents that work on local models, and the runtime they live in."""
    ctx.obj = place
    if ctx.invoked_subcommand is None:
        from b4tui.cli.console import open_console

        open_console(place, paused=paused, agents=agents)


def main(arguments: Sequence[str] | None = None, *, guard: EgressGuard | None = None) -> None:
    """The program; `guard` is the one that stands in this process, if one does.

    Exit codes: 0 done, 1 failed (or nobody reads our output any more), 2 wrong usage, 3 the gate said local_only, 4 no
    engine, 130 interrupted (design section 6).
    """
    mend_streams()
    try:
        place = Place(guard=guard)
        code = main_group.main(args=arguments, prog_name="b4tui", standalone_mode=False, obj=place)
    except click.exceptions.Exit as ended:
        code = ended.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = 130
    except OSError as error:
        if not (words := stream_failure(error)):
            raise
        click.echo(f"b4tui: {words}", err=True)
        code = 1
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    finally:
        _tell_of_stopped(guard)
    sys.exit(code if isinstance(code, int) else 0)


def _tell_of_stopped(guard: EgressGuard | None) -> None:
    """Say what the guard stopped and nobody recorded: most commands open no ledger."""
    for attempt in guard.attempts() if guard is not None else ():
        with contextlib.suppress(OSError, ValueError):  # nobody reads it any more
            click.echo(f"b4tui: the guard stopped {attempt.how} to {visible(attempt.where)}", err=True)
