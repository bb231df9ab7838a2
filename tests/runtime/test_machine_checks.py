"""The doctor's checks of the machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from b4tui.runtime.doctor.diagnosis import Status
from b4tui.runtime.doctor.machine_checks import gpu_checks, ollama_servers, orphan_checks, prompt_log_check
from b4tui.telemetry.gpu import NO_DRIVER
from b4tui.telemetry.types import GpuSample, HostSample, MachineSample, ModelProcess

HOST = HostSample(cpu=None, memory_used=1, memory_total=2, swap_used=0, swap_total=0, load=None, cores=2)
CARD = GpuSample(index=0, name="RTX 4090", memory_total=24 << 30)


def sample(*gpus: GpuSample, reason: str = "") -> MachineSample:
    return MachineSample(at=datetime(2026, 1, 1, tzinfo=UTC), gpus=gpus, gpu_reason=reason, host=HOST)


def test_cards_are_named_with_their_memory() -> None:
    (check,) = gpu_checks(sample(CARD), asked=True)
    assert (check.status, check.detail) == (Status.OK, "RTX 4090 (24 GiB)")


def test_a_machine_without_a_driver_needs_none() -> None:
    (check,) = gpu_checks(sample(reason=NO_DRIVER), asked=True)
    assert (check.status, check.fix) == (Status.ABSENT, "")


@pytest.mark.parametrize("gpus", [(), (CARD,)])
def test_a_driver_that_does_not_serve_its_cards_is_a_warning(gpus: tuple[GpuSample, ...]) -> None:
    (check,) = gpu_checks(sample(*gpus, reason="NVML failed: GPU is lost"), asked=True)
    assert check.status is Status.WARN
    assert "GPU is lost" in check.detail and "nvidia-smi" in check.fix


def test_telemetry_that_is_off_asks_no_driver() -> None:
    (check,) = gpu_checks(sample(reason="off"), asked=False)
    assert (check.status, check.fix) == (Status.ABSENT, "[telemetry] gpu = true")


def test_a_model_server_that_outlived_its_own_server_is_named_with_what_it_holds() -> None:
    orphan = ModelProcess(pid=7, program="llama-server", memory=3 << 30, weights="/m/\x1b[2Jx", orphan=True)
    (check,) = orphan_checks([orphan, ModelProcess(pid=8, program="llama-server")])
    assert check.status is Status.WARN
    assert "process 7" in check.detail and "3.0 GiB" in check.detail and "\x1b" not in check.detail
    assert "`kill 7`" in check.fix


@pytest.mark.parametrize(("value", "told"), [("1", 1), ("true", 1), ("yes", 1), ("0", 0), ("false", 0), ("", 0)])
def test_a_server_that_writes_prompts_down_is_a_warning(value: str, told: int) -> None:
    checks = prompt_log_check([(9, {"OLLAMA_DEBUG_LOG_REQUESTS": value}), (10, {})])
    assert [check.status for check in checks] == [Status.WARN] * told


@pytest.fixture
def process_named_ollama(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of this user that the kernel calls `ollama`, with a variable in its environment."""
    program = tmp_path / "ollama"
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    process = subprocess.Popen([program, "60"], env={"OLLAMA_DEBUG_LOG_REQUESTS": "1", "PATH": os.environ["PATH"]})
    yield process
    process.kill()
    process.wait()


def test_the_environment_of_a_running_ollama_is_read(process_named_ollama: subprocess.Popen[bytes]) -> None:
    found = dict(ollama_servers())
    assert found[process_named_ollama.pid]["OLLAMA_DEBUG_LOG_REQUESTS"] == "1"
