"""What a card serves: every figure with its unit, each absent in turn, and none that takes another along."""

from __future__ import annotations

from dataclasses import asdict

import pynvml
import pytest

from b4tui.telemetry.card import throttle_words
from b4tui.telemetry.gpu import GpuReader
from b4tui.telemetry.types import GpuProcess, GpuSample

MIB = 1 << 20

ALL = GpuSample(
    index=0,
    name="NVIDIA GeForce RTX 4090",
    memory_used=20_000 * MIB,
    memory_total=25_000 * MIB,
    memory_free=4_564 * MIB,
    utilisation=74,
    memory_utilisation=31,
    temperature=61,
    power=287.0,
    power_limit=450.0,
    clock=2_520,
    memory_clock=10_501,
    throttle=(),
    pcie_generation=4,
    pcie_width=16,
    pcie_received=1_250_000,
    pcie_sent=40_000,
    ecc_errors=2,
    mig=False,
    processes=(),
)


@pytest.fixture
def read(a_card, a_driver, clock):
    """Read a driver with one card: `read(function=answer, ...)`."""

    def read(card=None, names=None, **answers):
        driver = a_driver(a_card(**answers) if card is None else card)
        driver.names = names or {}
        (gpu,), reason = GpuReader(lambda: driver, clock).read()
        assert reason == ""
        return gpu

    return read


def test_a_card_that_serves_everything_fills_every_field(read):
    assert read() == ALL
    assert None not in asdict(ALL).values()


WITHOUT = [
    ("nvmlDeviceGetName", {"name": "NVIDIA GPU"}),
    ("nvmlDeviceGetUtilizationRates", {"utilisation": None, "memory_utilisation": None}),
    ("nvmlDeviceGetTemperature", {"temperature": None}),
    ("nvmlDeviceGetPowerUsage", {"power": None}),
    ("nvmlDeviceGetEnforcedPowerLimit", {"power_limit": None}),
    ("nvmlDeviceGetCurrentClocksEventReasons", {"throttle": None}),
    ("nvmlDeviceGetCurrPcieLinkGeneration", {"pcie_generation": None}),
    ("nvmlDeviceGetCurrPcieLinkWidth", {"pcie_width": None}),
    ("nvmlDeviceGetTotalEccErrors", {"ecc_errors": None}),
    ("nvmlDeviceGetMigMode", {"mig": None}),
    (("nvmlDeviceGetClockInfo", pynvml.NVML_CLOCK_SM), {"clock": None}),
    (("nvmlDeviceGetClockInfo", pynvml.NVML_CLOCK_MEM), {"memory_clock": None}),
    (("nvmlDeviceGetPcieThroughput", pynvml.NVML_PCIE_UTIL_RX_BYTES), {"pcie_received": None}),
    (("nvmlDeviceGetPcieThroughput", pynvml.NVML_PCIE_UTIL_TX_BYTES), {"pcie_sent": None}),
    (
        ("nvmlDeviceGetMemoryInfo", "version", pynvml.nvmlMemory_v2),
        {"memory_used": None, "memory_total": None, "memory_free": None},
    ),
]


@pytest.mark.parametrize("failure", [None, pynvml.NVMLError_Unknown(), pynvml.NVMLError_NoPermission(), ValueError()])
@pytest.mark.parametrize(("asked", "absent"), WITHOUT)
def test_a_figure_that_fails_is_none_and_takes_no_other_with_it(read, a_card, asked, absent, failure):
    card = a_card()
    card[asked] = failure
    assert asdict(read(card)) == asdict(ALL) | absent


def test_a_card_that_serves_nothing_but_its_name_is_still_there(read, a_card):
    card = a_card()
    for asked, _ in WITHOUT[1:]:
        card[asked] = None
    card["nvmlDeviceGetComputeRunningProcesses"] = card["nvmlDeviceGetGraphicsRunningProcesses"] = None
    assert read(card) == GpuSample(index=0, name=ALL.name)


@pytest.mark.parametrize(
    ("told", "name"), [(b"Tesla T4", "Tesla T4"), ("Tesla T4", "Tesla T4"), (b"\xff", "�"), ("x" * 500, "x" * 96)]
)
def test_names_are_bytes_or_text_and_never_long(read, told, name):
    assert read(nvmlDeviceGetName=told).name == name


def test_memory_is_asked_for_as_nvidia_smi_shows_it_and_else_in_the_older_way(read, a_card, a_memory):
    card = a_card(nvmlDeviceGetMemoryInfo=a_memory(20_436, 4_564, reserved=0))
    assert read(card).memory_used == 20_000 * MIB
    card["nvmlDeviceGetMemoryInfo", "version", pynvml.nvmlMemory_v2] = pynvml.NVMLError_FunctionNotFound()
    gpu = read(card)
    assert (gpu.memory_used, gpu.memory_total) == (20_436 * MIB, 25_000 * MIB)


