"""What we say of a GPU is what `nvidia-smi` says of it, figure for figure."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from b4tui.cli.gpu_words import sample_lines
from b4tui.telemetry.gpu import GpuReader
from b4tui.telemetry.sampler import Sampler
from b4tui.telemetry.types import GpuSample

MIB = 1 << 20

# nvidia-smi's name of a figure, ours in its unit, and how far ours may lie outside of what nvidia-smi said just before
# and just after: another program may be at work on the card.
FIGURES: dict[str, tuple[Callable[[GpuSample], float | None], float]] = {
    "memory.total": (lambda gpu: _mib(gpu.memory_total), 1),
    "memory.used": (lambda gpu: _mib(gpu.memory_used), 32),
    "memory.free": (lambda gpu: _mib(gpu.memory_free), 32),
    "utilization.gpu": (lambda gpu: gpu.utilisation, 5),
    "utilization.memory": (lambda gpu: gpu.memory_utilisation, 5),
    "temperature.gpu": (lambda gpu: gpu.temperature, 2),
    "power.draw": (lambda gpu: gpu.power, 10),
    "enforced.power.limit": (lambda gpu: gpu.power_limit, 0.01),
    "clocks.sm": (lambda gpu: gpu.clock, 30),
    "clocks.mem": (lambda gpu: gpu.memory_clock, 30),
    "pcie.link.gen.current": (lambda gpu: gpu.pcie_generation, 0),
    "pcie.link.width.current": (lambda gpu: gpu.pcie_width, 0),
    "ecc.errors.uncorrected.volatile.total": (lambda gpu: gpu.ecc_errors, 0),
}
TRIES = 5  # a figure that moves may jump between the three readings, but not each time


def _mib(size: int | None) -> float | None:
    return None if size is None else size / MIB


def smi(*arguments: str) -> list[list[str]]:
    """nvidia-smi's answer as rows of fields."""
    command = ["nvidia-smi", *arguments, "--format=csv,noheader,nounits"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return [[field.strip() for field in line.split(",")] for line in answer.stdout.splitlines() if line.strip()]


def number(text: str) -> float | None:
    """A figure, None for [N/A] and the like."""
    try:
        return float(text)
    except ValueError:
        return None


@pytest.fixture
def now(gpus: tuple[GpuSample, ...]) -> tuple[GpuSample, ...]:
    """The GPUs at this moment."""
    reader = GpuReader()
    found, _ = reader.read()
    reader.close()
    return found


def test_the_same_gpus_by_name_in_the_same_order(now):
    assert [[str(gpu.index), gpu.name] for gpu in now] == smi("--query-gpu=index,name")


def agrees(ours: float | None, before: float | None, after: float | None, slack: float) -> bool:
    """Whether ours is absent where theirs is, and else within what they said around it."""
    if ours is None or before is None or after is None:
        return ours is None and before is None and after is None
    return min(before, after) - slack <= ours <= max(before, after) + slack


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_agrees_and_is_absent_where_theirs_is(gpus, name):
    read, slack = FIGURES[name]
    reader = GpuReader()
    seen = []
    for _ in range(TRIES):
        before = [number(row[0]) for row in smi(f"--query-gpu={name}")]
        ours = [read(gpu) for gpu in reader.read()[0]]
        after = [number(row[0]) for row in smi(f"--query-gpu={name}")]
        seen.append((before, ours, after))
        if all(agrees(*three, slack) for three in zip(ours, before, after, strict=True)):
            break
    else:
        pytest.fail(f"{name}, theirs before, ours, theirs after: {seen}")
    reader.close()


def test_slices_agree(now):
    said = {"Enabled": True, "Disabled": False}
    assert [gpu.mig for gpu in now] == [said.get(theirs) for (theirs,) in smi("--query-gpu=mig.mode.current")]


def test_reasons_for_slow_clocks_are_told_where_there_are_some_beside_idleness(now):
    try:
        theirs = smi("--query-gpu=clocks_event_reasons.active")
    except subprocess.CalledProcessError:  # its name before driver 535
        theirs = smi("--query-gpu=clocks_throttle_reasons.active")
    for gpu, (reasons,) in zip(now, theirs, strict=True):
        assert gpu.throttle is not None
        assert bool(gpu.throttle) == bool(int(reasons, 16) & ~1)


def test_a_process_that_holds_memory_is_listed_with_what_nvidia_smi_says_it_holds(holding, gpus):
    reader = GpuReader()
    (gpu, *_), _ = reader.read()
    reader.close()
    theirs = {int(pid): number(used) for pid, used in smi("-i", "0", "--query-compute-apps=pid,used_gpu_memory")}
    ours = {process.pid: _mib(process.memory) for process in gpu.processes or ()}
    assert ours.keys() >= theirs.keys()
    for pid, used in theirs.items():
        assert ours[pid] == (None if used is None else pytest.approx(used, abs=1))
    if theirs.get(holding.pid) is not None:
        assert ours[holding.pid] >= holding.mib


def test_memory_that_is_taken_shows_as_used(gpus, request):
    reader = GpuReader()
    before = reader.read()[0][0].memory_used
    held = request.getfixturevalue("holding")
    after = reader.read()[0][0].memory_used
    reader.close()
    assert before is not None and after is not None
    assert after - before >= held.mib * MIB * 0.98


def test_every_gpu_is_printed(gpus):
    lines = list(sample_lines(Sampler().sample()))
    for gpu in gpus:
        assert f"GPU {gpu.index}  {gpu.name}" in lines
