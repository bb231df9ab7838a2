"""The gate as the commands use it: opened by the settings, with or without what this machine knows."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

import click

from b4tui.cli.common import F, Place
from b4tui.safe_text import visible

if TYPE_CHECKING:
    from b4tui.config import Settings
    from b4tui.gate.gate import ClosedGate, Gate
    from b4tui.gate.known.known import Known


def known_option(function: F) -> F:
    """Give a command `--known/--no-known`, as `known`; None where neither was said."""
    option = click.option(
        "--known/--no-known",
        default=None,
        help="Look for this machine's own secrets, hosts and people, or leave that out.",
    )
    return option(function)


def opened_gate(place: Place, settings: Settings, *, known: bool) -> Gate | ClosedGate:
    """The gate. One whose rules cannot be read is closed: everything stays here, and it says why."""
    from b4tui.gate.opening import closed_gate, open_gate
    from b4tui.gate.types import GateError

    try:
        return open_gate(settings, _known(place, settings) if known else None)
    except GateError as error:
        return closed_gate(f"the gate cannot be used: {error}")


def _known(place: Place, settings: Settings) -> Known:
    """What this machine knows, with what could not be read said on standard error."""
    from b4tui.gate.known.gathering import gather_known

    found = gather_known(settings.gate, _hub(place), os.environ, Path.home(), secrets.token_bytes(32))
    for warning in found.warnings:
        click.echo(f"b4tui: {visible(warning)}", err=True)
    return found


def _hub(place: Place) -> Path | None:
    """The hub we are in; its remotes, authors and environment files count as known."""
    from b4tui.board.store import BoardError

    try:
        return place.find_hub().root
    except BoardError:
        return None
