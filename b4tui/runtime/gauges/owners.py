"""Whose a model server's process is: the model it holds, as far as that is certain. Pure.

A process is matched by the weights it was started on. Where its engine does not say on which file a model lies (Ollama
does not), one process and one model are a match, and anything else is not told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from b4tui.engines.address import parse_address
from b4tui.engines.interface import LoadedModel
from b4tui.runtime.snapshot import EngineView
from b4tui.telemetry.types import ModelProcess, Program

ModelKey = tuple[str, str]  # engine and model

_BLOB = "sha256-"  # Ollama keeps weights as blobs/sha256-HEX
_KINDS: Mapping[Program, frozenset[str]] = {
    Program.OLLAMA: frozenset({"ollama"}),
    Program.LLAMA_SERVER: frozenset({"llama-server", "openai"}),
    Program.VLLM: frozenset({"vllm", "openai"}),
    Program.EMBEDDED: frozenset({"embedded"}),
}


class OwnerKind(StrEnum):
    """How exactly it is known who holds a piece of memory."""

    MODEL = "model"  # one model of one engine
    MODELS = "models"  # one of several models of one engine
    PROGRAM = "program"  # a process that no engine's model can be told for
    OTHER = "other"  # the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who a process works for. `model` where one is meant for sure; `meant` are all that may be, by engine and name.

    A program may be meant for models too, where they are of several engines: what they claim is then among its memory.
    """

    kind: OwnerKind
    label: str
    engine: str = ""
    model: LoadedModel | None = None
    meant: frozenset[ModelKey] = frozenset()
    orphan: bool = False


def of_model(engine: EngineView, model: LoadedModel) -> Owner:
    """One model of one engine as an owner."""
    meant = frozenset({(engine.name, model.name)})
    return Owner(kind=OwnerKind.MODEL, label=model.name, engine=engine.name, model=model, meant=meant)


def here(engines: Iterable[EngineView]) -> tuple[EngineView, ...]:
    """The engines whose models lie in this machine's memory: neither simulated nor somewhere else."""
    return tuple(engine for engine in engines if not engine.simulated and _on_this_machine(engine))


def owners(processes: Sequence[ModelProcess], engines: Sequence[EngineView]) -> Mapping[int, Owner]:
    """Every process's owner, by its pid. `engines` are those of this machine."""
    found: dict[int, Owner] = {}
    left: list[ModelProcess] = []
    for process in processes:
        owner = _by_weights(process, engines)
        if owner is None:
            left.append(process)
        else:
            found[process.pid] = owner
    told = frozenset(key for owner in found.values() for key in owner.meant)
    for process in left:
        found[process.pid] = _alone(process, left, engines, told)
    return found


def _by_weights(process: ModelProcess, engines: Sequence[EngineView]) -> Owner | None:
    """The owner where it needs no inference: an orphan's, and that of a file which a loaded model names."""
    if process.orphan or (process.program is Program.EMBEDDED and not process.ours):
        return _program(process)
    fitting = [engine for engine in engines if engine.kind in _kinds(process)]
    same = [(engine, model) for engine in fitting for model in engine.loaded if _same(process.weights, model)]
    if not same:
        return None
    if len({engine.name for engine, _ in same}) > 1:
        return _program(process, frozenset((engine.name, model.name) for engine, model in same))
    return _owner(same[0][0], [model for _, model in same])


def _alone(
    process: ModelProcess, left: Sequence[ModelProcess], engines: Sequence[EngineView], told: frozenset[ModelKey]
) -> Owner:
    """The owner of a process whose file no model names: sure only where no other process and no other model fits."""
    kinds = _kinds(process)
    fitting = [engine for engine in engines if engine.kind in kinds and engine.loaded]
    if len(fitting) != 1:
        return _program(process)
    engine = fitting[0]
    models = [
        model
        for model in engine.loaded
        if (engine.name, model.name) not in told and not (model.weights and process.weights)
    ]
    peers = {_started_on(other) for other in left if _kinds(other) == kinds}
    if not models or (len(peers) > 1 and engine.kind != "ollama"):
        return _program(process, _keys(engine, models))
    # Every runner of Ollama belongs to a model of Ollama, also while it lists fewer models than it has runners.
    return _several(engine, models) if len(peers) > 1 else _owner(engine, models)


def _owner(engine: EngineView, models: Sequence[LoadedModel]) -> Owner:
    return of_model(engine, models[0]) if len(models) == 1 else _several(engine, models)


def _several(engine: EngineView, models: Sequence[LoadedModel]) -> Owner:
    label = f"models of {engine.name}"
    return Owner(kind=OwnerKind.MODELS, label=label, engine=engine.name, meant=_keys(engine, models))


def _keys(engine: EngineView, models: Iterable[LoadedModel]) -> frozenset[ModelKey]:
    return frozenset((engine.name, model.name) for model in models)


def _program(process: ModelProcess, meant: frozenset[ModelKey] = frozenset()) -> Owner:
    name = process.weights.replace("\\", "/").rstrip("/").rpartition("/")[2]
    label = f"{process.program} {_short(name)}".strip()
    return Owner(kind=OwnerKind.PROGRAM, label=label, meant=meant, orphan=process.orphan)


def _short(name: str) -> str:
    """A blob by the twelve digits it is known by elsewhere; any other file by its name."""
    return name.removeprefix(_BLOB)[:12] if name.startswith(_BLOB) else name[:80]


def _same(weights: str, model: LoadedModel) -> bool:
    digest = model.digest.removeprefix("sha256:")
    return bool(weights) and (weights == model.weights or (len(digest) == 64 and weights.endswith(_BLOB + digest)))


def _started_on(process: ModelProcess) -> str | int:
    """What tells servers of one kind apart: vLLM runs several processes for one model, each other has one."""
    return process.weights if process.program is Program.VLLM else process.pid


def _kinds(process: ModelProcess) -> frozenset[str]:
    of_ollama = process.program is Program.LLAMA_SERVER and f"/{_BLOB}" in process.weights
    return _KINDS[Program.OLLAMA if of_ollama else process.program]


def _on_this_machine(engine: EngineView) -> bool:
    if engine.kind == "embedded" or engine.address.startswith("unix:"):
        return True
    try:
        return parse_address(engine.address).loopback
    except ValueError:
        return False
