"""Tokens by agent and by model: how fast they come and are read, how many were cached, how long one waits for them."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size

from b4tui.runtime.snapshot import Snapshot, TokenFigures
from b4tui.tui import words
from b4tui.tui.paint import Ink, Line, Span, flowing, line, plain, sparkline
from b4tui.tui.widgets.machine_panel import history, total_rate

COLUMNS = {"gen/s": 7, "prompt/s": 10, "cached": 7, "ttft": 7, "queue": 7, "load": 7}
"""Heads with the cells of their columns: generated and computed prompt tokens a second, the cached share, and seconds
to the first token, in our own queue, and of loading; the last three of the last answer, whenever that was."""
SECOND_HAND = 60
"""Seconds of the graph of what streams now."""


def token_lines(snapshot: Snapshot, width: int) -> tuple[Line, ...]:
    """The section for a pane of `width` cells."""
    return tuple(_lines(snapshot, width))


def _lines(snapshot: Snapshot, width: int) -> Iterator[Line]:
    past = sparkline(history(snapshot), min(SECOND_HAND, max(6, width - 32)))
    yield line(
        Span("now  ", Ink.FAINT),
        Span(past, Ink.ACCENT),
        Span(f"  {words.rate(total_rate(snapshot))}", Ink.STRONG),
    )
    name = max(8, width - sum(COLUMNS.values()))
    heads = "".join(f"{title:>{cells}}" for title, cells in COLUMNS.items())
    yield line(Span(_fixed("last min", name) + heads, Ink.FAINT))
    tokens = snapshot.tokens
    for view in snapshot.agents:
        yield from _rows(view.name, tokens.agents.get(view.key), name)
    for model, figures in tokens.models.items():
        yield from _rows(model, figures, name)
    yield from _rows("all", tokens.total, name)
    if tokens.total.requests:
        yield line(Span("ttft, queue and load are those of the last answer", Ink.FAINT))
    yield from flowing(_totals(tokens.total), width, (Span("since the start  ", Ink.FAINT),))


def _rows(name: str, figures: TokenFigures | None, room: int) -> Iterator[Line]:
    """One line; a name too long for its column has a line of its own above its figures."""
    if cell_len(plain(name, 200)) >= room:
        yield line(Span(name[:200], Ink.INK))
        name = ""
    yield _row(name, figures, room)


def _row(name: str, figures: TokenFigures | None, room: int) -> Line:
    title = Span(_fixed(name, room), Ink.INK)
    if figures is None or not figures.requests:
        return line(title, Span(f"{'no answer yet':>{sum(COLUMNS.values())}}", Ink.FAINT))
    share = figures.cached_share
    values = (
        _rate(figures.generated_per_s),
        _rate(figures.prompt_per_s),
        "n/a" if share is None else f"{100 * share:.0f} %",
        _seconds(figures.first_token_s),
        _seconds(figures.queue_s),
        _seconds(figures.load_s),
    )
    cells = (f"{value:>{cells}}" for value, cells in zip(values, COLUMNS.values(), strict=True))
    return line(title, Span("".join(cells), Ink.SOFT))


def _fixed(name: str, cells: int) -> str:
    """A name in exactly so many cells."""
    return set_cell_size(plain(name, 200), cells)


def _rate(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _seconds(value: float | None) -> str:
    if value is None:
        return "n/a"
    return f"{value:.1f} s" if value < 100 else words.span(value)


def _totals(total: TokenFigures) -> Iterator[tuple[Span, ...]]:
    yield (Span(words.plural(total.requests, "answer"), Ink.SOFT),)
    yield (Span(f"{words.count(total.generated_tokens)} tok generated", Ink.SOFT),)
    yield (Span(f"{words.count(total.prompt_tokens)} tok of prompts", Ink.SOFT),)
    yield (Span(f"{words.count(total.cached_tokens)} of them from caches", Ink.SOFT),)
