"""What is measured and not told: tokens a second, our lines, the machine. Read into the snapshot again and again."""

from __future__ import annotations

import time
from datetime import datetime
from typing import TYPE_CHECKING

from b4tui.config import Settings
from b4tui.engines.dispatch.dispatcher import Dispatcher
from b4tui.events import Event, GpuFound, RunFinished, RunStarted, TextStreamed
from b4tui.runtime.engine_views import with_lines
from b4tui.runtime.engine_watch import Seen
from b4tui.runtime.fold import with_machine, with_rates, with_tokens
from b4tui.runtime.gauges.machine_watch import gpu_changes
from b4tui.runtime.gauges.meter import Meter
from b4tui.runtime.gauges.tokens import TokenTally
from b4tui.runtime.snapshot import Snapshot
from b4tui.telemetry.types import MachineSample

if TYPE_CHECKING:
    from b4tui.telemetry.sampler import Sampler


class Gauges:
    """The instruments of one running system. `sampler` None: nobody looks at the machine."""

    def __init__(self, settings: Settings, dispatcher: Dispatcher, sampler: Sampler | None, since: datetime) -> None:
        self._settings = settings
        self._dispatcher = dispatcher
        self._sampler = sampler
        self._meter = Meter()
        self._tokens = TokenTally(since)

    def start(self) -> None:
        """Begin to look at the machine."""
        if self._sampler is not None:
            self._sampler.start()

    def stop(self) -> None:
        """End that; may take a moment."""
        if self._sampler is not None:
            self._sampler.stop()

    def add(self, event: Event) -> None:
        """Measure by what happened: called with every event."""
        if isinstance(event, TextStreamed):
            self._meter.piece(event.run, time.monotonic())
            return
        self._tokens.add(event)
        if isinstance(event, RunStarted):
            self._meter.begin(event.run, time.monotonic())
        elif isinstance(event, RunFinished):
            self._meter.end(event.run)
        elif isinstance(event, GpuFound):
            self._dispatcher.placer.back_to_gpu()

    def saw(self, seen: Seen) -> None:
        """An engine was looked at: how large its models are decides which of them fit together."""
        sizes = {**seen.sizes, **{model.name: model.size for model in seen.loaded if model.size}}
        self._dispatcher.residency[seen.engine].know(sizes)

    def read(self, snapshot: Snapshot, at: datetime, clock: float) -> tuple[Snapshot, tuple[Event, ...]]:
        """The snapshot with what is measured now, and what that says has happened. `clock` is monotonic seconds."""
        after = with_rates(snapshot, self._meter.read(clock))
        after = with_lines(after, self._dispatcher.lines(), at, clock)
        after = with_tokens(after, self._tokens.read(at))
        sample = self._sampler.latest() if self._sampler else None
        if sample is None:
            return after, ()
        self._share_memory(sample)
        return with_machine(after, sample), gpu_changes(snapshot.machine, sample)

    def _share_memory(self, sample: MachineSample) -> None:
        """The memory that the models of this machine's engines share: the GPUs', or the RAM where there is none."""
        cards = [gpu.memory_total for gpu in sample.gpus if gpu.memory_total]
        for name, residency in self._dispatcher.residency.items():
            if not self._settings.engines[name].pinned:
                residency.share(sum(cards) if cards else sample.host.memory_total, on_gpus=bool(cards))
