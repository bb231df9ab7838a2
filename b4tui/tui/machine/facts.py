"""What the machine says of itself besides its graphs: clocks, bus, faults, cores, swap, disk; or `n/a`. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from b4tui.telemetry.types import DiskSample, GpuSample, HostSample
from b4tui.tui import words
from b4tui.tui.paint import Ink, Line, Span, flowing, line

MOST_CORES = 256
"""Cores that get a bar of their own."""


def gpu_facts(gpu: GpuSample, width: int, margin: Span) -> Iterator[Line]:
    """One line where there is room, more where there is not: why clocks are held back, clocks, PCIe, ECC, MIG."""
    pieces = (_throttle(gpu), _clocks(gpu), _pcie(gpu), _memory_load(gpu), _ecc(gpu), _mig(gpu))
    return flowing(pieces, width, (margin,))


def _throttle(gpu: GpuSample) -> tuple[Span, ...]:
    if gpu.throttle:
        return _fact("throttled:", ", ".join(gpu.throttle), Ink.INK)
    return _fact("throttled", "n/a" if gpu.throttle is None else "no")


def _clocks(gpu: GpuSample) -> tuple[Span, ...]:
    return _fact("clocks", f"{_number(gpu.clock)} / {_number(gpu.memory_clock)} MHz")


def _pcie(gpu: GpuSample) -> tuple[Span, ...]:
    link = (
        "n/a" if gpu.pcie_generation is None or gpu.pcie_width is None else f"{gpu.pcie_generation} x{gpu.pcie_width}"
    )
    if gpu.pcie_received is None and gpu.pcie_sent is None:
        return _fact("pcie", link)
    return _fact(
        "pcie", f"{link}  in {words.gigabytes(gpu.pcie_received, unit=False)} out {_per_second(gpu.pcie_sent)}"
    )


def _per_second(rate: int | None) -> str:
    return "n/a" if rate is None else f"{words.gigabytes(rate)}/s"


def _memory_load(gpu: GpuSample) -> tuple[Span, ...]:
    return _fact("mem util", "n/a" if gpu.memory_utilisation is None else f"{gpu.memory_utilisation} %")


def _ecc(gpu: GpuSample) -> tuple[Span, ...]:
    if not gpu.ecc_errors:
        return _fact("ecc", "n/a" if gpu.ecc_errors is None else "0")
    return _fact("ecc", f"✗ {words.plural(gpu.ecc_errors, 'uncorrected error')}", Ink.BAD)


def _mig(gpu: GpuSample) -> tuple[Span, ...]:
    return _fact("mig", {None: "n/a", True: "on", False: "off"}[gpu.mig])


def _fact(name: str, value: str, ink: Ink = Ink.SOFT) -> tuple[Span, ...]:
    return Span(f"{name} ", Ink.FAINT), Span(value, ink)


def _number(value: int | None) -> str:
    return "n/a" if value is None else str(value)


def host_facts(host: HostSample, width: int, margin: Span) -> Iterator[Line]:
    """Every core as a bar, then swap and the disk that models lie on."""
    if host.cores_busy:
        bars = "".join("▁▂▃▄▅▆▇█"[max(0, min(7, int(busy / 12.5)))] for busy in host.cores_busy[:MOST_CORES])
        busiest = f"  busiest {max(host.cores_busy):.0f} %"
        yield line(Span(f"{'cores':<{len(margin.text)}}", Ink.FAINT), Span(bars, Ink.ACCENT), Span(busiest, Ink.SOFT))
    yield from flowing((_fact("swap", _swap(host)), _disk(host.disk)), width, (margin,))


def _swap(host: HostSample) -> str:
    return words.share(host.swap_used, host.swap_total) if host.swap_total else "none"


def _disk(disk: DiskSample | None) -> tuple[Span, ...]:
    if disk is None:
        return _fact("models' disk", "n/a")
    return _fact("models' disk", f"{words.storage(disk.free)} free of {words.storage(disk.total)}")
