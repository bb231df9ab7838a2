"""The standing approvals: what may leave without a question, how much of it was used, and the key that ends it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import Vertical

from b4tui.escalation.types import Grant
from b4tui.runtime.snapshot import Snapshot
from b4tui.tui.keymap import bindings
from b4tui.tui.outward.asking import clock_words
from b4tui.tui.paint import Ink, Line, Span, line, wrapped
from b4tui.tui.screens.base import HouseScreen
from b4tui.tui.widgets.inked import Panel
from b4tui.tui.widgets.lines import Lines

LEAST_ROWS = 3
"""Lines of a grant, so that there is room between short ones."""
EMPTY = (
    Line(),
    line(Span("  No standing approvals: each payload is asked for.", Ink.SOFT)),
    line(Span("  f on an approval makes one for its like. esc returns.", Ink.FAINT)),
)


class GrantRows(Lines):
    """A grant says all of itself in its row: there is nothing to open."""

    @property
    def opens(self) -> bool:
        """Nothing is opened."""
        return False


class GrantsScreen(HouseScreen):
    """A list of grants; `x` revokes the one under the cursor."""

    BINDINGS = bindings("grants")
    AUTO_FOCUS = "#grants"

    def body(self) -> ComposeResult:
        """The rows, and a reminder of what a grant is not."""
        with Vertical(id="main"):
            yield GrantRows(id="grants", row_height=LEAST_ROWS, empty=EMPTY)
            yield Panel(id="waits")

    def on_mount(self) -> None:
        """The frame, and what all of them have in common."""
        self.drawable = True
        self.query_one(Lines).add_class("panel")
        told = "Each is judged all the same; with a finding it is asked."
        self.query_one("#waits", Panel).show_lines((line(Span(f" {told}", Ink.FAINT)),))

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot."""
        super().show(snapshot)
        now = self.console.clock().astimezone()
        grants = {grant.id: grant for grant in snapshot.outward.grants}
        live = sum(not over(grant, now) for grant in grants.values())
        pane = self.query_one(Lines)
        pane.entitle(f"GRANTS {live}")
        width = pane.room
        most = max((len(_scope(grant, width)) for grant in grants.values()), default=0)
        rows = max(LEAST_ROWS, most + 1)
        pane.show_rows(tuple(grants), lambda key: tuple(grant_lines(grants[key], now, width, rows)), row_height=rows)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what holds can be revoked."""
        return action != "revoke" or self._chosen is not None or None

    def why_not(self, action: str) -> str:
        """Why nothing is revoked."""
        grants = self.console.snapshot.outward.grants
        return "it holds no longer" if grants else "there is no grant"

    @property
    def _chosen(self) -> Grant | None:
        key = self.query_one(Lines).key if self.drawable else ""
        now = self.console.clock().astimezone()
        grants = self.console.snapshot.outward.grants
        return next((one for one in grants if one.id == key and _is_revocable(one, now)), None)

    def action_revoke(self) -> None:
        """End it now: the careful direction needs no question."""
        if (grant := self._chosen) is not None:
            self.console.perform(self.console.runtime.operator.revoke(grant.id), "Revoked: each payload is asked for.")

    def action_back(self) -> None:
        """Return to where the operator came from."""
        self.dismiss(None)


def over(grant: Grant, now: datetime) -> str:
    """Why a grant holds no longer, in a word; "" while it does."""
    if grant.revoked_at is not None:
        return "revoked"
    if grant.doubt:
        return "not used: the record says otherwise"
    if now >= grant.until:
        return "ended"
    return "used up" if grant.uses >= grant.max_uses else ""


def _is_revocable(grant: Grant, now: datetime) -> bool:
    return grant.revoked_at is None and bool(grant.doubt or not over(grant, now))


def _scope(grant: Grant, width: int, ink: Ink = Ink.STRONG) -> tuple[Line, ...]:
    """All of what it allows: a limit that is not shown may not be missed."""
    return tuple(wrapped(grant.sentence, max(20, width - 4), ink))


def grant_lines(grant: Grant, now: datetime, width: int, rows: int) -> Iterator[Line]:
    """The scope in a sentence, and under it who made it and how long it holds; in `rows` lines."""
    ended = over(grant, now)
    first, *more = _scope(grant, width, Ink.FAINT if ended else Ink.STRONG)
    yield line(Span("· " if ended else "● ", Ink.FAINT if ended else Ink.ACCENT), *first.left)
    yield from (line(Span("  "), *row.left) for row in more)
    left = ended or f"{clock_words((grant.until - now).total_seconds())} left"
    made = f"  {grant.id}  made by {grant.made_by} {grant.made_at.astimezone(now.tzinfo):%Y-%m-%d %H:%M}"
    yield line(Span(made, Ink.FAINT), right=(Span(left, Ink.FAINT if ended else Ink.SOFT),))
    yield from (Line() for _ in range(rows - 2 - len(more)))
