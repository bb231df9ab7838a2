"""`b4tui doctor`: check every part."""

from __future__ import annotations

import os
from dataclasses import asdict
from functools import partial

import click

from b4tui.cli.common import Place, guarded, json_option, place_options, print_json, say

MARKS = {"ok": "✓", "warn": "▲", "fail": "✗", "absent": "–"}


@click.command("doctor")
@place_options
@json_option
@guarded
def command(place: Place, as_json: bool) -> None:
    """Check engines, gate, guard, ledger, GPU, sandbox, git, hub and settings. Exit code 1 if something failed."""
    from b4tui.board.stores import open_store
    from b4tui.engines.attestation.pins import Pins, pins_file
    from b4tui.engines.opening import open_engines
    from b4tui.runtime.doctor.examine import examine
    from b4tui.runtime.outside.opening import Surroundings

    pins = Pins(pins_file(), learns=False)
    around = Surroundings(environ=os.environ, guard=place.guard)
    report = examine(place.settings_here, partial(open_engines, pins=pins), place.find_hub, open_store, pins, around)
    if as_json:
        print_json(
            {
                "checks": [asdict(check) for check in report.checks],
                "engines": [
                    asdict(engine) | {"models": [asdict(m) for m in engine.models]} for engine in report.engines
                ],
            }
        )
    else:
        width = max(len(check.name) for check in report.checks)
        for check in report.checks:
            say(f"{MARKS[check.status]} {check.name:<{width}} {check.detail}")
            if check.fix and check.status != "ok":
                say(f"  {'':<{width}} → {check.fix}")
    if report.failed:
        raise click.exceptions.Exit(1)
