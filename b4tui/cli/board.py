"""`b4tui board ...`: the board, in the shapes and words of `bd` (research/beads.md section 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from b4tui.cli.common import Failed, Place, actor_name, guarded, json_option, place_options, print_json, say

if TYPE_CHECKING:
    from b4tui.board.model import Bead, BoardState
    from b4tui.board.store import BoardStore


@click.group("board")
def command() -> None:
    """Read and change the board. Lists are never cut short."""


def _reading(function: Callable[..., Any]) -> Callable[..., Any]:
    return place_options(json_option(guarded(function)))


def _writing(function: Callable[..., Any]) -> Callable[..., Any]:
    named = click.option("--actor", metavar="NAME", help="Who writes (else BEADS_ACTOR, BD_ACTOR, git's user.name).")
    return place_options(json_option(named(guarded(function))))


def _now() -> float:
    return datetime.now(UTC).timestamp()


def _loaded(place: Place) -> BoardState:
    return place.store().load()


def _known(state: BoardState, bead_id: str) -> Bead:
    bead = state.beads.get(bead_id)
    if bead is None:
        raise Failed(f"no bead {bead_id} on this board (ids are full ids: `b4tui board list`)")
    return bead


def _line(bead: Bead, note: str = "") -> str:
    holder = f"  @{bead.assignee}" if bead.assignee else ""
    title = " ".join(bead.title.split())
    return f"P{bead.priority} {bead.id:<14} {bead.status:<12}{title}{holder}{note}"


def _written(store: BoardStore, bead: Bead, as_json: bool, what: str) -> None:
    """Print the changed row: an array of one, as bd does; or a line for a person."""
    from b4tui.board.shapes import list_row

    if as_json:
        print_json([list_row(bead, store.load())])
    else:
        say(f"{what} {_line(bead)}")


@command.command("list")
@_reading
@click.option("--status", metavar="S", help="Only beads with this status.")
@click.option("--all", "everything", is_flag=True, help="Closed beads too.")
def list_beads(place: Place, as_json: bool, status: str | None, everything: bool) -> None:
    """All beads that are not closed, or all there are with --all."""
    from b4tui.board.shapes import list_row

    state = _loaded(place)
    hidden = {"tombstone"} if everything or status else {"tombstone", "closed"}
    beads = [b for b in state.beads.values() if (b.status == status if status else b.status not in hidden)]
    if as_json:
        print_json([list_row(bead, state) for bead in beads])
        return
    for bead in beads:
        say(_line(bead))
    say(f"{len(beads)} of {len(state.beads)} beads")


@command.command("ready")
@_reading
@click.option(
    "--sort", type=click.Choice(["priority", "hybrid", "oldest"]), help="The order (default: that of the hub's bd)."
)
@click.option("--unassigned", is_flag=True, help="Only beads nobody holds.")
def ready(place: Place, as_json: bool, sort: str | None, unassigned: bool) -> None:
    """Beads that can be worked on now, in the tracker's order."""
    from b4tui.board.rules import Sort, judge
    from b4tui.board.shapes import list_row

    state = _loaded(place)
    verdict = judge(state, _now(), Sort(sort)) if sort else judge(state, _now())
    beads = [state.beads[bead_id] for bead_id in verdict.ready]
    beads = [bead for bead in beads if not (unassigned and bead.assignee)]
    if as_json:
        print_json([list_row(bead, state) for bead in beads])
        return
    for bead in beads:
        say(_line(bead))
    say(f"{len(beads)} ready of {len(state.beads)} beads" if beads else "Nothing is ready.")


@command.command("blocked")
@_reading
def blocked(place: Place, as_json: bool) -> None:
    """Beads that wait for others, and for which."""
    from b4tui.board.rules import judge
    from b4tui.board.shapes import blocked_rows

    state = _loaded(place)
    verdict = judge(state, _now())
    rows = blocked_rows(state, verdict)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say(_line(state.beads[row["id"]], f"  waits for {', '.join(row['blocked_by'])}" if row["blocked_by"] else ""))
    say(f"{len(rows)} blocked of {len(state.beads)} beads")


@command.command("show")
@click.argument("bead_id", metavar="ID")
@_reading
def show(place: Place, as_json: bool, bead_id: str) -> None:
    """One bead, whole."""
    from b4tui.board.shapes import show_row

    state = _loaded(place)
    bead = _known(state, bead_id)
    if as_json:
        print_json([show_row(bead, state)])
        return
    say(_line(bead))
    for name, text in (
        ("", bead.description),
        ("Acceptance", bead.acceptance),
        ("Design", bead.design),
        ("Notes", bead.notes),
        ("Close reason", bead.close_reason),
    ):
        if text:
            say(f"\n{name}\n{text}" if name else f"\n{text}")
    for edge in bead.dependencies:
        target = state.beads.get(edge.depends_on_id)
        say(f"\n{edge.type}: {_line(target) if target else edge.depends_on_id + ' (not on this board)'}")
    for comment in bead.comments:
        say(f"\n{comment.author}, {comment.created_at}\n{comment.text}")


