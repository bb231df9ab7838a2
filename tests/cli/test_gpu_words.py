"""A sample for a person: every figure of it is there with its unit, and what is absent reads n/a."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from b4tui.cli.gpu_words import sample_lines
from b4tui.telemetry.types import (
    DiskSample,
    GpuProcess,
    GpuSample,
    HostSample,
    MachineSample,
    ModelProcess,
    Program,
)

GIB = 1 << 30
BLOB = "/m/blobs/sha256-aa"
HOST = HostSample(
    cpu=31.2,
    memory_used=22 * GIB,
    memory_total=64 * GIB,
    swap_used=0,
    swap_total=8 * GIB,
    load=2.126,
    cores=2,
    cores_busy=(12.0, 50.4),
    disk=DiskSample(path="/m", used=248 * GIB, free=212 * GIB, total=460 * GIB),
)
GPU = GpuSample(
    index=0,
    name="RTX 4090",
    memory_used=19 * GIB,
    memory_total=24 * GIB,
    memory_free=5 * GIB,
    utilisation=74,
    memory_utilisation=31,
    temperature=61,
    power=287.4,
    power_limit=450.0,
    clock=2520,
    memory_clock=10501,
    throttle=("power limit", "too hot"),
    pcie_generation=4,
    pcie_width=16,
    pcie_received=1_250_000,
    pcie_sent=40_000,
    ecc_errors=2,
    mig=False,
    processes=(GpuProcess(pid=7, memory=17 * GIB, name="ollama"), GpuProcess(pid=9)),
)
RUNNER = ModelProcess(pid=7, program=Program.LLAMA_SERVER, memory=33 * GIB, mapped=30 * GIB, weights=BLOB)
SAMPLE = MachineSample(at=datetime(2026, 1, 2, tzinfo=UTC), gpus=(GPU,), gpu_reason="", host=HOST, processes=(RUNNER,))


def lines(sample: MachineSample) -> list[str]:
    return list(sample_lines(sample))


def test_every_figure_is_there_with_its_unit():
    assert lines(SAMPLE) == [
        "GPU 0  RTX 4090",
        "  memory     19.0 GiB / 24.0 GiB, 5.0 GiB free",
        "  load       74 %, memory 31 %",
        "  heat       61 °C, power 287 W / 450 W",
        "  clocks     2520 MHz, memory 10501 MHz, held back by: power limit, too hot",
        "  PCIe       generation 4, width 16, received 1.2 MB/s, sent 0.0 MB/s",
        "  ECC        2 uncorrected errors, MIG off",
        f"  processes         7    17.0 GiB  llama-server  {BLOB}",
        "                    9         n/a  (no name)",
        "host  2 cores",
        "  cpu        31 %, load 2.13",
        "  each core  12 50 %",
        "  memory     22.0 GiB / 64.0 GiB, swap 0.0 GiB / 8.0 GiB",
        "  models in  /m: 212.0 GiB free of 460.0 GiB",
        "model servers",
        f"       7    33.0 GiB of RAM, 30.0 GiB of it pages of files  llama-server  {BLOB}",
    ]


def test_what_is_absent_reads_n_a_and_never_zero():
    host = replace(HOST, cpu=None, load=None, cores_busy=(), disk=None)
    text = "\n".join(lines(replace(SAMPLE, gpus=(GpuSample(index=0, name="card"),), host=host, processes=())))
    assert text.count("n/a") == 21
    assert "None" not in text


def test_clocks_that_nothing_holds_back_say_so():
    assert any(
        line.endswith("held back by: nothing") for line in lines(replace(SAMPLE, gpus=(replace(GPU, throttle=()),)))
    )


def test_why_a_gpu_is_missing_is_said_also_beside_one_that_is_there():
    told = lines(replace(SAMPLE, gpu_reason="GPU 1: NVML failed: GPU is lost"))
    assert "GPU 0  RTX 4090" in told and "GPU  n/a: GPU 1: NVML failed: GPU is lost" in told


def test_an_orphan_is_named_with_what_to_do():
    told = lines(replace(SAMPLE, processes=(replace(RUNNER, orphan=True),)))
    assert sum("ORPHAN: the server that started it is gone; kill 7 frees its memory" in line for line in told) == 2
