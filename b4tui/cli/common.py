"""What every command shares: where the hub is, which settings hold, how errors and JSON are printed."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from b4tui import config
from b4tui.config import ConfigError, Settings
from b4tui.safe_text import visible

if TYPE_CHECKING:
    from b4tui.board.model import Bead, Hub
    from b4tui.board.store import BoardStore
    from b4tui.escalation.guard import EgressGuard

F = TypeVar("F", bound=Callable[..., Any])


class Failed(click.ClickException):
    """The command failed; the message says why and what to do."""

    exit_code = 1

    def show(self, file: Any = None) -> None:
        """On standard error, sanitised: the message may quote foreign text."""
        click.echo(f"b4tui: {visible(self.message)}", err=True, file=file)


class StaysHere(Failed):
    """The gate said `local_only`."""

    exit_code = 3


class NoEngine(Failed):
    """No engine answers."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Place:
    """Which hub and which settings a command works with; `guard` is told of the engines that are pinned."""

    hub: Path | None = None
    config_file: Path | None = None
    local_only: bool = False
    guard: EgressGuard | None = None

    def settings(self, overrides: Mapping[str, Any] | None = None, hub: Path | None = None) -> Settings:
        """The settings in force; `hub` is the root of the hub that was found."""
        tree = dict(overrides or {})
        if self.local_only:
            policy = dict(tree.get("policy") or {})
            tree["policy"] = {**policy, "escalation": {**(policy.get("escalation") or {}), "local_only": True}}
        settings = config.load(hub=hub, config_file=self.config_file, overrides=tree)
        self._open_to_engines(settings)
        return settings

    def _open_to_engines(self, settings: Settings) -> None:
        """Tell the guard which other machines are the operator's own."""
        if self.guard is None or not any(engine.pinned for engine in settings.engines.values()):
            return
        from b4tui.engines.address import pinned_places

        for host, port in pinned_places(settings.engines):
            self.guard.pin(host, port)

    def settings_here(self) -> Settings:
        """The settings in force where we are: with those of the hub, if there is one that can be opened."""
        from b4tui.board.store import BoardError

        try:
            root = self.find_hub().root
        except BoardError:
            root = None
        return self.settings(hub=root)

    def find_hub(self) -> Hub:
        """The hub: `--hub`, else from here upwards or `BEADS_DIR`, else the configured one. Raises NoHub."""
        from b4tui.board.discover import find_hub, open_hub

        if self.hub is not None:
            return open_hub(self.hub)
        return find_hub(Path.cwd(), os.environ, self.settings().hub)

    def store(self) -> BoardStore:
        """The store of that hub."""
        from b4tui.board.stores import open_store

        return open_store(self.find_hub(), lambda text: click.echo(f"b4tui: {visible(text)}", err=True))


def place_options(function: F) -> F:
    """Give a command `--hub` and `--config`, as one `place` argument; the group's own are the fallback."""

    @click.option("--hub", type=click.Path(path_type=Path), metavar="PATH", help="The hub to work on.")
    @click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="FILE",
        help="Settings that win over the user's and the hub's.",
    )
    @functools.wraps(function)
    def wrapper(*args: Any, hub: Path | None, config_file: Path | None, **kwargs: Any) -> Any:
        context = click.get_current_context()
        outer = context.obj if isinstance(context.obj, Place) else Place()
        place = replace(
            outer,
            hub=hub or outer.hub,
            config_file=config_file or outer.config_file,
            local_only=kwargs.pop("local_only", False) or outer.local_only,
        )
        return function(*args, place=place, **kwargs)

    return cast(F, wrapper)


def local_only_option(function: F) -> F:
    """Give a command `--local-only`, beside the place options that read it."""
    words = "Escalation is impossible: nothing can leave this machine, whatever is configured."
    return click.option("--local-only", is_flag=True, help=words)(function)


def json_option(function: F) -> F:
    """Give a command `--json`, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")(function)


def guarded(function: F) -> F:
    """Turn the house's own errors into one line on standard error and an exit code."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        from b4tui.board.store import BoardError

        try:
            return function(*args, **kwargs)
        except (ConfigError, BoardError) as error:
            raise Failed(str(error)) from error
        except PermissionError as error:
            if error.filename is None:  # it was not about a file
                raise
            raise Failed(f"{error.filename}: {error.strerror}: make it yours, or name another") from error

    return cast(F, wrapper)


def print_json(document: Any) -> None:
    """One JSON document on standard output: UTF-8 whatever the locale, lone surrogates escaped."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def print_json_line(document: Any) -> None:
    """One JSON object a line, written at once: for streams."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    """A line for a person, sanitised (design section 4.6)."""
    click.echo(visible(text))


def title_line(bead: Bead, note: str = "") -> str:
    """One bead on one line, for a person."""
    bead_id, status, title, who = (" ".join(text.split()) for text in (bead.id, bead.status, bead.title, bead.assignee))
    holder = f"  @{who}" if who else ""
    return f"P{bead.priority} {bead_id:<14} {status:<12}{title}{holder}{note}"


def stdin_text() -> str:
    """All of standard input, for texts given as `-`."""
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def actor_name(given: str | None, hub_root: Path) -> str:
    """Who writes: `--actor`, else BEADS_ACTOR, BD_ACTOR, git's user.name. Raises Failed where nobody is known."""
    for name in (given, os.environ.get("BEADS_ACTOR"), os.environ.get("BD_ACTOR")):
        if name and name.strip():
            return name.strip()
    try:
        answer = subprocess.run(
            ["git", "-C", str(hub_root), "config", "user.name"], capture_output=True, text=True, timeout=10, check=False
        )
    except OSError:
        answer = None
    if answer and answer.stdout.strip():
        return answer.stdout.strip()
    raise Failed("nobody is named as the actor: give --actor NAME, set BEADS_ACTOR, or `git config user.name NAME`")
