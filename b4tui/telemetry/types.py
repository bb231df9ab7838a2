"""One sample of the machine: immutable; None where a figure cannot be had. Memory in bytes, power in watts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Program(StrEnum):
    """A program that keeps a model in memory."""

    OLLAMA = "ollama"  # its runner; from 0.30 on Ollama starts a llama-server instead (research/runtime.md 1.1)
    LLAMA_SERVER = "llama-server"
    VLLM = "vLLM"
    EMBEDDED = "b4tui embedded"


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuProcess:
    """A process that computes on a GPU. `memory` in bytes, None where the driver does not say (containers, MIG)."""

    pid: int
    memory: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuSample:
    """One NVIDIA GPU. Utilisation in percent, temperature in degrees Celsius, clocks in MHz, PCIe in bytes a second.

    `throttle` names why the clocks are held back, () where they are not; `ecc_errors` counts uncorrected errors since
    the driver was loaded; `mig` says whether the card is cut into slices. `pcie_received` and `pcie_sent` are seen from
    the GPU and measured every few seconds, so they may be that much older than the rest.
    """

    index: int
    name: str
    memory_used: int | None = None
    memory_total: int | None = None
    memory_free: int | None = None
    utilisation: int | None = None
    memory_utilisation: int | None = None
    temperature: int | None = None
    power: float | None = None
    power_limit: float | None = None
    clock: int | None = None
    memory_clock: int | None = None
    throttle: tuple[str, ...] | None = None
    pcie_generation: int | None = None
    pcie_width: int | None = None
    pcie_received: int | None = None
    pcie_sent: int | None = None
    ecc_errors: int | None = None
    mig: bool | None = None
    processes: tuple[GpuProcess, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DiskSample:
    """The file system that models lie on. Bytes; `path` is the models' folder, `free` what a user may still fill."""

    path: str
    used: int
    free: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProcess:
    """A process of a model server that holds a model. `memory` is what it keeps in RAM, in bytes.

    `mapped` is the part of it that are pages of files: the kernel can drop them and read them again, and does not count
    them as used. `weights` is the file or the name it was started on, foreign text of at most 4,096 characters;
    `orphan` when the server that started it is gone (research/runtime.md 1.12: a killed Ollama leaves its llama-server
    behind, which keeps its memory); `ours` when this very program started it.
    """

    pid: int
    program: Program
    memory: int | None = None
    mapped: int | None = None
    weights: str = ""
    orphan: bool = False
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSample:
    """The machine itself. CPU in percent of all cores; `cores_busy` each core in percent, () at the first sample."""

    cpu: float | None
    memory_used: int
    memory_total: int
    swap_used: int
    swap_total: int
    load: float | None
    cores: int
    cores_busy: tuple[float, ...] = ()
    disk: DiskSample | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSample:
    """Everything at one instant. `gpu_reason` says in words why there is no GPU, or why one of several is missing."""

    at: datetime
    gpus: tuple[GpuSample, ...]
    gpu_reason: str
    host: HostSample
    processes: tuple[ModelProcess, ...] = ()
