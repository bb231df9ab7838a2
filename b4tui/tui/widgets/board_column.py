"""A column of the board: cards drawn by line, a title with the count."""

from __future__ import annotations

from b4tui.runtime.snapshot import Snapshot
from b4tui.tui import cards
from b4tui.tui.cards import Column, Deck
from b4tui.tui.widgets.lines import Lines


class BoardColumn(Lines):
    """One of the four columns."""

    def __init__(self, column: Column) -> None:
        super().__init__(id=f"column-{column}")
        self.add_class("panel")
        self.column = column

    def show(self, snapshot: Snapshot, keys: tuple[str, ...], deck: Deck, *, short: bool, filtered: bool) -> None:
        """The cards with these keys; `short` gives each one line."""
        total = len(cards.ids(snapshot, self.column))
        self.empty = cards.empty_lines(
            self.column,
            width=self.room,
            loading=snapshot.board is None,
            filtered_from=total if filtered else 0,
            hub=snapshot.hub,
        )
        self.entitle(f"{self.column.upper()} {counted(len(keys), total)}")
        height = 1 if short else cards.HEIGHTS[self.column]
        width = self.room
        self.show_rows(keys, lambda key: deck.card(key, self.column, height, width), row_height=height)


def counted(shown: int, total: int) -> str:
    """`14`, or `3 of 14` while a filter hides some."""
    return f"{total:,}" if shown == total else f"{shown:,} of {total:,}"