@command.command("why")
@click.argument("bead_id", metavar="ID")
@_reading
def why(place: Place, as_json: bool, bead_id: str) -> None:
    """Why a bead is or is not ready: by which rule, and along which chain."""
    from b4tui.board.shapes import why_row
    from b4tui.board.why import explain

    state = _loaded(place)
    _known(state, bead_id)
    explanation = explain(state, bead_id, _now())
    if as_json:
        print_json(why_row(explanation))
        return
    say(f"{bead_id} is {'ready' if explanation.ready else 'not ready'}: {explanation.rule}")
    for line in explanation.lines:
        say(f"  {line}")


@command.command("stats")
@_reading
def stats(place: Place, as_json: bool) -> None:
    """Counts by state."""
    from b4tui.board.shapes import stats_document
    from b4tui.board.stats import count

    state = _loaded(place)
    document = stats_document(count(state, _now()))
    if as_json:
        print_json(document)
        return
    for key, value in document["summary"].items():
        say(
            f"{key.replace('_', ' '):<34}{value:>10}"
            if isinstance(value, int)
            else f"{key.replace('_', ' '):<34}{value:>10.2f}"
        )


@command.command("lint")
@_reading
def lint(place: Place, as_json: bool) -> None:
    """Everything that is wrong with the board file. Exit code 1 if there is an error among it."""
    from b4tui.board.lint import lint as problems_of
    from b4tui.board.model import Severity

    problems = problems_of(_loaded(place))
    if as_json:
        print_json(
            [
                {"rule": p.rule, "severity": str(p.severity), "bead": p.bead, "line": p.line, "message": p.message}
                for p in problems
            ]
        )
    else:
        for problem in problems:
            where = f"line {problem.line}: " if problem.line else ""
            which = f"{problem.bead}: " if problem.bead else ""
            say(f"{problem.severity:<8}{problem.rule:<24}{where}{which}{problem.message}")
        say(f"{len(problems)} problems" if problems else "Nothing is wrong with this board.")
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise click.exceptions.Exit(1)


@command.command("create")
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
        description=click.get_text_stream("stdin").read() if description == "-" else description,
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
        say(f"created {_line(bead)}")


@command.command("update")
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
        description = click.get_text_stream("stdin").read()
    changes = Changes(description=description, **fields)
    store = place.store()
    who = actor_name(actor, store.hub.root)
    if claim and changes != Changes():
        raise click.UsageError("--claim goes alone: claim first, then update")
    if not claim and changes == Changes():
        raise click.UsageError("nothing to change was given")
    bead = store.claim(bead_id, who) if claim else store.update(bead_id, changes, who)
    _written(store, bead, as_json, "claimed" if claim else "updated")


@command.command("claim")
@click.argument("bead_id", metavar="ID")
@_writing
def claim(place: Place, as_json: bool, actor: str | None, bead_id: str) -> None:
    """Take a bead: assignee and status in one change, for exactly one caller."""
    store = place.store()
    _written(store, store.claim(bead_id, actor_name(actor, store.hub.root)), as_json, "claimed")


@command.command("close")
@click.argument("bead_id", metavar="ID")
@click.option("-r", "--reason", default="Closed", show_default=True, help="Why, for the board.")
@click.option("--force", is_flag=True, help="Although it is blocked.")
@_writing
def close(place: Place, as_json: bool, actor: str | None, bead_id: str, reason: str, force: bool) -> None:
    """Close a bead with a reason."""
    store = place.store()
    bead = store.close(bead_id, reason, actor_name(actor, store.hub.root), force=force)
    _written(store, bead, as_json, "closed")


@command.command("reopen")
@click.argument("bead_id", metavar="ID")
@click.option("-r", "--reason", default="", help="Why; becomes a comment.")
@_writing
def reopen(place: Place, as_json: bool, actor: str | None, bead_id: str, reason: str) -> None:
    """Open a closed bead again."""
    store = place.store()
    _written(store, store.reopen(bead_id, actor_name(actor, store.hub.root), reason), as_json, "reopened")


@command.command("comment")
@click.argument("bead_id", metavar="ID")
@click.argument("text")
@_writing
def comment(place: Place, as_json: bool, actor: str | None, bead_id: str, text: str) -> None:
    """Add a comment; - reads it from standard input."""
    store = place.store()
    body = click.get_text_stream("stdin").read() if text == "-" else text
    _written(store, store.comment(bead_id, body, actor_name(actor, store.hub.root)), as_json, "commented")


@command.group("dep")
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
