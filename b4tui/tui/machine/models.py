"""The models that roles want, and whatever else the engines hold in memory: what is known of each, and why not more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from b4tui.board.times import instant
from b4tui.engines.interface import LoadedModel
from b4tui.engines.names import whole_name
from b4tui.events import EngineStatus
from b4tui.runtime.snapshot import EngineView, ModelView, Snapshot
from b4tui.tui import words
from b4tui.tui.attention import refused
from b4tui.tui.badges import badge, engine_badge, short_digest
from b4tui.tui.paint import Ink, Line, Span, flowing, line, wrapped

INDENT = "  "
FOREVER_S = 20 * 365 * 86400.0
"""A model that leaves memory after that long is to stay: what Ollama says for `keep_alive = -1`."""

STATES = {
    EngineStatus.UP: ("● up", Ink.ACCENT),
    EngineStatus.DOWN: ("✗ down", Ink.BAD),
    EngineStatus.UNKNOWN: ("○ asking", Ink.FAINT),
}
"""The words of an engine's state, with their ink."""


@dataclass(frozen=True, slots=True)
class Card:
    """One model on one engine; `view` is None for a model that no role wants, `loaded` for one not in memory."""

    engine: EngineView
    view: ModelView | None
    loaded: LoadedModel | None
    wanted: bool


def model_lines(snapshot: Snapshot, now: datetime, width: int) -> tuple[Line, ...]:
    """The section for a pane of `width` cells."""
    return tuple(_lines(snapshot, now, width)) or (
        Line(),
        line(Span("  No engine is configured: b4tui doctor", Ink.SOFT)),
    )


def _lines(snapshot: Snapshot, now: datetime, width: int) -> Iterator[Line]:
    amber = {(engine.name, model.name) for engine, model in refused(snapshot)}
    for number, engine in enumerate(snapshot.engines):
        if number:
            yield Line()
        yield from engine_lines(snapshot, engine, width)
        for card in _cards(engine, amber):
            yield from _card(card, now, width)


def engine_lines(snapshot: Snapshot, engine: EngineView, width: int) -> Iterator[Line]:
    """Name, kind, version, state, whether it is simulated, where it is; and why it does not answer."""
    sign, ink = STATES[engine.status]
    kind = "" if engine.kind == engine.name else f"{engine.kind} "
    told = [(Span(engine.name, Ink.STRONG), Span(f"  {kind}{engine.version}".rstrip(), Ink.SOFT)), (Span(sign, ink),)]
    if engine.simulated:
        told.append((Span(" SIMULATED ", Ink.INVERSE),))
    told.append((engine_badge(snapshot, engine),) if engine.status is EngineStatus.UP else ())
    told.append((Span(engine.address.removeprefix("http://"), Ink.FAINT),))
    yield from flowing([piece for piece in told if piece], width)
    if engine.status is EngineStatus.DOWN:
        yield from _indented(engine.reason or f"{engine.address} does not answer", width, Ink.BAD)


def _cards(engine: EngineView, amber: set[tuple[str, str]]) -> Iterator[Card]:
    rest = list(engine.loaded)
    for view in engine.models:
        loaded = next((one for one in rest if whole_name(one.name) == whole_name(view.name)), None)
        if loaded is not None:
            rest.remove(loaded)
        yield Card(engine, view, loaded, (engine.name, view.name) in amber)
    for loaded in rest:
        yield Card(engine, None, loaded, False)


def _card(card: Card, now: datetime, width: int) -> Iterator[Line]:
    view, loaded = card.view, card.loaded
    name = view.name if view is not None else loaded.name if loaded is not None else ""
    # Of a server that does not answer nothing is proven, and nobody knows what it holds.
    up = card.engine.status is EngineStatus.UP
    seal = (badge(view.locality, wanted=card.wanted),) if view is not None and up else ()
    yield line(Span(INDENT), Span(name, Ink.STRONG), right=seal)
    margin = (Span(2 * INDENT),)
    yield from flowing(_memory(loaded, view, now, up=up), width, margin)
    yield from flowing(_identity(loaded, view), width, margin)
    if view is not None and view.pinned and view.digest and view.pinned != view.digest:
        told = (
            f"trusted is {short_digest(view.pinned)}: `b4tui models check` shows what changed, `models pin` accepts it"
        )
        yield from _indented(told, width, Ink.ATTENTION)
    if view is not None and view.reason:
        yield from _indented(view.reason, width, Ink.ATTENTION if card.wanted else Ink.SOFT)
        yield from _indented(view.fix, width, Ink.INK)


def _memory(
    loaded: LoadedModel | None, view: ModelView | None, now: datetime, *, up: bool
) -> Iterator[tuple[Span, ...]]:
    """Whose it is, and how it lies in memory."""
    yield (Span(", ".join(view.roles) or "no role", Ink.INFO),) if view is not None else (Span("no role's", Ink.SOFT),)
    if loaded is None:
        yield (Span("not in memory" if up else "memory n/a", Ink.FAINT),)
        return
    yield (Span(words.gigabytes(loaded.size or None), Ink.INK),)
    if loaded.size:
        yield (Span(split(loaded), Ink.SOFT),)
    if loaded.context:
        yield (Span(f"context {words.count(loaded.context)}", Ink.SOFT),)
    if leaves := expiry(loaded, now):
        yield (Span(leaves, Ink.SOFT),)


def split(loaded: LoadedModel) -> str:
    """How a model is shared between GPU and CPU, as its server says; NVML's figures are in the memory section."""
    if loaded.vram is None:
        return "GPU share n/a"
    share = min(100, max(0, loaded.vram * 100 // loaded.size))
    return {0: "all on the CPU", 100: "all on the GPU"}.get(share, f"{share} % GPU, {100 - share} % CPU")


def expiry(loaded: LoadedModel, now: datetime) -> str:
    """When a model leaves memory if nobody asks it anything: `leaves in 4m`; "" where that is not known."""
    moment = instant(loaded.expires_at)
    if moment is None:
        return ""
    left = moment - now.timestamp()
    return "stays" if left > FOREVER_S else f"leaves in {words.age(left)}" if left >= 1 else "leaves now"


def _identity(loaded: LoadedModel | None, view: ModelView | None) -> Iterator[tuple[Span, ...]]:
    digest = (view.digest if view is not None else "") or (loaded.digest if loaded is not None else "")
    yield Span("digest ", Ink.FAINT), Span(short_digest(digest), Ink.SOFT)
    if view is not None:
        if view.pinned and view.pinned == view.digest:
            yield (Span("pinned", Ink.SOFT),)
        yield Span("profile ", Ink.FAINT), Span(view.profile or "n/a", Ink.SOFT)


def _indented(text: str, width: int, ink: Ink) -> Iterator[Line]:
    if text:
        for row in wrapped(text, max(10, width - 4), ink, limit=2000):
            yield Line((Span(2 * INDENT), *row.left))
