"""The sampler measures this machine, whatever it has."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from b4tui.config import TelemetryConfig
from b4tui.telemetry.gpu import GpuReader
from b4tui.telemetry.sampler import Sampler, sampler_for


def wait_for(predicate: Callable[[], Any], seconds: float = 60.0) -> None:
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


def test_a_figure_that_cannot_be_had_once_does_not_end_the_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    sampler = Sampler(interval_s=0.01, gpu=False)
    asked: list[int] = []
    measure = psutil.virtual_memory

    def fails_once() -> Any:
        asked.append(1)
        if len(asked) == 1:
            raise OSError("no /proc just now")
        return measure()

    monkeypatch.setattr(psutil, "virtual_memory", fails_once)
    sampler.start()
    wait_for(sampler.latest)
    sampler.stop()
    assert len(asked) > 1


def test_the_settings_say_what_is_measured(tmp_path: Path) -> None:
    sampler = sampler_for(TelemetryConfig(gpu=False, model_store=str(tmp_path / "models")), {})
    sample = sampler.sample()
    assert sample.host.disk is not None and sample.host.disk.path == str(tmp_path / "models")
    assert "off" in sample.gpu_reason
