"""`b4tui board ...`: the board, in the shapes and words of `bd` (research/beads.md section 6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from b4tui.cli.board_changes import add_changes
from b4tui.cli.common import Place, guarded, json_option, place_options, print_json, say, title_line

if TYPE_CHECKING:
    from b4tui.board.model import BoardState


@click.group("board")
def command() -> None:
    """Read and change the board. Lists are never cut short."""


def _reading(function: Callable[..., Any]) -> Callable[..., Any]:
    return place_options(json_option(guarded(function)))


def _now() -> float:
    return datetime.now(UTC).timestamp()


def _loaded(place: Place) -> BoardState:
    """The board; what could not be read of it is told on standard error, so that no list looks whole that is not."""
    state = place.store().load()
    if state.damage:
        click.echo(f"b4tui: {state.damage}; `b4tui board lint` tells where", err=True)
    return state


@command.command("list")
@_reading
@click.option("--status", metavar="S", help="Only beads with this status.")
@click.option("--all", "everything", is_flag=True, help="Closed beads too.")
def list_beads(place: Place, as_json: bool, status: str | None, everything: bool) -> None:
    """All beads that are not closed, or all there are with --all."""
    from b4tui.board.shapes import list_order, list_row

    state = _loaded(place)
    hidden = {"tombstone"} if everything or status else {"tombstone", "closed"}
    beads = [b for b in list_order(state) if (b.status == status if status else b.status not in hidden)]
    if as_json:
        print_json([list_row(bead, state) for bead in beads])
        return
    for bead in beads:
        say(title_line(bead))
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
        say(title_line(bead))
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
        say(
            title_line(
                state.beads[row["id"]], f"  waits for {', '.join(row['blocked_by'])}" if row["blocked_by"] else ""
            )
        )
    say(f"{len(rows)} blocked of {len(state.beads)} beads")


@command.command("show")
@click.argument("bead_id", metavar="ID")
@_reading
def show(place: Place, as_json: bool, bead_id: str) -> None:
    """One bead, whole."""
    from b4tui.board.shapes import show_row

    store = place.store()
    bead, state = store.detail(bead_id), store.load()
    if as_json:
        print_json([show_row(bead, state)])
        return
    say(title_line(bead))
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
        say(f"\n{edge.type}: {title_line(target) if target else edge.depends_on_id + ' (not on this board)'}")
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
    explanation = explain(state, bead_id, _now())
    if as_json:
        print_json(why_row(explanation))
        return
    verdict, *facts = explanation.lines
    say(f"{bead_id}  {verdict}")
    for fact in facts:
        say(f"  {fact}")


@command.command("stats")
@_reading
def stats(place: Place, as_json: bool) -> None:
    """Counts by state."""
    from b4tui.board.shapes import stats_document

    document = stats_document(_loaded(place))
    if as_json:
        print_json(document)
        return
    counts = document["file"]
    for key, value in counts.items():
        shown = f"{value}" if isinstance(value, int) else f"{value:.2f}"
        say(f"{key.replace('_', ' '):<34}{shown:>10}")
    if counts["equal_content_issues"]:
        say(f"bd 0.49 counts rows of equal content once: {document['summary']['total_issues']} in all.")


@command.command("lint")
@_reading
def lint(place: Place, as_json: bool) -> None:
    """Everything that is wrong with the board file. Exit code 1 if there is an error among it."""
    from b4tui.board.lint import lint as problems_of
    from b4tui.board.lint import lint_hub
    from b4tui.board.model import Severity

    store = place.store()
    problems = lint_hub(store.hub) if store.hub.data_file else problems_of(store.load())
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
            which = f"{problem.bead}: " if problem.bead and problem.bead not in problem.message else ""
            say(f"{problem.severity:<8}{problem.rule:<24}{where}{which}{problem.message}")
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        say(count if problems else "Nothing is wrong with this board.")
    if any(problem.severity is Severity.ERROR for problem in problems):
        raise click.exceptions.Exit(1)


add_changes(command)
