"""The machine: engine, GPUs, tokens per second, host. Every figure with its unit, its age when stale, or `n/a`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import zip_longest

from b4tui.engines.interface import LoadedModel
from b4tui.events import AgentState, EngineStatus
from b4tui.runtime.snapshot import AgentView, EngineView, Snapshot
from b4tui.telemetry.types import GpuSample, HostSample
from b4tui.tui import words
from b4tui.tui.badges import engine_badge, model_badge
from b4tui.tui.cards import speed
from b4tui.tui.paint import GAP, Ink, Line, Span, bar, line, sparkline, width_of
from b4tui.tui.widgets.inked import Panel

LABEL = 8
BAR = 22


class MachinePanel(Panel):
    """The panel of the dashboard; one line where the terminal is small."""

    def show(self, snapshot: Snapshot, now: datetime, short: bool) -> None:
        """Measure nothing, show what was measured."""
        self.show_lines((short_line(snapshot, now),) if short else panel_lines(snapshot, now, self.size.width))


def panel_lines(snapshot: Snapshot, now: datetime, width: int) -> tuple[Line, ...]:
    """The panel's lines for a panel of `width` cells."""
    gauge = max(6, min(BAR, width - 44))
    lines: list[Line] = []
    for engine in snapshot.engines:
        lines.append(_engine(snapshot, engine, width))
    if not snapshot.engines:
        lines.append(line(_label("engine"), Span("none configured: b4tui doctor", Ink.SOFT)))
    sample = snapshot.machine
    stale = _stale(snapshot, now)
    if sample is None:
        lines.append(line(_label("gpu"), Span("not measured yet", Ink.SOFT)))
    elif not sample.gpus:
        lines.append(line(_label("gpu"), Span(f"n/a  {sample.gpu_reason or 'no NVIDIA GPU'}", Ink.SOFT)))
    elif len(sample.gpus) == 1:
        lines += _one_gpu(sample.gpus[0], gauge)
    else:
        lines += [_gpu_row(gpu, max(4, gauge // 2)) for gpu in sample.gpus]
    lines += [_model(snapshot, engine, model, width) for engine in snapshot.engines for model in engine.loaded[:2]]
    lines.append(_tokens(snapshot, gauge))
    lines.append(_host(sample.host, stale) if sample else line(_label("host"), Span("not measured yet", Ink.SOFT)))
    return tuple(lines)


def short_line(snapshot: Snapshot, now: datetime) -> Line:
    """GPU and tokens in one line, for a small terminal."""
    sample = snapshot.machine
    spans = [Span(" ")]
    if sample is None:
        spans.append(Span("gpu n/a: not measured yet", Ink.SOFT))
    elif not sample.gpus:
        spans.append(Span(f"gpu n/a: {sample.gpu_reason or 'no NVIDIA GPU'}", Ink.SOFT))
    else:
        gpu = sample.gpus[0]
        more = f" +{len(sample.gpus) - 1} GPU" if len(sample.gpus) > 1 else ""
        figures = f"{words.figure(gpu.utilisation, '%')}  {words.figure(gpu.temperature, '°C')}{more}"
        spans.append(Span(f"{words.share(gpu.memory_used, gpu.memory_total)} {figures}", Ink.SOFT))
    right = [Span(words.rate(total_rate(snapshot)), Ink.INK)]
    if sample:
        right.append(Span(f"  cpu{words.figure(sample.host.cpu, '%', 4)}", Ink.SOFT))
    return Line(tuple(spans), (*right, Span(_stale(snapshot, now), Ink.ATTENTION), Span(" ")))


def total_rate(snapshot: Snapshot) -> float:
    """Tokens per second of all agents together that hear a model now, by the speed each was last measured with.

    Who runs a tool hears none, and the slot may be somebody else's: only requests that are answered count.
    """
    heard = {request.agent for engine in snapshot.engines for request in engine.queue.running}
    return sum(speed(snapshot, view.bead) or 0.0 for view in at_work(snapshot) if view.key in heard)


def at_work(snapshot: Snapshot) -> Iterator[AgentView]:
    """The agents that may hear a model now; one that waits for its turn does not."""
    return (view for view in snapshot.agents if view.state is AgentState.WORKING)


def history(snapshot: Snapshot) -> tuple[float, ...]:
    """Tokens per second of all running runs together, one figure a second, oldest first."""
    rows = [tuple(reversed(run.rates)) for run in snapshot.runs.values() if run.ended_at is None]
    return tuple(reversed([sum(column) for column in zip_longest(*rows, fillvalue=0.0)]))


def _stale(snapshot: Snapshot, now: datetime) -> str:
    stale = words.stale(snapshot.machine.at, now) if snapshot.machine else ""
    return f"  {stale}" if stale else ""


def _label(name: str) -> Span:
    return Span(f"{' ' + name:<{LABEL}}", Ink.FAINT)


def _engine(snapshot: Snapshot, engine: EngineView, width: int) -> Line:
    """State, whether it is simulated, locality; the address where there is room, or is no reason that names it."""
    sign, ink = {
        EngineStatus.UP: ("● up", Ink.ACCENT),
        EngineStatus.DOWN: ("✗ down", Ink.BAD),
        EngineStatus.UNKNOWN: ("○ asking", Ink.FAINT),
    }[engine.status]
    left = [_label("engine"), Span(f"{engine.name} {engine.version}".strip(), Ink.INK), Span(f"  {sign}", ink)]
    if engine.status is EngineStatus.DOWN:
        return line(*left, Span(f"  {engine.reason or f'{engine.address} does not answer'}", Ink.BAD))
    if engine.simulated:
        left += [Span("  "), Span(" SIMULATED ", Ink.INVERSE)]
    left += [Span("  "), engine_badge(snapshot, engine)]
    right = (Span(engine.address.removeprefix("http://"), Ink.FAINT),)
    return line(*left, right=right if width_of(left) + GAP + width_of(right) <= width else ())


def _one_gpu(gpu: GpuSample, gauge: int) -> Iterator[Line]:
    yield line(
        _label("vram"),
        *_gauge(gpu.memory_used, gpu.memory_total, gauge),
        Span(f"  {words.share(gpu.memory_used, gpu.memory_total)}", Ink.INK),
        right=(Span(words.gpu_name(gpu.name), Ink.SOFT),),
    )
    yield line(
        _label("util"),
        *_gauge(gpu.utilisation, 100, gauge),
        Span(f"  {words.figure(gpu.utilisation, '%')}", Ink.INK),
        Span(f"   {words.figure(gpu.temperature, '°C')}", Ink.INK),
        Span(f"   {_power(gpu)}", Ink.INK),
    )


def _gpu_row(gpu: GpuSample, gauge: int) -> Line:
    return line(
        _label(f"gpu {gpu.index}"),
        *_gauge(gpu.memory_used, gpu.memory_total, gauge),
        Span(f" {words.share(gpu.memory_used, gpu.memory_total):>14}", Ink.INK),
        Span(f" {words.figure(gpu.utilisation, '%')} {words.figure(gpu.temperature, '°C')} {_power(gpu)}", Ink.SOFT),
        right=(Span(words.gpu_name(gpu.name), Ink.SOFT),),
    )


def _power(gpu: GpuSample) -> str:
    if gpu.power is None:
        return "n/a W"
    return f"{gpu.power:.0f} / {gpu.power_limit:.0f} W" if gpu.power_limit else f"{gpu.power:.0f} W"


def _gauge(used: int | None, total: int | None, width: int) -> tuple[Span, ...]:
    filled, rest = bar(used / total if used is not None and total else 0.0, width)
    return Span(filled, Ink.ACCENT), Span(rest, Ink.FAINT)


def _model(snapshot: Snapshot, engine: EngineView, model: LoadedModel, width: int) -> Line:
    """Name, size, split, context and badge; the badge's sign alone where its word would hide what is before it."""
    context = f"   context {words.count(model.context)}" if model.context else ""
    size = Span(f"  {words.gigabytes(model.size or None)}{_where(model)}{context}", Ink.SOFT)
    left = (_label("model"), Span(model.name, Ink.INK), size)
    seal = model_badge(snapshot, engine, model.name)
    if seal is None:
        return line(*left)
    fits = width_of(left) + GAP + width_of((seal,)) <= width
    return line(*left, right=(seal if fits else Span(seal.text[:1], seal.ink),))


def _where(model: LoadedModel) -> str:
    """Which part of what the model takes lies in the GPU's memory: what the server says, not what NVML measures."""
    if not model.size or model.vram is None:
        return ""
    share = min(100, model.vram * 100 // model.size)
    return {0: ", all in RAM", 100: ", all in VRAM"}.get(share, f", {share} % in VRAM")


def _tokens(snapshot: Snapshot, gauge: int) -> Line:
    past = Span(sparkline(history(snapshot), gauge), Ink.ACCENT)
    return line(_label("tok/s"), past, Span(f"  {words.rate(total_rate(snapshot))}", Ink.INK))


def _host(host: HostSample, stale: str) -> Line:
    swap = f"  swap {words.gigabytes(host.swap_used)}" if host.swap_used else "  swap 0"
    return line(
        _label("host"),
        Span(f"cpu {words.figure(host.cpu, '%')}", Ink.INK),
        Span(f" of {words.plural(host.cores, 'core')}  ", Ink.FAINT),
        Span(f"ram {words.share(host.memory_used, host.memory_total)}", Ink.INK),
        Span(swap, Ink.SOFT),
        right=(Span(stale, Ink.ATTENTION),),
    )
