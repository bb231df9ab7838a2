"""The sampler measures this machine, whatever it has."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from b4tui.telemetry.gpu import GpuReader
from b4tui.telemetry.sampler import Sampler


def wait_for(predicate: Callable[[], Any], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not predicate():
        assert time.monotonic() < deadline, "never came true"
        time.sleep(0.005)


def test_a_sample_holds_what_psutil_says_of_the_host() -> None:
    sample = Sampler(gpu=False).sample()
    assert sample.host.memory_total == psutil.virtual_memory().total
    assert 0 < sample.host.memory_used < sample.host.memory_total
    assert sample.host.cores == psutil.cpu_count()


def test_the_first_cpu_figure_is_absent_not_zero() -> None:
    sampler = Sampler(gpu=False)
    assert sampler.sample().host.cpu is None
    assert sampler.sample().host.cpu is not None


def test_without_a_gpu_the_reason_is_in_words() -> None:
    gpus, reason = GpuReader().read()
    assert bool(gpus) != bool(reason)
    if not gpus:
        assert "NVIDIA" in reason or "NVML" in reason


def test_gpu_telemetry_can_be_off() -> None:
    sample = Sampler(gpu=False).sample()
    assert sample.gpus == ()
    assert "off" in sample.gpu_reason


def test_the_thread_measures_again_and_again_and_ends() -> None:
    sampler = Sampler(interval_s=0.01, gpu=False)
    assert sampler.latest() is None
    sampler.start()
    sampler.start()
    wait_for(sampler.latest)
    first = sampler.latest()
    wait_for(lambda: sampler.latest() is not first)
    sampler.stop()
    last = sampler.latest()
    sampler.stop()
    assert sampler.latest() is last


class Card(SimpleNamespace):
    """A driver's answers for cards that serve only part of the figures, in the shape of the `pynvml` module."""

    class NVMLError(Exception):
        pass

    class NVMLError_GpuIsLost(NVMLError):
        pass

    NVML_TEMPERATURE_GPU = 0

    def nvmlDeviceGetCount(self) -> int:
        return 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:
        return index

    def nvmlDeviceGetName(self, handle: int) -> bytes:
        return b"Card"

    def nvmlDeviceGetPowerUsage(self, handle: int) -> int:
        return 287_000

    def nvmlShutdown(self) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: Any) -> Any:
            raise self.lost() if hasattr(self, "lost") else self.NVMLError("Not Supported")

        if name.startswith("nvml"):
            return refuse
        raise AttributeError(name)


def reader_of(card: Card, monkeypatch: pytest.MonkeyPatch) -> GpuReader:
    reader = GpuReader()
    monkeypatch.setattr(reader, "_start", lambda: card)
    return reader


def test_a_figure_the_card_does_not_serve_is_none_and_watts_are_watts(monkeypatch: pytest.MonkeyPatch) -> None:
    (gpu,), reason = reader_of(Card(), monkeypatch).read()
    assert reason == ""
    assert (gpu.name, gpu.power) == ("Card", 287.0)
    assert gpu.memory_used is gpu.utilisation is gpu.temperature is gpu.power_limit is None


def test_a_card_that_falls_off_the_bus_is_a_reason_not_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    card = Card()
    card.lost = lambda: Card.NVMLError_GpuIsLost("GPU is lost")
    gpus, reason = reader_of(card, monkeypatch).read()
    assert gpus == ()
    assert "GPU is lost" in reason
