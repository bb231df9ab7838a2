"""`b4tui doctor`: check every part."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from shutil import get_terminal_size
from textwrap import wrap

import click

from b4tui.cli.common import Place, guarded, json_option, place_options, print_json, say

MARKS = {"ok": "✓", "warn": "▲", "fail": "✗", "absent": "–"}


def in_lines(head: str, text: str, room: int | None) -> Iterator[str]:
    """A text after its head; on a terminal of `room` columns wrapped between words and set in, else as it is."""
    if room is None or room - len(head) < 20:
        yield head + text
        return
    margin = " " * len(head)
    rows = wrap(text, room - len(head), break_long_words=False, break_on_hyphens=False) or [""]
    yield from (f"{head if number == 0 else margin}{row}".rstrip() for number, row in enumerate(rows))


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
        room = get_terminal_size().columns if sys.stdout.isatty() else None
        for check in report.checks:
            for told in in_lines(f"{MARKS[check.status]} {check.name:<{width}} ", check.detail, room):
                say(told)
            if check.fix and check.status != "ok":
                for told in in_lines(f"  {'':<{width}} → ", check.fix, room):
                    say(told)
    if report.failed:
        raise click.exceptions.Exit(1)
