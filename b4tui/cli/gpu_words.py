"""A sample of the machine as lines for a person. Pure; names and paths in it are foreign and not sanitised here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from b4tui.telemetry.types import GpuProcess, GpuSample, HostSample, MachineSample, ModelProcess

GIB = 1 << 30
_NA = "n/a"


def sample_lines(sample: MachineSample) -> Iterator[str]:
    """Every GPU with its processes, the host, and the processes that keep models in memory."""
    started = {process.pid: process for process in sample.processes}
    for gpu in sample.gpus:
        yield from _gpu(gpu, started)
    if sample.gpu_reason:
        yield f"GPU  {_NA}: {sample.gpu_reason}"
    yield from _host(sample.host)
    if sample.processes:
        yield "model servers"
        yield from map(_model_process, sample.processes)


def _gpu(gpu: GpuSample, started: Mapping[int, ModelProcess]) -> Iterator[str]:
    yield f"GPU {gpu.index}  {gpu.name}"
    yield _row("memory", f"{_gib(gpu.memory_used)} / {_gib(gpu.memory_total)}, {_gib(gpu.memory_free)} free")
    yield _row("load", f"{_unit(gpu.utilisation, '%')}, memory {_unit(gpu.memory_utilisation, '%')}")
    yield _row("heat", f"{_unit(gpu.temperature, '°C')}, power {_unit(gpu.power, 'W')} / {_unit(gpu.power_limit, 'W')}")
    clocks = f"{_unit(gpu.clock, 'MHz')}, memory {_unit(gpu.memory_clock, 'MHz')}"
    yield _row("clocks", f"{clocks}, held back by: {_throttle(gpu.throttle)}")
    yield _row("PCIe", f"{_link(gpu)}, received {_rate(gpu.pcie_received)}, sent {_rate(gpu.pcie_sent)}")
    errors = _NA if gpu.ecc_errors is None else f"{gpu.ecc_errors} uncorrected errors"
    mig = {None: _NA, True: "on", False: "off"}[gpu.mig]
    yield _row("ECC", f"{errors}, MIG {mig}")
    if gpu.processes is None:
        yield _row("processes", _NA)
    for place, process in enumerate(gpu.processes or ()):
        yield _row("" if place else "processes", _gpu_process(process, started.get(process.pid)))


def _gpu_process(process: GpuProcess, model: ModelProcess | None) -> str:
    name = model.program if model else process.name or "(no name)"
    return f"{process.pid:>8}  {_gib(process.memory):>10}  {name}  {_started_on(model) if model else ''}".rstrip()


def _host(host: HostSample) -> Iterator[str]:
    yield f"host  {host.cores} cores"
    load = _NA if host.load is None else f"{host.load:.2f}"
    yield _row("cpu", f"{_unit(host.cpu, '%')}, load {load}")
    if host.cores_busy:
        yield _row("each core", " ".join(f"{busy:.0f}" for busy in host.cores_busy) + " %")
    swap = f"swap {_gib(host.swap_used)} / {_gib(host.swap_total)}"
    yield _row("memory", f"{_gib(host.memory_used)} / {_gib(host.memory_total)}, {swap}")
    disk = host.disk
    yield _row("models in", f"{disk.path}: {_gib(disk.free)} free of {_gib(disk.total)}" if disk else _NA)


def _model_process(process: ModelProcess) -> str:
    mapped = "" if process.mapped is None else f", {_gib(process.mapped)} of it pages of files"
    line = f"{process.pid:>8}  {_gib(process.memory):>10} of RAM{mapped}  {process.program}  {_started_on(process)}"
    return line.rstrip()


def _started_on(process: ModelProcess) -> str:
    orphan = f"  ORPHAN: the server that started it is gone; kill {process.pid} frees its memory" * process.orphan
    return f"{process.weights}{orphan}"


def _row(name: str, text: str) -> str:
    return f"  {name:<11}{text}"


def _gib(value: int | None) -> str:
    return _NA if value is None else f"{value / GIB:.1f} GiB"


def _unit(value: float | None, unit: str) -> str:
    return _NA if value is None else f"{value:.0f} {unit}"


def _rate(value: int | None) -> str:
    return _NA if value is None else f"{value / 1e6:.1f} MB/s"


def _link(gpu: GpuSample) -> str:
    generation = _NA if gpu.pcie_generation is None else str(gpu.pcie_generation)
    width = _NA if gpu.pcie_width is None else str(gpu.pcie_width)
    return f"generation {generation}, width {width}"


def _throttle(reasons: tuple[str, ...] | None) -> str:
    return _NA if reasons is None else ", ".join(reasons) or "nothing"
