"""`b4tui gpu`: samples of GPUs and host."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import click

from b4tui.cli.common import Place, guarded, place_options, print_json, print_json_line, say
from b4tui.telemetry.sampler import Sampler
from b4tui.telemetry.types import GpuSample, MachineSample

GIB = 1 << 30


@click.command("gpu")
@place_options
@click.option("--watch", type=click.FloatRange(min=0.1), metavar="N", help="Measure every N seconds until interrupted.")
@click.option("--count", type=click.IntRange(min=1), metavar="C", help="With --watch: end after C samples.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, or one a line with --watch.")
@guarded
def command(place: Place, watch: float | None, count: int | None, as_json: bool) -> None:
    """Measure GPUs and host. What cannot be measured reads n/a (null in JSON)."""
    if count and not watch:
        raise click.UsageError("--count needs --watch")
    sampler = Sampler(gpu=place.settings().telemetry.gpu)
    sampler.sample()
    time.sleep(0.1)  # CPU use is a difference of two readings
    taken = 0
    while True:
        sample = sampler.sample()
        if as_json:
            (print_json_line if watch else print_json)(_document(sample))
        else:
            _print(sample)
        taken += 1
        if not watch or taken == count:
            return
        time.sleep(watch)


def _document(sample: MachineSample) -> dict[str, Any]:
    document = asdict(sample)
    document["at"] = sample.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    document["gpus"] = list(document["gpus"])
    return document


def _print(sample: MachineSample) -> None:
    for gpu in sample.gpus:
        say(_gpu_line(gpu))
    if not sample.gpus:
        say(f"GPU   n/a: {sample.gpu_reason}")
    host = sample.host
    cpu = "n/a" if host.cpu is None else f"{host.cpu:.0f} %"
    load = "n/a" if host.load is None else f"{host.load:.2f}"
    say(
        f"host  cpu {cpu} of {host.cores} cores, load {load}, "
        f"memory {host.memory_used / GIB:.1f} / {host.memory_total / GIB:.1f} GiB, swap {host.swap_used / GIB:.1f} GiB"
    )


def _gpu_line(gpu: GpuSample) -> str:
    def gib(value: int | None) -> str:
        return "n/a" if value is None else f"{value / GIB:.1f}"

    def unit(value: float | None, text: str) -> str:
        return "n/a" if value is None else f"{value:.0f} {text}"

    return (
        f"GPU {gpu.index} {gpu.name}  VRAM {gib(gpu.memory_used)} / {gib(gpu.memory_total)} GiB  "
        f"util {unit(gpu.utilisation, '%')}  {unit(gpu.temperature, '°C')}  "
        f"power {unit(gpu.power, 'W')} / {unit(gpu.power_limit, 'W')}"
    )
