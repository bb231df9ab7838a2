"""Who holds which memory: a bar per GPU and one for RAM, cut into what each model or program holds, with its legend.

A piece has a sign of its own, in the bar and in the legend, so that it needs no colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from b4tui.runtime.gauges.holders import Holder, Memory, holders
from b4tui.runtime.gauges.owners import OwnerKind
from b4tui.runtime.snapshot import Snapshot
from b4tui.telemetry.types import MachineSample
from b4tui.tui import words
from b4tui.tui.paint import Ink, Line, Span, flowing, line, width_of, wrapped

LABEL = 6
SIZES = 18
"""Cells of `19.6 / 24.0 GB` at the end of a bar."""
MARKS = (("█", Ink.ACCENT), ("▓", Ink.INFO), ("▒", Ink.ACCENT), ("▞", Ink.INFO))
ORPHAN, OTHER, FREE = ("▚", Ink.ATTENTION), ("░", Ink.SOFT), ("·", Ink.FAINT)

Mark = tuple[str, Ink]


@dataclass(frozen=True, slots=True)
class Store:
    """One memory: a GPU's or the machine's. Bytes; None where not known."""

    label: str
    used: int | None
    total: int | None
    held: tuple[Holder, ...]


def memory_lines(snapshot: Snapshot, width: int) -> tuple[Line, ...]:
    """The section for a pane of `width` cells."""
    if snapshot.machine is None:
        return (Line(), line(Span("  Not measured yet.", Ink.SOFT)))
    return tuple(_all(snapshot.machine, holders(snapshot.machine, snapshot.engines), width))


def _all(machine: MachineSample, rows: Sequence[Holder], width: int) -> Iterator[Line]:
    def held(memory: Memory, gpu: int | None) -> tuple[Holder, ...]:
        return tuple(row for row in rows if row.memory is memory and row.gpu == gpu)

    told: set[int | None] = set()
    for gpu in machine.gpus:
        place = Store(f"gpu {gpu.index}", gpu.memory_used, gpu.memory_total, held(Memory.GPU, gpu.index))
        yield from _store(place, told, width)
    if unplaced := held(Memory.GPU, None):
        yield line(Span("on a GPU; nobody says on which", Ink.FAINT))
        yield from _legend(unplaced, _marks(unplaced), told, width)
        yield Line()
    host = machine.host
    yield from _store(Store("ram", host.memory_used, host.memory_total, held(Memory.RAM, None)), told, width)


def _store(store: Store, told: set[int | None], width: int) -> Iterator[Line]:
    """One memory; `told` are the orphans whose ending was explained already."""
    marks = _marks(store.held)
    sizes = Span(f"{words.share(store.used, store.total):>{SIZES - 2}}", Ink.INK)
    cells = max(4, width - LABEL - SIZES)
    yield line(Span(f"{store.label:<{LABEL}}", Ink.FAINT), *_bar(store, marks, cells), right=(sizes,))
    yield from _legend(store.held, marks, told, width)
    if store.total is not None and store.used is not None:
        yield line(*_entry(FREE, store.total - store.used), Span("free", Ink.FAINT))


def _marks(held: Sequence[Holder]) -> tuple[Mark, ...]:
    """Every holder's sign, in the order of the holders; they repeat where there are many."""
    marks: list[Mark] = []
    for holder in held:
        if holder.orphan:
            marks.append(ORPHAN)
        elif holder.kind is OwnerKind.OTHER:
            marks.append(OTHER)
        else:
            marks.append(MARKS[sum(mark in MARKS for mark in marks) % len(MARKS)])
    return tuple(marks)


def _bar(store: Store, marks: Sequence[Mark], cells: int) -> Iterator[Span]:
    sizes = [holder.size or 0 for holder in store.held]
    whole = max(store.total or 0, sum(sizes), 1)
    parts = fitted([size / whole for size in sizes], cells)
    for (sign, ink), part in zip(marks, parts, strict=True):
        yield Span(sign * part, ink)
    yield Span(FREE[0] * (cells - sum(parts)), FREE[1])


def fitted(shares: Sequence[float], cells: int) -> tuple[int, ...]:
    """Shares of a bar as whole cells, at least one for whatever is there; the largest gives way."""
    parts = [max(1, round(share * cells)) if share > 0 else 0 for share in shares]
    while parts and sum(parts) > cells and max(parts) > 0:
        parts[parts.index(max(parts))] -= 1
    return tuple(parts)


def _legend(held: Sequence[Holder], marks: Sequence[Mark], told: set[int | None], width: int) -> Iterator[Line]:
    for holder, mark in zip(held, marks, strict=True):
        margin = _entry(mark, holder.size)
        yield from flowing(_pieces(holder), width, margin)
        if holder.orphan and holder.pid not in told:
            told.add(holder.pid)
            ending = "ending it" if holder.pid is None else f"`kill {holder.pid}`"
            advice = f"its server is gone and nobody asks it any more: {ending} frees what it holds"
            blank = Span(" " * width_of(margin))
            for row in wrapped(advice, max(10, width - len(blank.text)), Ink.ATTENTION):
                yield Line((blank, *row.left))


def _entry(mark: Mark, size: int | None) -> tuple[Span, ...]:
    """What a line of a legend begins with: sign and size."""
    return Span(" " * LABEL), Span(f"{mark[0]} ", mark[1]), Span(f"{words.piece(size):>8}  ", Ink.INK)


def _pieces(holder: Holder) -> Iterator[tuple[Span, ...]]:
    yield (Span(holder.label[:200], Ink.SOFT if holder.kind is OwnerKind.OTHER else Ink.STRONG),)
    if holder.engine and holder.kind is OwnerKind.MODEL:
        yield (Span(holder.engine, Ink.FAINT),)
    if holder.pid is not None:
        yield (Span(f"pid {holder.pid}", Ink.FAINT),)
    if holder.orphan:
        yield (Span("▲ orphan", Ink.ATTENTION),)
    if holder.claimed:
        yield (Span(f"as {holder.engine or 'its engine'} says", Ink.FAINT),)
    if holder.memory is Memory.GPU and holder.spilled:
        yield (Span(f"{words.gigabytes(holder.spilled)} more in RAM", Ink.SOFT),)
