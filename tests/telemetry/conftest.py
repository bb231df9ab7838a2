"""A stand-in for the NVIDIA driver, in the shape of the `pynvml` module, with its constants and errors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pynvml
import pytest

MIB = 1 << 20


class Card(dict[Any, Any]):
    """What a card answers: by function, or by function and arguments; an exception is raised, all else refused.

    Figures of a card that serves everything, unless others are given (`None`: it does not serve that one).
    """

    def __init__(self, **other: Any) -> None:
        super().__init__(
            nvmlDeviceGetName="NVIDIA GeForce RTX 4090",
            nvmlDeviceGetUtilizationRates=SimpleNamespace(gpu=74, memory=31),
            nvmlDeviceGetTemperature=61,
            nvmlDeviceGetPowerUsage=287_000,
            nvmlDeviceGetEnforcedPowerLimit=450_000,
            nvmlDeviceGetCurrentClocksEventReasons=0,
            nvmlDeviceGetCurrPcieLinkGeneration=4,
            nvmlDeviceGetCurrPcieLinkWidth=16,
            nvmlDeviceGetTotalEccErrors=2,
            nvmlDeviceGetMigMode=[0, 0],
            nvmlDeviceGetComputeRunningProcesses=[],
            nvmlDeviceGetGraphicsRunningProcesses=[],
        )
        self["nvmlDeviceGetMemoryInfo", "version", pynvml.nvmlMemory_v2] = memory(20_000, 4_564)
        self["nvmlDeviceGetClockInfo", pynvml.NVML_CLOCK_SM] = 2_520
        self["nvmlDeviceGetClockInfo", pynvml.NVML_CLOCK_MEM] = 10_501
        self["nvmlDeviceGetPcieThroughput", pynvml.NVML_PCIE_UTIL_RX_BYTES] = 1_250
        self["nvmlDeviceGetPcieThroughput", pynvml.NVML_PCIE_UTIL_TX_BYTES] = 40
        self.update(other)


def memory(used: int, free: int, reserved: int = 436) -> SimpleNamespace:
    """A card's memory, given in MiB."""
    total = used + free + reserved
    return SimpleNamespace(used=used * MIB, free=free * MIB, total=total * MIB)


def process(pid: int, used: int | None) -> SimpleNamespace:
    """A row of the driver's list of processes; memory in MiB."""
    return SimpleNamespace(pid=pid, usedGpuMemory=None if used is None else used * MIB)


class Driver:
    """A driver with these cards. `gone` is raised by every call while it is set; `calls` counts them by name."""

    def __init__(self, *cards: Card) -> None:
        self.cards = list(cards)
        self.names: dict[int, Any] = {}
        self.gone: Exception | None = None
        self.opened = 0
        self.open = False
        self.calls: dict[str, int] = {}

    def nvmlInit(self) -> None:
        self._count("nvmlInit")
        self.opened += 1
        self.open = True

    def nvmlShutdown(self) -> None:
        self._count("nvmlShutdown")
        self.open = False

    def nvmlDeviceGetCount(self) -> int:
        self._count("nvmlDeviceGetCount")
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index: int) -> tuple[int, int]:
        """A handle is good until the driver is opened anew."""
        self._count("nvmlDeviceGetHandleByIndex")
        return self.opened, index

    def nvmlSystemGetProcessName(self, pid: int) -> Any:
        self._count("nvmlSystemGetProcessName")
        if pid not in self.names:
            raise pynvml.NVMLError_NotFound()
        return self.names[pid]

    def __getattr__(self, name: str) -> Any:
        return functools.partial(self._ask, name) if name.startswith("nvmlDevice") else getattr(pynvml, name)

    def _ask(self, name: str, handle: tuple[int, int], *arguments: Any, **named: Any) -> Any:
        self._count(name)
        opened, index = handle
        if opened != self.opened:
            raise pynvml.NVMLError_InvalidArgument()
        card = self.cards[index]
        key = (name, *arguments, *(word for pair in named.items() for word in pair))
        answer = card.get(key, card.get(name))
        if answer is None:
            raise pynvml.NVMLError_NotSupported()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _count(self, name: str) -> None:
        self.calls[name] = self.calls.get(name, 0) + 1
        if self.gone is not None:
            raise self.gone
        if not self.open and name != "nvmlInit":
            raise pynvml.NVMLError_Uninitialized()


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def a_card() -> Callable[..., Card]:
    """Make a card: `a_card(nvmlDeviceGetTemperature=None)`."""
    return Card


@pytest.fixture
def a_driver() -> Callable[..., Driver]:
    """Make a driver: `a_driver(card, ...)`."""
    return Driver


@pytest.fixture
def a_process() -> Callable[[int, int | None], SimpleNamespace]:
    """Make a row of the driver's list: `a_process(pid, MiB)`."""
    return process


@pytest.fixture
def a_memory() -> Callable[..., SimpleNamespace]:
    """Make a card's memory: `a_memory(used MiB, free MiB)`."""
    return memory
