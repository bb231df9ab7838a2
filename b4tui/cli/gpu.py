"""`b4tui gpu`: samples of GPUs, host and model servers, the same that the console shows."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from b4tui.cli.common import Place, guarded, place_options, print_json, print_json_line, say

if TYPE_CHECKING:
    from b4tui.telemetry.types import MachineSample

_PRIMED_S = 0.1  # CPU use is a difference of two readings


@click.command("gpu")
@place_options
@click.option("--watch", type=click.FloatRange(min=0.1), metavar="N", help="Measure every N seconds until interrupted.")
@click.option("--count", type=click.IntRange(min=1), metavar="C", help="With --watch: end after C samples.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, or one a line with --watch.")
@guarded
def command(place: Place, watch: float | None, count: int | None, as_json: bool) -> None:
    """Measure GPUs, host and model servers. What cannot be measured reads n/a (null in JSON)."""
    if count and not watch:
        raise click.UsageError("--count needs --watch")
    from b4tui.telemetry.sampler import sampler_for

    sampler = sampler_for(place.settings().telemetry)
    sampler.sample()
    time.sleep(_PRIMED_S)
    taken = 0
    while True:
        sample = sampler.sample()
        if as_json:
            (print_json_line if watch else print_json)(_document(sample))
        else:
            _print(sample, timed=bool(watch))
        taken += 1
        if not watch or taken == count:
            return
        time.sleep(watch)


def _document(sample: MachineSample) -> dict[str, Any]:
    return asdict(sample) | {"at": _rfc3339(sample)}


def _print(sample: MachineSample, *, timed: bool) -> None:
    from b4tui.cli.gpu_words import sample_lines

    lines = [*([_rfc3339(sample)] if timed else []), *sample_lines(sample), *([""] if timed else [])]
    say("\n".join(lines))


def _rfc3339(sample: MachineSample) -> str:
    return sample.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
