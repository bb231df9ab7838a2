"""NVIDIA GPUs by NVML: finds the driver, notices that it or a card went away, and finds it again.

Facts: research/textual.md 1.8. Calls can stall on a busy driver, so only the sampler's thread makes them. What a card
serves is read by `card.py`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from b4tui.telemetry.card import PCIE_EVERY_S, PcieRates, pcie_rates, read_card
from b4tui.telemetry.types import GpuSample

NO_DRIVER = "no NVIDIA driver; running on CPU"
LOOK_AGAIN_S = 10.0  # for a driver that is not there: loading the library each second would cost more than all the rest
OPEN_ANEW_S = 60.0  # where one card of several is gone: it comes back only for who opens the driver anew


def _pynvml() -> Any:
    import pynvml

    return pynvml


class GpuReader:
    """Reads all NVIDIA GPUs of this machine. `load` gives the NVML module; `clock` is monotonic, in seconds."""

    def __init__(self, load: Callable[[], Any] = _pynvml, clock: Callable[[], float] = time.monotonic) -> None:
        self._load = load
        self._clock = clock
        self._nvml: Any = None
        self._reason = ""
        self._not_before = 0.0
        self._open_until = 0.0
        self._pcie: dict[int, tuple[float, PcieRates]] = {}

    def read(self) -> tuple[tuple[GpuSample, ...], str]:
        """The GPUs now, and in words why there is none, or why one is missing. Never raises."""
        now = self._clock()
        if self._nvml is None and now < self._not_before:
            return (), self._reason
        gpus: list[GpuSample] = []
        lost: list[str] = []
        try:
            nvml = self._open(now)
            for index in range(nvml.nvmlDeviceGetCount()):
                try:
                    gpus.append(read_card(nvml, index, self._pcie_rates(nvml, index, now)))
                except Exception as error:  # one class a code, and whatever a broken library raises
                    lost.append(f"GPU {index}: {_in_words(error)}")
        except Exception as error:
            lost.append(_in_words(error))
        return self._judged(tuple(gpus), lost, now)

    def close(self) -> None:
        """Let the driver go."""
        nvml, self._nvml = self._nvml, None
        self._pcie.clear()
        if nvml is not None:
            try:
                nvml.nvmlShutdown()
            except Exception:  # the driver went away first; there is nothing left to let go
                return

    def _judged(self, gpus: tuple[GpuSample, ...], lost: list[str], now: float) -> tuple[tuple[GpuSample, ...], str]:
        """What was read, and when to open the driver anew if something is missing."""
        self._reason = "; ".join(lost) or ("" if gpus else "the NVIDIA driver sees no GPU")
        if not gpus:
            self.close()
            self._not_before = now + LOOK_AGAIN_S
        elif lost and now >= self._open_until:
            self.close()
        return gpus, self._reason

    def _open(self, now: float) -> Any:
        if self._nvml is None:
            nvml = self._load()
            nvml.nvmlInit()
            self._nvml = nvml
            self._open_until = now + OPEN_ANEW_S
        return self._nvml

    def _pcie_rates(self, nvml: Any, index: int, now: float) -> PcieRates:
        """The newest figures of a card: measuring them takes NVML 20 ms each, so not with every sample."""
        known = self._pcie.get(index)
        if known is None or now - known[0] >= PCIE_EVERY_S:
            known = self._pcie[index] = (now, pcie_rates(nvml, index))
        return known[1]


def _in_words(error: Exception) -> str:
    name = type(error).__name__
    if name in {"NVMLError_LibraryNotFound", "NVMLError_DriverNotLoaded"}:
        return NO_DRIVER
    if name == "NVMLError_NoPermission":
        return "the NVIDIA driver refuses this user (no permission for /dev/nvidia*)"
    if name == "NVMLError_LibRmVersionMismatch":
        return "the NVIDIA driver was updated under the running one (version mismatch); restart the machine"
    return f"NVML failed: {error}"
