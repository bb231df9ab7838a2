"""What changed between two samples of the machine: GPUs that went, GPUs that came. Pure."""

from __future__ import annotations

from datetime import timedelta

from b4tui.events import Event, GpuFound, GpuLost
from b4tui.telemetry.types import MachineSample

HISTORY = timedelta(minutes=10)
_CLOSEST = timedelta(seconds=0.9)  # samples of a second apart are all kept, however they jitter


def gpu_changes(before: MachineSample | None, after: MachineSample | None) -> tuple[Event, ...]:
    """The events between two samples that followed each other; none at the start, whatever there is then."""
    if before is None or after is None or before is after:
        return ()
    had = {(gpu.index, gpu.name) for gpu in before.gpus}
    has = {(gpu.index, gpu.name) for gpu in after.gpus}
    events: list[Event] = []
    if gone := sorted(had - has):
        names = ", ".join(name for _, name in gone)
        events.append(GpuLost(at=after.at, reason=f"{names}: {after.gpu_reason or 'the driver does not list it'}"))
    if new := sorted(has - had):
        events.append(GpuFound(at=after.at, names=tuple(name for _, name in new)))
    return tuple(events)


def with_sample(history: tuple[MachineSample, ...], sample: MachineSample) -> tuple[MachineSample, ...]:
    """The samples of the last ten minutes with the newest, at most about one a second however often they are taken."""
    if len(history) > 1 and history[-1].at - history[-2].at < _CLOSEST:
        history = history[:-1]
    # A clock that was set back leaves samples from the future behind: they go too.
    return (*(old for old in history if timedelta() <= sample.at - old.at <= HISTORY), sample)
