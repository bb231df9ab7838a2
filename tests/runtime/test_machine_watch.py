"""Samples become a history of ten minutes, and a GPU that goes or comes becomes an event."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from b4tui.events import GpuFound, GpuLost
from b4tui.runtime.fold import with_machine
from b4tui.runtime.gauges.machine_watch import gpu_changes, with_sample
from b4tui.runtime.snapshot import Snapshot
from b4tui.telemetry.sampler import Sampler
from b4tui.telemetry.types import GpuSample, HostSample, MachineSample

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOST = HostSample(cpu=None, memory_used=1, memory_total=2, swap_used=0, swap_total=0, load=None, cores=1)


def sample(*names: str, seconds: float = 0.0, reason: str = "") -> MachineSample:
    gpus = tuple(GpuSample(index=number, name=name) for number, name in enumerate(names) if name)
    return MachineSample(at=AT + timedelta(seconds=seconds), gpus=gpus, gpu_reason=reason, host=HOST)


def test_what_is_there_at_the_start_is_no_event():
    assert gpu_changes(None, sample("A")) == gpu_changes(None, sample()) == gpu_changes(sample("A"), None) == ()


def test_nothing_changes_while_the_cards_stay():
    one = sample("A", "B")
    assert gpu_changes(one, one) == gpu_changes(one, sample("A", "B", seconds=1)) == ()
    assert gpu_changes(sample(reason="no driver"), sample(seconds=1, reason="other words")) == ()


def test_a_driver_that_goes_is_an_event_with_its_reason():
    after = sample(seconds=1, reason="NVML failed: GPU is lost")
    assert gpu_changes(sample("A", "B"), after) == (GpuLost(at=after.at, reason="A, B: NVML failed: GPU is lost"),)


def test_a_driver_that_comes_is_an_event_with_the_cards_names():
    after = sample("A", "B", seconds=1)
    assert gpu_changes(sample(reason="no driver"), after) == (GpuFound(at=after.at, names=("A", "B")),)


def test_one_card_of_two_that_goes_is_named():
    after = sample("", "B", seconds=1)
    assert gpu_changes(sample("A", "B"), after) == (GpuLost(at=after.at, reason="A: the driver does not list it"),)


def test_a_card_that_was_exchanged_is_both():
    events = gpu_changes(sample("A"), sample("B", seconds=1))
    assert [type(event) for event in events] == [GpuLost, GpuFound]


@pytest.mark.parametrize(("interval", "kept"), [(1.0, 601), (5.0, 121), (60.0, 11)])
def test_the_history_is_of_ten_minutes_whatever_the_interval(interval, kept):
    history: tuple[MachineSample, ...] = ()
    for number in range(1000):
        history = with_sample(history, sample(seconds=number * interval))
    assert len(history) == kept
    assert history[-1].at - history[0].at == timedelta(minutes=10)


def test_samples_in_quick_succession_are_thinned_to_one_a_second_and_the_newest_is_kept():
    history: tuple[MachineSample, ...] = ()
    for number in range(100):
        newest = sample(seconds=number * 0.1)
        history = with_sample(history, newest)
        assert history[-1] is newest
    assert 10 <= len(history) <= 13
    assert history[0].at == AT


def test_a_clock_that_was_set_back_leaves_no_samples_from_the_future():
    history = with_sample((sample(), sample(seconds=3600)), sample(seconds=2))
    assert [it.at - AT for it in history] == [timedelta(), timedelta(seconds=2)]


def test_the_snapshot_holds_the_newest_sample_and_the_history_that_ends_with_it():
    snapshot = Snapshot(hub="hub")
    for second in range(3):
        snapshot = with_machine(snapshot, sample("A", seconds=second))
    assert snapshot.machine is snapshot.history[-1]
    assert (len(snapshot.history), snapshot.revision) == (3, 3)
    assert with_machine(snapshot, snapshot.machine) is snapshot
    assert with_machine(snapshot, None) is snapshot


class Samples(Sampler):
    """A sampler that says what the test hands it."""

    def __init__(self) -> None:
        super().__init__(gpu=False)
        self.now: MachineSample | None = None

    def start(self) -> None:
        return None

    def latest(self) -> MachineSample | None:
        return self.now


async def test_a_runtime_tells_of_a_gpu_that_is_lost_and_found_and_goes_on(make_world):
    world = await make_world([])
    samples = Samples()
    runtime = world.runtime(sampler=samples)
    await runtime.start()
    for number, told in enumerate((sample("A"), sample(seconds=1, reason="no driver"), sample("A", seconds=2))):
        samples.now = told
        await world.until(lambda number=number: len(runtime.snapshot.history) == number + 1, "the sample is taken in")
    assert [type(event) for event in world.told("gpu_lost", "gpu_found")] == [GpuLost, GpuFound]
    assert [line.text for line in runtime.snapshot.activity if "GPU" in line.text] == [
        "the GPU is gone: A: no driver",
        "the GPU can be read: A",
    ]
