"""`b4tui gate`: what must stay on this machine, found in files, diffs and streams."""

from __future__ import annotations

import click

from b4tui.cli.gate.check import check
from b4tui.cli.gate.redact import redact
from b4tui.cli.gate.rules import rules


@click.group("gate")
def command() -> None:
    """Find what must stay on this machine: secrets, personal data, your own hosts. Nothing here uses a network."""


command.add_command(check)
command.add_command(redact)
command.add_command(rules)
