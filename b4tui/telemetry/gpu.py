"""NVIDIA GPUs by NVML. Every figure may be absent: a card, a driver or a virtual slice may not serve it.

Facts: research/textual.md 1.8 and 2.6. Calls can stall on a busy driver, so only the sampler's thread makes them.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, TypeVar

from b4tui.telemetry.types import GpuSample

T = TypeVar("T")


class GpuReader:
    """Reads all NVIDIA GPUs of this machine; finds the driver again when it comes back."""

    def __init__(self) -> None:
        self._nvml: ModuleType | None = None

    def read(self) -> tuple[tuple[GpuSample, ...], str]:
        """The GPUs now, and in words why there is none. Never raises."""
        try:
            nvml = self._start()
            count = nvml.nvmlDeviceGetCount()
            gpus = tuple(_sample(nvml, index) for index in range(count))
        except Exception as error:  # NVML raises a class per code, and OSError where the library itself is broken
            self.close()
            return (), _in_words(error)
        return gpus, "" if gpus else "the NVIDIA driver sees no GPU"

    def close(self) -> None:
        """Let the driver go."""
        nvml, self._nvml = self._nvml, None
        if nvml is not None:
            try:
                nvml.nvmlShutdown()
            except nvml.NVMLError:
                return  # the driver went away first

    def _start(self) -> ModuleType:
        if self._nvml is None:
            import pynvml

            pynvml.nvmlInit()
            self._nvml = pynvml
        return self._nvml


def _sample(nvml: ModuleType, index: int) -> GpuSample:
    handle = nvml.nvmlDeviceGetHandleByIndex(index)

    def figure(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except nvml.NVMLError_GpuIsLost:
            raise
        except nvml.NVMLError:
            return None

    memory: Any = figure(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    rates: Any = figure(lambda: nvml.nvmlDeviceGetUtilizationRates(handle))
    name: Any = figure(lambda: nvml.nvmlDeviceGetName(handle))
    power = figure(lambda: nvml.nvmlDeviceGetPowerUsage(handle))
    limit = figure(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle))
    return GpuSample(
        index=index,
        name=name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name or "NVIDIA GPU"),
        memory_used=memory.used if memory else None,
        memory_total=memory.total if memory else None,
        utilisation=rates.gpu if rates else None,
        temperature=figure(lambda: int(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))),
        power=power / 1000 if power is not None else None,  # NVML counts milliwatts
        power_limit=limit / 1000 if limit is not None else None,
    )


def _in_words(error: Exception) -> str:
    name = type(error).__name__
    if name in {"NVMLError_LibraryNotFound", "NVMLError_DriverNotLoaded"}:
        return "no NVIDIA driver; running on CPU"
    if name == "NVMLError_NoPermission":
        return "the NVIDIA driver refuses this user (no permission for /dev/nvidia*)"
    return f"NVML failed: {error}"
