"""What one NVIDIA card serves, by NVML. Every figure may be absent: not each card, driver or virtual slice has it.

A figure that fails is None and takes no other with it. A card that is gone raises: then nothing of it is true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from b4tui.telemetry.types import GpuProcess, GpuSample

T = TypeVar("T")

PCIE_EVERY_S = 4.5  # a little under five samples, so that one which comes early still counts
_NAME_CHARS = 96

# The driver or the card is gone, whatever figure was asked for.
_GONE = frozenset(
    f"NVMLError_{name}"
    for name in ("GpuIsLost", "DriverNotLoaded", "Uninitialized", "ResetRequired", "LibRmVersionMismatch")
)
# A figure that is not served says so with one of these; any other failure of every figure means that the card is gone.
_NOT_SERVED = frozenset(f"NVMLError_{name}" for name in ("NotSupported", "FunctionNotFound", "NoPermission"))

# Why clocks are held back, by the bits of nvmlClocksEventReasons. Bit 0 is idleness: nothing is held back.
_IDLE = 0x1
_THROTTLE = (
    (0x2, "clocks set by hand"),
    (0x4, "power limit"),
    (0x8, "hardware slowdown"),
    (0x10, "in step with other GPUs"),
    (0x20, "too hot"),
    (0x40, "too hot (hardware)"),
    (0x80, "power brake (hardware)"),
    (0x100, "display clocks"),
    (0x200, "board limit"),
    (0x400, "reliability limit"),
)


@dataclass(frozen=True, slots=True)
class PcieRates:
    """Bytes a second over the bus as the GPU sees them; NVML counts 20 ms for each, in thousands."""

    received: int | None = None
    sent: int | None = None


class _Asked:
    """One card being read: remembers whether it answered anything at all."""

    def __init__(self) -> None:
        self._answered = False
        self._doubt: Exception | None = None

    def first(self, *reads: Callable[[], T]) -> T | None:
        """What the first way that works gives, None where none does. Raises when the card is gone."""
        for read in reads:
            try:
                value = read()
            except Exception as error:  # also functions that an older binding or driver does not have
                name = type(error).__name__
                if name in _GONE:
                    raise
                if name not in _NOT_SERVED:
                    self._doubt = self._doubt or error
                continue
            self._answered = True
            return value
        return None

    def conclude(self) -> None:
        """Raise what the card said when all it said was failures."""
        if not self._answered and self._doubt is not None:
            raise self._doubt


def read_card(nvml: Any, index: int, pcie: PcieRates) -> GpuSample:
    """The card's figures now. Raises NVML's error when it is gone."""
    # A handle of an earlier driver is worthless, and getting one costs nothing.
    card = nvml.nvmlDeviceGetHandleByIndex(index)
    asked = _Asked()
    first = asked.first
    # As `nvidia-smi` has it: without what the driver keeps for itself, which the older call counts as used.
    memory: Any = first(
        lambda: nvml.nvmlDeviceGetMemoryInfo(card, version=nvml.nvmlMemory_v2),
        lambda: nvml.nvmlDeviceGetMemoryInfo(card),
    )
    if memory is not None and not memory.total:
        memory = None  # a card that shares the machine's memory says 0 of 0
    rates: Any = first(lambda: nvml.nvmlDeviceGetUtilizationRates(card))
    sample = GpuSample(
        index=index,
        name=first(lambda: _text(nvml.nvmlDeviceGetName(card))) or "NVIDIA GPU",
        memory_used=memory.used if memory else None,
        memory_total=memory.total if memory else None,
        memory_free=memory.free if memory else None,
        utilisation=rates.gpu if rates else None,
        memory_utilisation=rates.memory if rates else None,
        temperature=first(lambda: int(nvml.nvmlDeviceGetTemperature(card, nvml.NVML_TEMPERATURE_GPU))),
        power=first(lambda: nvml.nvmlDeviceGetPowerUsage(card) / 1000),  # NVML counts milliwatts
        power_limit=first(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(card) / 1000),
        clock=first(lambda: int(nvml.nvmlDeviceGetClockInfo(card, nvml.NVML_CLOCK_SM))),
        memory_clock=first(lambda: int(nvml.nvmlDeviceGetClockInfo(card, nvml.NVML_CLOCK_MEM))),
        throttle=first(
            lambda: throttle_words(nvml.nvmlDeviceGetCurrentClocksEventReasons(card)),
            lambda: throttle_words(nvml.nvmlDeviceGetCurrentClocksThrottleReasons(card)),
        ),
        pcie_generation=first(lambda: int(nvml.nvmlDeviceGetCurrPcieLinkGeneration(card))),
        pcie_width=first(lambda: int(nvml.nvmlDeviceGetCurrPcieLinkWidth(card))),
        pcie_received=pcie.received,
        pcie_sent=pcie.sent,
        ecc_errors=first(lambda: _ecc_errors(nvml, card)),
        mig=first(lambda: nvml.nvmlDeviceGetMigMode(card)[0] == 1),
        processes=_processes(nvml, card, asked),
    )
    asked.conclude()
    return sample


def pcie_rates(nvml: Any, index: int) -> PcieRates:
    """Measure the bus for 40 ms. Raises NVML's error when the card is gone."""
    card = nvml.nvmlDeviceGetHandleByIndex(index)
    asked = _Asked()
    return PcieRates(
        received=asked.first(lambda: nvml.nvmlDeviceGetPcieThroughput(card, nvml.NVML_PCIE_UTIL_RX_BYTES) * 1000),
        sent=asked.first(lambda: nvml.nvmlDeviceGetPcieThroughput(card, nvml.NVML_PCIE_UTIL_TX_BYTES) * 1000),
    )


