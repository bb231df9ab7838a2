"""Tests for a machine with an NVIDIA GPU; everywhere else they skip and say so."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import pytest

from b4tui.telemetry.gpu import GpuReader
from b4tui.telemetry.types import GpuSample

HELD_MIB = 1024


@pytest.fixture(scope="session")
def gpus() -> tuple[GpuSample, ...]:
    """The GPUs of this machine, as they were once. Skips where there is none, or no `nvidia-smi` to compare with."""
    reader = GpuReader()
    found, reason = reader.read()
    reader.close()
    if not found:
        pytest.skip(f"no GPU to measure here: {reason}")
    if which("nvidia-smi") is None:
        pytest.skip("no nvidia-smi to compare with")
    return found


@dataclass(frozen=True)
class Holding:
    """A process that holds memory of GPU 0."""

    pid: int
    mib: int


@pytest.fixture
def holding(gpus: tuple[GpuSample, ...]) -> Iterator[Holding]:
    """A process that holds 1 GiB of the first GPU by a plain allocation, and does nothing with it."""
    program = Path(__file__).parent / "hold_memory.py"
    process = subprocess.Popen(
        [sys.executable, str(program), str(HELD_MIB)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = process.stdout.readline().strip()
    if said != "HOLDING":
        process.kill()
        process.communicate()
        pytest.skip(f"no memory of the GPU can be held here: {said or 'the program died'}")
    yield Holding(process.pid, HELD_MIB)
    process.communicate()
