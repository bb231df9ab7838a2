"""What measuring the machine costs: CPU time of the program itself, per sample at 1 Hz."""

import os
import time

import psutil
import pynvml
import pytest

from b4tui.telemetry.gpu import GpuReader
from b4tui.telemetry.sampler import Sampler

SAMPLES = 120  # two minutes at 1 Hz: every rhythm of the readers comes round many times
BUDGET_S = 0.010  # of CPU time for each: 1 % of one core at 1 Hz


class Seconds:
    """A monotonic clock that passes one second a sample, so that two minutes need not be waited for."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def sampler_in_time(tmp_path) -> tuple[Sampler, Seconds]:
    """A sampler as the console has it, whose readers live by a clock of the test's."""
    seconds = Seconds()
    sampler = Sampler(store=tmp_path)
    sampler._gpu = GpuReader(clock=seconds)
    sampler._host._clock = sampler._processes._clock = seconds
    return sampler, seconds


@pytest.mark.parametrize("others", [0, 300], ids=["as it is", "300 more processes"])
def test_the_sampler_costs_less_than_one_percent_of_a_core(benchmark, tmp_path, others: int) -> None:
    sleepers = [psutil.Popen(["sleep", "600"]) for _ in range(others)]
    try:
        sampler, seconds = sampler_in_time(tmp_path)
        used: list[float] = []

        def one() -> None:
            begin = time.process_time()
            sampler.sample()
            used.append(time.process_time() - begin)
            seconds.now += 1.0

        benchmark.pedantic(one, rounds=SAMPLES)
    finally:
        for sleeper in sleepers:
            sleeper.kill()
        for sleeper in sleepers:
            sleeper.wait()
    mean = sum(used) / len(used)
    benchmark.extra_info.update(
        cpu_ms_a_sample=round(mean * 1000, 3),
        cpu_ms_worst=round(max(used) * 1000, 3),
        percent_of_a_core=round(mean * 100, 3),
        processes=len(psutil.pids()),
        gpus=_gpus(),
        cores=os.cpu_count(),
    )
    assert mean < BUDGET_S


def _gpus() -> int:
    try:
        pynvml.nvmlInit()
        return int(pynvml.nvmlDeviceGetCount())
    except pynvml.NVMLError:
        return 0
