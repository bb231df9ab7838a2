"""Who holds which memory: what NVML and psutil measured, and the models that engines say are loaded. Pure.

A figure is the driver's or the kernel's where they have one. Where they have none (a container, a virtual slice, a card
of another maker) it is what the engine says of itself, and is marked as claimed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from b4tui.engines.interface import LoadedModel
from b4tui.runtime.gauges.owners import ModelKey, Owner, OwnerKind, here, of_model, owners
from b4tui.runtime.snapshot import EngineView
from b4tui.telemetry.types import GpuSample, MachineSample


class Memory(StrEnum):
    """Which memory."""

    GPU = "gpu"
    RAM = "ram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One piece of memory and who holds it. `label` is a model, `models of ENGINE`, a program or `other`: foreign text.

    `size` in bytes, None where nobody says; `claimed` when only the engine says so. `gpu` is the GPU's index; None in
    RAM, and where one of several GPUs is meant and nobody says which. `spilled` are the bytes of the whole model that
    lie in RAM because they do not lie on a GPU, by its engine. `orphan`: its server is gone, only its end frees this.
    """

    kind: OwnerKind
    label: str
    memory: Memory
    gpu: int | None = None
    size: int | None = None
    claimed: bool = False
    spilled: int = 0
    engine: str = ""
    pid: int | None = None
    orphan: bool = False


def holders(sample: MachineSample, engines: Iterable[EngineView]) -> tuple[Holder, ...]:
    """Every GPU's holders in order of the GPUs, then RAM's; in each the largest first, what is left last."""
    local = here(engines)
    known = owners(sample.processes, local)
    on_gpus = [_on_gpu(gpu, sample.gpus, known) for gpu in sample.gpus]
    claims = _claims_on_gpus(sample.gpus, on_gpus, known, local)
    rows: list[Holder] = []
    for gpu, measured in zip(sample.gpus, on_gpus, strict=True):
        held = [*measured, *(claim for claim in claims if claim.gpu == gpu.index)]
        rows += _in_order(held, _left(gpu.memory_used, held), Memory.GPU, gpu.index)
    rows += _in_order([claim for claim in claims if claim.gpu is None], 0, Memory.GPU, None)
    return (*rows, *_in_ram(sample, known, local))


def spilled(model: LoadedModel) -> int:
    """The bytes of a loaded model that lie in RAM, by its engine; 0 where it does not say."""
    return max(0, model.size - model.vram) if model.vram is not None else 0


def _on_gpu(gpu: GpuSample, gpus: Sequence[GpuSample], known: Mapping[int, Owner]) -> list[Holder]:
    """The processes that the driver names on a GPU, each with its own figure or, where it has none, a claim."""
    rows = []
    for process in gpu.processes or ():
        owner = known.get(process.pid) or Owner(kind=OwnerKind.PROGRAM, label=process.name or f"process {process.pid}")
        measured = process.memory is not None
        size = process.memory if measured else _claim_of(process.pid, owner, gpus, known)
        rows.append(_row(owner, Memory.GPU, size, gpu=gpu.index, pid=process.pid, claimed=not measured and bool(size)))
    return rows


def _claim_of(pid: int, owner: Owner, gpus: Sequence[GpuSample], known: Mapping[int, Owner]) -> int | None:
    """What the engine says the process holds: known only where one process on one GPU holds the whole model."""
    if owner.model is None:
        return None
    places = [process.pid for gpu in gpus for process in gpu.processes or () if known.get(process.pid) == owner]
    return owner.model.vram or None if places == [pid] else None


def _claims_on_gpus(
    gpus: Sequence[GpuSample],
    measured: Sequence[Sequence[Holder]],
    known: Mapping[int, Owner],
    engines: Sequence[EngineView],
) -> list[Holder]:
    """Models that say they lie on a GPU, where the driver names no process of theirs.

    A claim that is larger than what is left unexplained must be among the processes that were measured: it is left out.
    """
    pids = {process.pid for gpu in gpus for process in gpu.processes or ()}
    seen = _keys(known[pid] for pid in pids if pid in known)
    left = [_left(gpu.memory_used, rows) for gpu, rows in zip(gpus, measured, strict=True)]
    room = math.inf if not gpus or None in left else sum(size or 0 for size in left)
    claims = []
    for owner, model in _loaded(engines):
        if model.vram and model.vram <= room and not owner.meant & seen:
            room -= model.vram
            gpu = gpus[0].index if len(gpus) == 1 else None
            claims.append(_row(owner, Memory.GPU, model.vram, gpu=gpu, claimed=True))
    return claims


def _in_ram(sample: MachineSample, known: Mapping[int, Owner], engines: Sequence[EngineView]) -> list[Holder]:
    """What model servers keep in RAM; pages of files count for a process, but not in what the kernel calls used."""
    rows = [_row(known[process.pid], Memory.RAM, process.memory, pid=process.pid) for process in sample.processes]
    seen = _keys(known.values())
    claims = [
        _row(owner, Memory.RAM, spilled(model), claimed=True)
        for owner, model in _loaded(engines)
        if spilled(model) and not owner.meant & seen
    ]
    own = sum((process.memory or 0) - (process.mapped or 0) for process in sample.processes)
    left = sample.host.memory_used - own - sum(claim.size or 0 for claim in claims)
    return _in_order([*rows, *claims], left, Memory.RAM, None)


def _in_order(rows: Sequence[Holder], left: int | None, memory: Memory, gpu: int | None) -> list[Holder]:
    """The largest first, those without a figure after them, and last what nobody is known to hold."""
    ordered = sorted(rows, key=lambda row: (row.size is None, -(row.size or 0), row.label, row.pid or 0))
    if left is not None and left > 0:
        ordered.append(Holder(kind=OwnerKind.OTHER, label="other", memory=memory, gpu=gpu, size=left))
    return ordered


def _left(used: int | None, rows: Iterable[Holder]) -> int | None:
    return None if used is None else max(0, used - sum(row.size or 0 for row in rows))


def _row(
    owner: Owner,
    memory: Memory,
    size: int | None,
    *,
    gpu: int | None = None,
    pid: int | None = None,
    claimed: bool = False,
) -> Holder:
    return Holder(
        kind=owner.kind,
        label=owner.label,
        memory=memory,
        gpu=gpu,
        size=size,
        claimed=claimed,
        spilled=spilled(owner.model) if owner.model else 0,
        engine=owner.engine,
        pid=pid,
        orphan=owner.orphan,
    )


def _loaded(engines: Iterable[EngineView]) -> Iterator[tuple[Owner, LoadedModel]]:
    return ((of_model(engine, model), model) for engine in engines for model in engine.loaded)


def _keys(found: Iterable[Owner]) -> frozenset[ModelKey]:
    return frozenset(key for owner in found for key in owner.meant)
