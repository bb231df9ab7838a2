"""The commands of `b4tui board` that change it. Each prints the changed row and fails when it changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from b4tui.cli.common import (
    Place,
    actor_name,
    guarded,
    json_option,
    place_options,
    print_json,
    say,
    stdin_text,
    title_line,
)

if TYPE_CHECKING:
    from b4tui.board.model import Bead
    from b4tui.board.store import BoardStore


@click.group("changes")
def changes() -> None:
    """Collects the commands below for `board`."""


def add_changes(board: click.Group) -> None:
    """Give `board` the commands of this module."""
    for command in changes.commands.values():
        board.add_command(command)


def _writing(function: Callable[..., Any]) -> Callable[..., Any]:
    named = click.option("--actor", metavar="NAME", help="Who writes (else BEADS_ACTOR, BD_ACTOR, git's user.name).")
    return place_options(json_option(named(guarded(function))))


def _written(store: BoardStore, bead: Bead, as_json: bool, what: str) -> None:
    """Print the changed row: an array of one, as bd does; or a line for a person."""
    from b4tui.board.shapes import list_row

    if as_json:
        print_json([list_row(bead, store.load())])
    else:
        say(f"{what} {title_line(bead)}")


@changes.command("create")
@click.argument("title")
@click.option("-d", "--description", default="", help="Markdown; - reads standard input.")
@click.option("-t", "--type", "issue_type", default="task", show_default=True)
@click.option(
    "-p", "--priority", type=click.IntRange(0, 4), default=2, show_default=True, help="0 critical .. 4 backlog."
)
@click.option("-l", "--labels", default="", metavar="A,B", help="Comma separated.")
@click.option("--assignee", default="", metavar="WHO")
@click.option("--acceptance", default="", help="Markdown.")
@click.option("--parent", default="", metavar="ID", help="Make it a child of this bead.")
@click.option("--deps", multiple=True, metavar="TYPE:ID", help="What it depends on (repeat; a bare ID means blocks).")
@_writing
def create(
    place: Place,
    as_json: bool,
    actor: str | None,
    title: str,
    description: str,
    issue_type: str,
    priority: int,
    labels: str,
    assignee: str,
    acceptance: str,
    parent: str,
    deps: Sequence[str],
) -> None:
    """Make a bead."""
    from b4tui.board.model import NewBead
    from b4tui.board.shapes import list_row

    store = place.store()
    edges = [dep.split(":", 1) if ":" in dep else ["blocks", dep] for dep in deps]
    new = NewBead(
        title=title,
        description=stdin_text() if description == "-" else description,
        issue_type=issue_type,
        priority=priority,
        labels=tuple(label.strip() for label in labels.split(",") if label.strip()),
        assignee=assignee,
        acceptance=acceptance,
        parent=parent,
        dependencies=tuple((kind, target) for kind, target in edges),
    )
    bead = store.create(new, actor_name(actor, store.hub.root))
    if as_json:
        print_json(list_row(bead, store.load()))
    else:
        say(f"created {title_line(bead)}")


@changes.command("update")
@click.argument("bead_id", metavar="ID")
@click.option("--title")
@click.option("--description", help="Markdown; - reads standard input.")
@click.option("--design")
@click.option("--acceptance")
@click.option("--notes")
@click.option("--status")
@click.option("-p", "--priority", type=click.IntRange(0, 4))
@click.option("-t", "--type", "issue_type")
@click.option("--assignee")
@click.option("--add-label", "add_labels", multiple=True, metavar="L")
@click.option("--remove-label", "remove_labels", multiple=True, metavar="L")
@click.option("--claim", is_flag=True, help="Claim it (as `board claim`).")
@_writing
def update(
    place: Place, as_json: bool, actor: str | None, bead_id: str, claim: bool, description: str | None, **fields: Any
) -> None:
    """Change fields of a bead."""
    from b4tui.board.model import Changes

    if description == "-":
        description = stdin_text()
    changes = Changes(description=description, **fields)
    store = place.store()
    who = actor_name(actor, store.hub.root)
    if claim and changes != Changes():
        raise click.UsageError("--claim goes alone: claim first, then update")
    if not claim and changes == Changes():
        raise click.UsageError("nothing to change was given")
    bead = store.claim(bead_id, who) if claim else store.update(bead_id, changes, who)
    _written(store, bead, as_json, "claimed" if claim else "updated")


@changes.command("claim")
@click.argument("bead_id", metavar="ID")
@_writing
def claim(place: Place, as_json: bool, actor: str | None, bead_id: str) -> None:
    """Take a bead: assignee and status in one change, for exactly one caller."""
    store = place.store()
    _written(store, store.claim(bead_id, actor_name(actor, store.hub.root)), as_json, "claimed")


@changes.command("close")
@click.argument("bead_id", metavar="ID")
@click.option("-r", "--reason", default="Closed", show_default=True, help="Why, for the board.")
@click.option("--force", is_flag=True, help="Although it is blocked.")
@_writing
def close(place: Place, as_json: bool, actor: str | None, bead_id: str, reason: str, force: bool) -> None:
    """Close a bead with a reason."""
    store = place.store()
    bead = store.close(bead_id, reason, actor_name(actor, store.hub.root), force=force)
    _written(store, bead, as_json, "closed")


@changes.command("reopen")
@click.argument("bead_id", metavar="ID")
@click.option("-r", "--reason", default="", help="Why; becomes a comment.")
@_writing
def reopen(place: Place, as_json: bool, actor: str | None, bead_id: str, reason: str) -> None:
    """Open a closed bead again."""
    store = place.store()
    _written(store, store.reopen(bead_id, actor_name(actor, store.hub.root), reason), as_json, "reopened")


@changes.command("comment")
@click.argument("bead_id", metavar="ID")
@click.argument("text")
@_writing
def comment(place: Place, as_json: bool, actor: str | None, bead_id: str, text: str) -> None:
    """Add a comment; - reads it from standard input."""
    store = place.store()
    body = stdin_text() if text == "-" else text
    _written(store, store.comment(bead_id, body, actor_name(actor, store.hub.root)), as_json, "commented")


@changes.group("dep")
def dep() -> None:
    """What depends on what."""


@dep.command("add")
@click.argument("bead_id", metavar="ID")
@click.argument("on", metavar="ON")
@click.option("-t", "--type", "kind", default="blocks", show_default=True)
@_writing
def dep_add(place: Place, as_json: bool, actor: str | None, bead_id: str, on: str, kind: str) -> None:
    """Make ID depend on ON."""
    store = place.store()
    _written(store, store.add_dependency(bead_id, on, kind, actor_name(actor, store.hub.root)), as_json, "changed")


@dep.command("remove")
@click.argument("bead_id", metavar="ID")
@click.argument("on", metavar="ON")
@_writing
def dep_remove(place: Place, as_json: bool, actor: str | None, bead_id: str, on: str) -> None:
    """Take the edge from ID to ON away."""
    store = place.store()
    _written(store, store.remove_dependency(bead_id, on, actor_name(actor, store.hub.root)), as_json, "changed")


@changes.command("merge")
@click.argument("base", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.argument("ours", type=click.Path(path_type=Path, exists=True, dir_okay=False, writable=True))
@click.argument("theirs", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@guarded
def merge(base: Path, ours: Path, theirs: Path, as_json: bool) -> None:
    """Merge two versions of a board file into OURS: key by key, nothing lost. Choices that were made are printed.

    As a git merge driver: git config merge.beads.driver 'b4tui board merge %O %A %B'
    """
    from dataclasses import asdict

    from b4tui.board.mergedriver import merge_files

    conflicts = merge_files(base, ours, theirs)
    if as_json:
        print_json([asdict(conflict) for conflict in conflicts])
    else:
        for conflict in conflicts:
            say(f"{conflict.bead} {conflict.key}: {conflict.message}")


@changes.command("sync")
@place_options
@json_option
@guarded
def sync(place: Place, as_json: bool) -> None:
    """Bring the board and its git remote together: fetch, merge by our rules, push. Agents never do this."""
    from dataclasses import asdict

    from b4tui.board.sync import sync as synced_of

    done = synced_of(place.find_hub(), warn=lambda text: click.echo(f"b4tui: {text}", err=True))
    if as_json:
        print_json(asdict(done))
        return
    for conflict in done.conflicts:
        say(f"{conflict.bead} {conflict.key}: {conflict.message}")
    say(f"{done.remote}: {done.pulled} commits came in, {done.pushed} went out")