def test_a_card_that_shares_the_machines_memory_has_none_of_its_own(read, a_card, a_memory):
    card = a_card()
    card["nvmlDeviceGetMemoryInfo", "version", pynvml.nvmlMemory_v2] = a_memory(0, 0, reserved=0)
    assert (read(card).memory_used, read(card).memory_total) == (None, None)


def test_why_clocks_are_held_back_is_in_words_and_idleness_is_no_reason():
    assert throttle_words(0) == throttle_words(pynvml.nvmlClocksEventReasonGpuIdle) == ()
    assert throttle_words(pynvml.nvmlClocksEventReasonSwPowerCap) == ("power limit",)
    both = pynvml.nvmlClocksEventReasonHwThermalSlowdown | pynvml.nvmlClocksEventReasonHwSlowdown
    assert throttle_words(both) == ("hardware slowdown", "too hot (hardware)")
    assert throttle_words(0x8004) == ("power limit", "reason 0x8000")


@pytest.mark.parametrize(
    "name", [name for name in dir(pynvml) if name.startswith(("nvmlClocksEventReason", "nvmlClocksThrottleReason"))]
)
def test_every_reason_the_binding_knows_has_words(name):
    assert not any(words.startswith("reason") for words in throttle_words(getattr(pynvml, name)))


def test_an_older_driver_is_asked_for_the_reasons_by_their_older_name(read):
    older = {
        "nvmlDeviceGetCurrentClocksEventReasons": pynvml.NVMLError_FunctionNotFound(),
        "nvmlDeviceGetCurrentClocksThrottleReasons": pynvml.nvmlClocksThrottleReasonSwThermalSlowdown,
    }
    assert read(**older).throttle == ("too hot",)


def test_a_card_cut_into_slices_says_so_and_what_it_does_not_serve_then_is_absent(read):
    gpu = read(nvmlDeviceGetMigMode=[1, 1], nvmlDeviceGetUtilizationRates=None)
    assert (gpu.mig, gpu.utilisation) == (True, None)
    assert read(nvmlDeviceGetMigMode=[0, 1]).mig is False, "what is only planned is not so yet"


def test_processes_that_compute_and_draw_are_one_list_each_once(read, a_process):
    gpu = read(
        names={1: b"/usr/bin/ollama", 2: "/usr/lib/xorg/Xorg -core :0", 3: "x" * 500},
        nvmlDeviceGetComputeRunningProcesses=[a_process(3, 100), a_process(1, 17_000)],
        nvmlDeviceGetGraphicsRunningProcesses=[a_process(2, 90), a_process(3, 100)],
    )
    assert gpu.processes == (
        GpuProcess(pid=1, memory=17_000 * MIB, name="ollama"),
        GpuProcess(pid=2, memory=90 * MIB, name="Xorg"),
        GpuProcess(pid=3, memory=100 * MIB, name="x" * 96),
    )


def test_a_process_whose_memory_or_name_the_driver_does_not_know_is_listed_without(read, a_process):
    rows = [a_process(1, None), a_process(2, 5)]
    gpu = read(nvmlDeviceGetComputeRunningProcesses=rows, nvmlDeviceGetGraphicsRunningProcesses=[a_process(1, None)])
    assert gpu.processes == (GpuProcess(pid=1), GpuProcess(pid=2, memory=5 * MIB))


def test_a_process_in_two_slices_holds_what_it_holds_in_both(read, a_process):
    rows = [a_process(1, 100), a_process(1, 50), a_process(2, None), a_process(2, 7)]
    gpu = read(nvmlDeviceGetComputeRunningProcesses=rows)
    assert [(it.pid, it.memory) for it in gpu.processes] == [(1, 150 * MIB), (2, 7 * MIB)]


def test_an_older_driver_is_asked_for_the_processes_by_their_older_names(read, a_process):
    gone = pynvml.NVMLError_FunctionNotFound()
    gpu = read(
        nvmlDeviceGetComputeRunningProcesses=gone,
        nvmlDeviceGetComputeRunningProcesses_v2=[a_process(1, 5)],
        nvmlDeviceGetGraphicsRunningProcesses=gone,
        nvmlDeviceGetGraphicsRunningProcesses_v2=[a_process(2, 6)],
    )
    assert [it.pid for it in gpu.processes] == [1, 2]


def test_processes_that_cannot_be_listed_are_absent_not_none_at_all(read):
    lists = dict.fromkeys(("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses"))
    assert read(**lists).processes is None


def test_the_bus_is_measured_every_few_seconds_and_the_figure_stands_meanwhile(a_card, a_driver, clock):
    driver = a_driver(a_card())
    reader = GpuReader(lambda: driver, clock)
    seen = []
    for second in range(10):
        driver.cards[0]["nvmlDeviceGetPcieThroughput", pynvml.NVML_PCIE_UTIL_RX_BYTES] = second
        (gpu,), _ = reader.read()
        seen.append(gpu.pcie_received // 1000)
        clock.now += 1.0
    assert seen == [0] * 5 + [5] * 5
    assert driver.calls["nvmlDeviceGetPcieThroughput"] == 4
