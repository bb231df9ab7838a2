"""The doctor's checks of the machine: its GPU, model servers that were left behind, servers that write prompts down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import psutil

from b4tui.engines.errors import plain
from b4tui.runtime.doctor.diagnosis import Check, Status
from b4tui.telemetry.gpu import NO_DRIVER
from b4tui.telemetry.types import MachineSample, ModelProcess

LOGS_PROMPTS = "OLLAMA_DEBUG_LOG_REQUESTS"
_GIB = 1 << 30


def gpu_checks(sample: MachineSample, *, asked: bool) -> list[Check]:
    """Which GPUs there are; `asked` is whether the settings let the driver be asked."""
    if not asked:
        return [Check("gpu", Status.ABSENT, "GPU telemetry is off", "[telemetry] gpu = true")]
    names = ", ".join(
        f"{gpu.name} ({gpu.memory_total / _GIB:.0f} GiB)" if gpu.memory_total else gpu.name for gpu in sample.gpus
    )
    if names and not sample.gpu_reason:
        return [Check("gpu", Status.OK, names)]
    if sample.gpu_reason == NO_DRIVER:
        return [Check("gpu", Status.ABSENT, sample.gpu_reason)]
    # A driver that is there and does not serve its cards: models fall back to the CPU, an order of magnitude slower.
    detail = f"{names}; lost: {sample.gpu_reason}" if names else sample.gpu_reason
    fix = "`nvidia-smi` and `dmesg` say more; a card that fell off the bus comes back with a restart of the machine"
    return [Check("gpu", Status.WARN, detail, fix)]


def orphan_checks(processes: Iterable[ModelProcess]) -> list[Check]:
    """Processes whose server is gone: they keep a model in memory that nobody can use (research/runtime.md 1.12)."""
    return [_orphan(process) for process in processes if process.orphan]


def _orphan(process: ModelProcess) -> Check:
    held = f", {process.memory / _GIB:.1f} GiB of memory" if process.memory else ""
    what = f" with {plain(process.weights, 120)}" if process.weights else ""
    detail = f"process {process.pid} ({plain(process.program, 40)}{what}{held}) outlived the server that started it"
    return Check("left behind", Status.WARN, detail, f"`kill {process.pid}` gives its memory back")


def prompt_log_check(servers: Iterable[tuple[int, Mapping[str, str]]]) -> list[Check]:
    """Whether an Ollama writes prompts to disk; `servers` are those whose environment may be read, by process."""
    return [
        Check(
            "prompts on disk",
            Status.WARN,
            f"Ollama (process {pid}) writes every prompt to its temporary folder ({LOGS_PROMPTS} is set)",
            f"start it without {LOGS_PROMPTS}",
        )
        for pid, environ in servers
        if environ.get(LOGS_PROMPTS, "").strip().casefold() not in {"", "0", "f", "false"}
    ]


def ollama_servers() -> Iterator[tuple[int, Mapping[str, str]]]:
    """The Ollama processes of this user with their environments; those of others may not be looked into."""
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "ollama":
            try:
                yield process.pid, process.environ()
            except (psutil.Error, OSError):
                continue
