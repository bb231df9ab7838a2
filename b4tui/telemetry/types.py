"""One sample of the machine: immutable; None where a figure cannot be had. Memory in bytes, power in watts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuSample:
    """One NVIDIA GPU. Utilisation in percent, temperature in degrees Celsius."""

    index: int
    name: str
    memory_used: int | None = None
    memory_total: int | None = None
    utilisation: int | None = None
    temperature: int | None = None
    power: float | None = None
    power_limit: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSample:
    """The machine itself. CPU in percent of all cores."""

    cpu: float | None
    memory_used: int
    memory_total: int
    swap_used: int
    swap_total: int
    load: float | None
    cores: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineSample:
    """Everything at one instant. `gpu_reason` says in words why there is no GPU figure."""

    at: datetime
    gpus: tuple[GpuSample, ...]
    gpu_reason: str
    host: HostSample