def throttle_words(reasons: int) -> tuple[str, ...]:
    """Why the clocks are held back, () where they are not; a bit that nobody has named yet by its number."""
    known = tuple(words for bit, words in _THROTTLE if reasons & bit)
    rest = reasons & ~sum(bit for bit, _ in _THROTTLE) & ~_IDLE
    return (*known, f"reason {rest:#x}") if rest else known


def _ecc_errors(nvml: Any, card: Any) -> int:
    kind, since = nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED, nvml.NVML_VOLATILE_ECC
    return int(nvml.nvmlDeviceGetTotalEccErrors(card, kind, since))


def _processes(nvml: Any, card: Any, asked: _Asked) -> tuple[GpuProcess, ...] | None:
    """Processes that compute or draw, each once; one that does both has the same figure in both lists."""
    computing = asked.first(
        lambda: _by_pid(nvml.nvmlDeviceGetComputeRunningProcesses(card)),
        lambda: _by_pid(nvml.nvmlDeviceGetComputeRunningProcesses_v2(card)),
    )
    drawing = asked.first(
        lambda: _by_pid(nvml.nvmlDeviceGetGraphicsRunningProcesses(card)),
        lambda: _by_pid(nvml.nvmlDeviceGetGraphicsRunningProcesses_v2(card)),
    )
    if computing is None and drawing is None:
        return None
    found = dict(drawing or {})
    for pid, memory in (computing or {}).items():
        known = found.get(pid)
        found[pid] = memory if known is None else max(known, memory or 0)
    return tuple(_process(nvml, pid, memory, asked) for pid, memory in sorted(found.items()))


def _process(nvml: Any, pid: int, memory: int | None, asked: _Asked) -> GpuProcess:
    name = asked.first(lambda: _program(nvml.nvmlSystemGetProcessName(pid)))
    return GpuProcess(pid=pid, memory=memory, name=name or "")


def _by_pid(rows: Iterable[Any]) -> dict[int, int | None]:
    """Memory of each process; one that runs in several slices of a card is listed once for each."""
    found: dict[int, int | None] = {}
    for row in rows:
        memory, before = row.usedGpuMemory, found.get(row.pid)
        found[row.pid] = before if memory is None else memory + (before or 0)
    return found


def _text(name: Any) -> str:
    """NVML's names are bytes or str, by the version of its binding."""
    return (name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name))[:_NAME_CHARS]


def _program(name: Any) -> str:
    """The program of a command line that the driver has taken from a process: foreign text."""
    return _text(_text(name).partition(" -")[0].rpartition("/")[2])
