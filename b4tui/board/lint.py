"""Everything that is wrong with a board, each in one sentence that says what to do (research/beads.md 2, 3, 0.8).

Nothing here changes how a board is read: what is named is shown all the same. ERROR is what loses data or what a
tracker refuses, WARNING what trackers disagree about, INFO what a person may want to know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from b4tui.board.content import equal_beads
from b4tui.board.edges import edge_problems
from b4tui.board.model import BoardState, Hub, Problem, Severity
from b4tui.board.reader import read_state
from b4tui.board.rowlint import row_problems

Check = Callable[[BoardState], Iterator[Problem]]


def lint(state: BoardState) -> tuple[Problem, ...]:
    """All problems of a board that was read: those of the reading, of single rows, of edges, of equal rows."""
    checks: tuple[Check, ...] = (_rows, edge_problems, _equal_rows)
    return (*state.problems, *(problem for check in checks for problem in check(state)))


def lint_hub(hub: Hub) -> tuple[Problem, ...]:
    """As `lint`, after a slow, thorough reading that also finds keys which a row has twice. Raises BoardError."""
    return lint(read_state(hub, thorough=True))


def _rows(state: BoardState) -> Iterator[Problem]:
    for bead in state.beads.values():
        yield from row_problems(bead)


def _equal_rows(state: BoardState) -> Iterator[Problem]:
    for first, *others in equal_beads(state.beads.values()):
        for other in others:
            text = (
                f"{other.id} has the same content as {first.id}, and bd 0.49 drops it at import: close one as a "
                "duplicate, or give them different titles"
            )
            yield Problem("equal-content", Severity.WARNING, text, other.id, other.line)
