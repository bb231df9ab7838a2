"""A driver or a card that goes away, and comes back: words and a back-off, never a crash."""

from __future__ import annotations

import pynvml
import pytest

from b4tui.telemetry.gpu import LOOK_AGAIN_S, OPEN_ANEW_S, GpuReader


def watch(reader, clock, seconds):
    """What a reader says each second."""
    said = []
    for _ in range(seconds):
        gpus, reason = reader.read()
        said.append((len(gpus), reason))
        clock.now += 1.0
    return said


def test_a_machine_without_a_driver_is_looked_at_again_only_now_and_then(a_driver, clock):
    driver = a_driver()
    driver.gone = pynvml.NVMLError_LibraryNotFound()
    said = watch(GpuReader(lambda: driver, clock), clock, 30)
    assert set(said) == {(0, "no NVIDIA driver; running on CPU")}
    assert driver.calls == {"nvmlInit": 30 // LOOK_AGAIN_S}


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (pynvml.NVMLError_DriverNotLoaded(), "no NVIDIA driver"),
        (pynvml.NVMLError_NoPermission(), "refuses this user"),
        (pynvml.NVMLError_LibRmVersionMismatch(), "restart the machine"),
        (pynvml.NVMLError_Unknown(), "Unknown Error"),
        (OSError("libnvidia-ml.so.1: invalid ELF header"), "invalid ELF header"),
    ],
)
def test_why_there_is_no_gpu_is_in_words(a_driver, clock, failure, words):
    driver = a_driver()
    driver.gone = failure
    gpus, reason = GpuReader(lambda: driver, clock).read()
    assert gpus == () and words in reason


def test_a_driver_without_cards_says_so(a_driver, clock):
    assert GpuReader(a_driver, clock).read() == ((), "the NVIDIA driver sees no GPU")


@pytest.mark.parametrize(
    "failure",
    [
        pynvml.NVMLError_GpuIsLost(),
        pynvml.NVMLError_DriverNotLoaded(),
        pynvml.NVMLError_Uninitialized(),
        pynvml.NVMLError_Unknown(),
        pynvml.NVMLError_ResetRequired(),
    ],
)
def test_a_driver_lost_at_run_time_is_found_again_with_new_handles(a_card, a_driver, clock, failure):
    driver = a_driver(a_card())
    reader = GpuReader(lambda: driver, clock)
    assert watch(reader, clock, 3) == [(1, "")] * 3
    driver.gone = failure
    lost = watch(reader, clock, 25)
    assert {count for count, _ in lost} == {0} and all(reason for _, reason in lost)
    driver.gone = None
    found = watch(reader, clock, 12)
    assert found[-1] == (1, "")
    assert driver.opened == 2 and driver.calls["nvmlInit"] == 4


def test_a_card_that_falls_off_the_bus_answers_nothing_and_is_gone(a_card, a_driver, clock):
    card = a_card()
    driver = a_driver(card)
    reader = GpuReader(lambda: driver, clock)
    reader.read()
    for asked in tuple(card):
        card[asked] = pynvml.NVMLError_Unknown()
    assert reader.read() == ((), "GPU 0: NVML failed: Unknown Error")


def test_a_card_that_is_lost_between_two_figures_is_gone_as_a_whole(a_card, a_driver, clock):
    driver = a_driver(a_card(nvmlDeviceGetTemperature=pynvml.NVMLError_GpuIsLost()))
    gpus, reason = GpuReader(lambda: driver, clock).read()
    assert gpus == () and "GPU is lost" in reason


def test_one_card_of_two_that_is_lost_leaves_the_other_and_may_come_back(a_card, a_driver, clock):
    driver = a_driver(a_card(), a_card())
    reader = GpuReader(lambda: driver, clock)
    assert watch(reader, clock, 2) == [(2, "")] * 2
    driver.cards[1] = a_card(nvmlDeviceGetTemperature=pynvml.NVMLError_GpuIsLost())
    said = watch(reader, clock, 100)
    assert set(said) == {(1, "GPU 1: NVML failed: GPU is lost")}
    assert driver.calls["nvmlInit"] <= 1 + 100 // OPEN_ANEW_S + 1
    driver.cards[1] = a_card()
    assert watch(reader, clock, 1) == [(2, "")]


def test_a_driver_that_is_let_go_twice_or_has_gone_first_is_no_trouble(a_card, a_driver, clock):
    driver = a_driver(a_card())
    reader = GpuReader(lambda: driver, clock)
    reader.read()
    driver.gone = pynvml.NVMLError_Uninitialized()
    reader.close()
    reader.close()
    assert driver.calls["nvmlShutdown"] == 1
