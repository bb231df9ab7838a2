"""`b4tui models pull`: have an engine fetch a model, and see it come."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from b4tui.cli.common import Failed, Place, guarded, json_option, place_options, print_json, say
from b4tui.cli.engines_used import engine_option, finish, opened, that_pulls
from b4tui.safe_text import visible

if TYPE_CHECKING:
    from b4tui.config import Settings
    from b4tui.engines.ollama.pulling import Pulled
    from b4tui.engines.ollama.tally import Standing

PLAIN_EVERY_S = 2.0


@click.command("pull", short_help="Have an engine fetch a model.")
@click.argument("name")
@place_options
@engine_option
@json_option
@guarded
def pull(name: str, place: Place, engine_name: str | None, as_json: bool) -> None:
    """Have an engine fetch the model NAME, or what that name stands for now.

    Bytes that came stay: a pull that was stopped goes on where it ended. A trusted model that would be replaced is kept
    beside the new one until that is accepted (`models pin`).
    """
    from b4tui.engines.names import is_cloud_name

    if is_cloud_name(name):
        raise Failed(f"{name} is the name of a cloud model, so nothing was sent: choose a local one")
    try:
        with _progress(name) as told:
            engine, pulled = finish(_pull(place.settings_here(), name, engine_name, told))
    except KeyboardInterrupt:
        _hint(f"stopped; what came stays on the server: `b4tui models pull {name}` goes on there")
        raise
    if as_json:
        print_json(_document(engine, pulled))
        return
    model = pulled.model
    say(f"{model.name} is on {engine}, digest {model.digest[:12]}{_what_changed(pulled)}")
    if pulled.kept:
        say(f"the trusted one is kept as {pulled.kept}")
    if step := _next_step(pulled):
        say(f"it is not the one that is trusted, and runs with it stop until you accept it: {step}")


async def _pull(
    settings: Settings, name: str, only: str | None, told: Callable[[Standing], None]
) -> tuple[str, Pulled]:
    from b4tui.engines.attestation.pins import Pins, pins_file
    from b4tui.engines.ollama.pulling import pull_model

    pins = Pins(pins_file(), learns=False)
    async with opened(settings, pins, only) as engines:
        engine = that_pulls(engines)
        return engine.name, await pull_model(engine, name, pins, told, time.monotonic)


def _what_changed(pulled: Pulled) -> str:
    if not pulled.before:
        return ""
    return ", as before" if pulled.before == pulled.model.digest else f" (it was {pulled.before[:12]})"


def _next_step(pulled: Pulled) -> str:
    if not pulled.to_accept:
        return ""
    name = pulled.model.name
    return f"`b4tui models check {name}`, then `b4tui models pin {name}`"


def _document(engine: str, pulled: Pulled) -> dict[str, Any]:
    return {
        "engine": engine,
        "model": pulled.model.name,
        "digest": pulled.model.digest,
        "size": pulled.model.size,
        "before": pulled.before,
        "pinned": pulled.pin.digest if pulled.pin else "",
        "kept": pulled.kept,
        "to_accept": pulled.to_accept,
        "next": _next_step(pulled),
    }


@contextmanager
def _progress(name: str) -> Iterator[Callable[[Standing], None]]:
    """Who is told how far it is: a bar where a person looks on, else a line now and then. On standard error."""
    if sys.stderr.isatty():
        with _bar(name) as told:
            yield told
    else:
        yield PlainLines(_hint, time.monotonic).tell


@contextmanager
def _bar(name: str) -> Iterator[Callable[[Standing], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        TextColumn("{task.fields[figures]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True, expand=True) as progress:
        task = progress.add_task(visible(name), total=None, figures="")

        def tell(standing: Standing) -> None:
            progress.update(
                task, total=standing.total or None, completed=standing.completed, figures=visible(in_words(standing))
            )

        yield tell


class PlainLines:
    """A pull as lines: each new step of it, and its figures every PLAIN_EVERY_S seconds by `clock`."""

    def __init__(self, write: Callable[[str], None], clock: Callable[[], float]) -> None:
        self._write = write
        self._clock = clock
        self._status = ""
        self._due = 0.0

    def tell(self, standing: Standing) -> None:
        """Take in how far it is."""
        now = self._clock()
        if standing.status == self._status and now < self._due:
            return
        self._status, self._due = standing.status, now + PLAIN_EVERY_S
        figures = in_words(standing)
        self._write(f"{standing.status}: {figures}" if figures else standing.status)


def in_words(standing: Standing) -> str:
    """`1.2 / 5.2 GB, 23 %, 48.0 MB/s, 1:23 left`; what is not known yet is left out."""
    if not standing.total:
        return ""
    share = 100 * standing.completed // standing.total
    unit, factor = ("GB", 1e9) if standing.total >= 1e9 else ("MB", 1e6)
    parts = [f"{standing.completed / factor:.1f} / {standing.total / factor:.1f} {unit}", f"{share} %"]
    if standing.rate is not None:
        parts.append(f"{standing.rate / 1e6:.1f} MB/s")
    if standing.left_s is not None:
        minutes, seconds = divmod(round(standing.left_s), 60)
        parts.append(f"{minutes}:{seconds:02} left")
    return ", ".join(parts)


def _hint(text: str) -> None:
    click.echo(visible(text), err=True)
