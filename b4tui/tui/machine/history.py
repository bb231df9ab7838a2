"""Ten minutes of the machine as graphs: each GPU's memory, load, power and temperature, the host's CPU and memory.

All graphs stand under each other on one time axis; beside each are its least, newest and largest figure. The top of a
graph is fixed where there is a natural one, and stands beside the figures in any case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from b4tui.runtime.snapshot import Snapshot
from b4tui.telemetry.types import GpuSample, HostSample, MachineSample
from b4tui.tui import words
from b4tui.tui.machine import facts
from b4tui.tui.machine.graphs import Extent, Point, blocks, bound, columns, extent
from b4tui.tui.paint import GAP, Ink, Line, Span, line

LABEL = 6
FIGURE = 6
FIGURES = 4 * FIGURE + 6 + GAP
"""Cells of the four figures and their unit, with what is left free before them."""
TALLEST = 4
"""Most rows of cells of one graph."""
GPU_GRAPHS, HOST_GRAPHS = 4, 2
DEGREES = 10.0
"""The temperature's scale grows in steps of so many degrees."""

Reading = Callable[[MachineSample], float | None]


@dataclass(frozen=True, slots=True)
class Metric:
    """One graph: `read` takes its figure from a sample, `top` is its natural bound, `shown` writes a figure."""

    label: str
    read: Reading
    unit: str
    top: float | None
    shown: Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Times:
    """The samples of the history, and the instant it is looked at."""

    samples: tuple[MachineSample, ...]
    now: datetime

    @classmethod
    def of(cls, snapshot: Snapshot, now: datetime) -> Times:
        """The history with the newest sample at its end."""
        kept, newest = snapshot.history, snapshot.machine
        if newest is not None and (not kept or kept[-1] is not newest):
            kept = (*kept, newest)
        return cls(kept, now)


def history_lines(snapshot: Snapshot, now: datetime, width: int, height: int) -> tuple[Line, ...]:
    """The section for a pane of `width` cells, its graphs as tall as `height` rows allow, at least one row each."""
    if snapshot.machine is None:
        return (Line(), line(Span("  Not measured yet.", Ink.SOFT)))
    times = Times.of(snapshot, now)
    known = {gpu.index: gpu for sample in times.samples for gpu in sample.gpus}
    low = tuple(_all(snapshot.machine, times, known, width, 1))
    graphs = GPU_GRAPHS * len(known) + HOST_GRAPHS
    rows = min(TALLEST, 1 + max(0, height - len(low)) // graphs)
    return low if rows == 1 else tuple(_all(snapshot.machine, times, known, width, rows))


def _all(machine: MachineSample, times: Times, known: Mapping[int, GpuSample], width: int, rows: int) -> Iterator[Line]:
    """`known` are the GPUs that the history tells of; those that are gone keep their graphs."""
    stale = words.stale(machine.at, times.now)
    present = {gpu.index: gpu for gpu in machine.gpus}
    if not known:
        yield line(
            Span(f"{'gpu':<{LABEL}}", Ink.FAINT), Span(f" n/a  {machine.gpu_reason or 'no NVIDIA GPU'}", Ink.SOFT)
        )
        yield Line()
    for index in sorted(known):
        yield _heading(f"gpu {index}", known[index].name, stale if index in present else "", width)
        if index not in present:
            yield line(_label(""), Span(f"✗ cannot be read any more: {machine.gpu_reason or 'it is gone'}", Ink.BAD))
        for metric in _gpu_metrics(index, known[index]):
            yield from _graph(metric, machine, times, width, rows)
        if index in present:
            yield from facts.gpu_facts(present[index], width, _label(""))
        yield Line()
    yield _heading("host", _host_name(machine.host), stale, width)
    for metric in _host_metrics(machine.host):
        yield from _graph(metric, machine, times, width, rows)
    yield from facts.host_facts(machine.host, width, _label(""))


def _host_name(host: HostSample) -> str:
    load = "" if host.load is None else f", load {host.load:.1f}"
    return f"{words.plural(host.cores, 'core')}{load}"


def _gpu_metrics(index: int, gpu: GpuSample) -> tuple[Metric, ...]:
    def of(read: Callable[[GpuSample], float | None]) -> Reading:
        return lambda sample: next((read(one) for one in sample.gpus if one.index == index), None)

    return (
        Metric("vram", of(lambda one: one.memory_used), "GB", gpu.memory_total, _gigabytes),
        Metric("util", of(lambda one: one.utilisation), "%", 100, _whole),
        Metric("power", of(lambda one: one.power), "W", gpu.power_limit, _whole),
        Metric("temp", of(lambda one: one.temperature), "°C", None, _whole),
    )


def _host_metrics(host: HostSample) -> tuple[Metric, ...]:
    return (
        Metric("cpu", lambda sample: sample.host.cpu, "%", 100, _whole),
        Metric("ram", lambda sample: sample.host.memory_used, "GB", host.memory_total, _gigabytes),
    )


def _gigabytes(value: float) -> str:
    return f"{value / words.GB:.1f}"


def _whole(value: float) -> str:
    return str(round(value))


def _graph(metric: Metric, machine: MachineSample, times: Times, width: int, rows: int) -> Iterator[Line]:
    """The figures stand on the last row, where the graph's base is."""
    points = tuple(Point(sample.at.timestamp(), metric.read(sample)) for sample in times.samples)
    top = metric.top or bound(points, times.now.replace(microsecond=0).timestamp(), _step(metric))
    cells = max(1, width - LABEL - FIGURES)
    drawn = blocks(columns(points, times.now.timestamp(), cells), top, rows)
    figures = tuple(_figures(metric, extent(points, metric.read(machine)), top))
    for number, row in enumerate(drawn, start=1):
        last = number == len(drawn)
        yield line(_label(metric.label if last else ""), Span(row, Ink.ACCENT), right=figures if last else ())


def _step(metric: Metric) -> float:
    return {"°C": DEGREES, "GB": float(words.GB), "W": 50.0}.get(metric.unit, 10.0)


def _figures(metric: Metric, seen: Extent, top: float) -> Iterator[Span]:
    def cell(value: float | None, ink: Ink) -> Span:
        return Span(f"{'n/a' if value is None else metric.shown(value):>{FIGURE}}", ink)

    yield cell(seen.least, Ink.FAINT)
    yield cell(seen.now, Ink.STRONG)
    yield cell(seen.most, Ink.FAINT)
    yield Span(f" /{metric.shown(top):>{FIGURE}}", Ink.FAINT)
    yield Span(f" {metric.unit:<3}", Ink.FAINT)


def _heading(key: str, name: str, stale: str, width: int) -> Line:
    titles = "".join(f"{title:>{FIGURE}}" for title in ("min", "now", "max"))
    right = (Span(f"{stale}  " if stale else "", Ink.ATTENTION), Span(f"{titles}{'of':>{FIGURE + 2}}    ", Ink.FAINT))
    return line(Span(f"{key:<{LABEL}}", Ink.FAINT), Span(words.gpu_name(name), Ink.STRONG), right=right)


def _label(text: str) -> Span:
    return Span(f"{text:<{LABEL}}", Ink.FAINT)
