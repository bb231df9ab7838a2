"""Measures the machine at a fixed rate in one thread of its own; readers take the latest sample."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from b4tui import events
from b4tui.config import TelemetryConfig
from b4tui.telemetry.gpu import GpuReader
from b4tui.telemetry.host import HostReader
from b4tui.telemetry.processes import ProcessReader
from b4tui.telemetry.store import model_store
from b4tui.telemetry.types import MachineSample


class Sampler:
    """One thread, one sample every `interval_s` seconds. `gpu=False` never touches the NVIDIA driver.

    `store` is the folder of the models, whose disk is measured.
    """

    def __init__(
        self,
        interval_s: float = 1.0,
        gpu: bool = True,
        clock: Callable[[], datetime] = events.now,
        store: Path | None = None,
    ) -> None:
        self._interval_s = interval_s
        self._gpu = GpuReader() if gpu else None
        self._host = HostReader(store)
        self._processes = ProcessReader()
        self._clock = clock
        self._latest: MachineSample | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; a second start while it runs does nothing."""
        if self._thread is None:
            self._ended.clear()
            self._thread = threading.Thread(target=self._work, name="b4tui-telemetry", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End within a moment; a driver call that stalls is left behind in its daemon thread."""
        self._ended.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout=1.0)

    def latest(self) -> MachineSample | None:
        """The newest sample, None before the first."""
        return self._latest

    def sample(self) -> MachineSample:
        """Measure once, in the caller's thread."""
        gpus, reason = self._gpu.read() if self._gpu else ((), "GPU telemetry is off ([telemetry] gpu = false)")
        return MachineSample(
            at=self._clock(),
            gpus=gpus,
            gpu_reason=reason,
            host=self._host.read(),
            processes=self._processes.read(),
        )

    def _work(self) -> None:
        try:
            while not self._ended.is_set():
                # Whatever psutil met this time must not end all measuring; the sample that is shown says how old it is.
                with contextlib.suppress(Exception):
                    self._latest = self.sample()
                self._ended.wait(self._interval_s)
        finally:
            if self._gpu:
                self._gpu.close()


def sampler_for(telemetry: TelemetryConfig, environ: Mapping[str, str] = os.environ) -> Sampler:
    """The sampler that the settings ask for. `environ` may say where Ollama keeps its models."""
    store = model_store(telemetry.model_store, environ, Path.home())
    return Sampler(telemetry.interval_s, telemetry.gpu, store=store)
