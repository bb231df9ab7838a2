"""A model before and after it changed: the same trials put to both, and what became of each answer.

The old side is the trusted model where the server still has it under some name; else what it answered when it was last
checked. The model is looked at as if it were new, so that a change that stops runs does not stop the check of it; a
remote one gets no question all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from b4tui.engines.attestation.pins import Pin
from b4tui.engines.interface import Engine, Health, ModelInfo
from b4tui.engines.ollama.kept import find_digest
from b4tui.engines.ollama.stale import put_out_stale
from b4tui.engines.trials.diff import Compared, compare
from b4tui.engines.trials.records import Record, Records
from b4tui.engines.trials.run import TrialResult, run_trials
from b4tui.engines.trials.trials import LoadedAs, TrialSet

OLD_STAYS = "30s"  # how long the old model is kept in memory: the new one needs the room


class Source(StrEnum):
    """Where a side's answers come from."""

    SERVER = "server"  # asked now
    RECORD = "record"  # answered when it was last checked
    NONE = "none"  # it is gone and was never checked, or there never was another one


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two models: its digest ("" for none), its name on the server, where its answers come from.

    `note` says in words when they were recorded, or why there are none.
    """

    digest: str
    name: str
    source: Source
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCheck:
    """A finished check; `simulated` when the answers are from scripts."""

    simulated: bool
    new: Side
    old: Side
    rows: tuple[Compared, ...]

    @property
    def worse(self) -> bool:
        """Whether a rule that was kept is broken now."""
        return any(row.worse for row in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """What a check goes by: the questions, the records, what the server says of itself, how models are loaded, clocks.

    `told` hears of every answer: the side's name on the server, and the result. `clock` counts seconds.
    """

    trials: TrialSet
    records: Records
    health: Health
    loaded: LoadedAs
    told: Callable[[str, TrialResult], None]
    clock: Callable[[], float]
    now: Callable[[], datetime]


async def check_model(
    engine: Engine, model: ModelInfo, digest: str, pin: Pin | None, stock: tuple[ModelInfo, ...], how: Checking
) -> ModelCheck:
    """Put the trials to the old model and to the new one, whose digest is `digest`, and keep what they answered.

    `stock` is what the engine has. The old one is asked first, so that the new one is in memory afterwards. Raises
    EngineError where no question can be answered, RecordError.
    """
    old, record = old_side(model, digest, pin, stock, how)
    results: tuple[TrialResult, ...] = record.results if record else ()
    if old.source is Source.SERVER:
        brief = replace(how.loaded, keep_alive=OLD_STAYS)
        results = await _ask(engine, old, replace(how, loaded=brief))
    new = Side(digest=digest, name=model.name, source=Source.SERVER)
    rows = compare(await _ask(engine, new, how), results)
    return ModelCheck(simulated=how.health.simulated, new=new, old=old, rows=rows)


def old_side(
    model: ModelInfo, digest: str, pin: Pin | None, stock: tuple[ModelInfo, ...], how: Checking
) -> tuple[Side, Record | None]:
    """Whom to compare with, and what that one answered where it is not to be asked. Raises RecordError."""
    if pin is None:
        nobody = "nothing was trusted before: the answers are kept for the next check"
        return Side(digest="", name="", source=Source.NONE, note=nobody), None
    other = find_digest(pin.digest, stock, but=model.name) if pin.digest != digest else None
    if other is not None:
        return Side(digest=pin.digest, name=other.name, source=Source.SERVER), None
    record = how.records.get(pin.digest)
    if record is None or record.mark != how.trials.mark:
        return Side(digest=pin.digest, name="", source=Source.NONE, note=_no_record(pin, digest, record)), None
    since = f"answered at its last check, {record.at:%Y-%m-%d}, by server version {record.version or 'unknown'}"
    return Side(digest=pin.digest, name=record.model, source=Source.RECORD, note=since), record


def _no_record(pin: Pin, digest: str, record: Record | None) -> str:
    if record is not None:
        return "its recorded answers are to other questions than those of this version of b4tui"
    if pin.digest == digest:
        return "the model did not change, and was never checked: the answers are kept for the next check"
    return "the trusted model is gone from the server, and its answers were never recorded"


async def _ask(engine: Engine, side: Side, how: Checking) -> tuple[TrialResult, ...]:
    await put_out_stale(engine, side.name, side.digest)
    results: list[TrialResult] = []
    async for result in run_trials(engine, side.name, how.trials, how.loaded, how.clock):
        how.told(side.name, result)
        results.append(result)
    how.records.keep(
        Record(
            digest=side.digest,
            model=side.name,
            mark=how.trials.mark,
            version=how.health.version,
            at=how.now(),
            results=tuple(results),
        )
    )
    return tuple(results)
