"""One search over the ledger: by the index where there is one, else by reading; narrowed by kind and bead."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from b4tui.ledger.paging import WORDS, page
from b4tui.ledger.search import IndexUnusable, Row, SearchIndex, read_through
from b4tui.ledger.types import Entry
from b4tui.ledger.writing import entry_of_row

Query = Callable[[str, Sequence[Any]], list[tuple[Any, ...]]]
_PAGE = 2_000


class Search:
    """A search in the ledger as it is up to row `head`. `note` says afterwards why the index was not used."""

    def __init__(self, index: SearchIndex, query: Query, head: int) -> None:
        self._index = index
        self._query = query
        self._head = head
        self.note = ""

    def entries(
        self, text: str, *, before: int | None, limit: int, kind: str | None, bead: str | None
    ) -> tuple[Entry, ...]:
        """The newest that fit, oldest first."""
        found: list[Entry] = []
        limit = min(limit, self._head)
        below = self._head + 1 if before is None else min(before, self._head + 1)
        while len(found) < limit:
            numbers = self._numbers(text, below, max(limit, _PAGE) if kind or bead else limit)
            if not numbers:
                break
            asked = page(before=None, after=None, limit=limit - len(found), kind=kind, bead=bead, among=tuple(numbers))
            found += [entry_of_row(row) for row in self._query(asked.sql, asked.arguments)]
            below = numbers[-1]
        return tuple(reversed(found))

    def _numbers(self, text: str, below: int, limit: int) -> list[int]:
        if not self.note:
            try:
                return self._index.find(text, self._after, self._head, before=below, limit=limit)
            except IndexUnusable as reason:
                self.note = f"every row was read, because there is no index to search in: {reason}"
        return read_through(text, self._backwards(below), limit)

    def _after(self, seq: int, limit: int) -> list[Row]:
        asked = page(before=None, after=seq, limit=limit, kind=None, bead=None, columns=WORDS)
        return self._query(asked.sql, asked.arguments)

    def _backwards(self, below: int) -> Iterator[Row]:
        while True:
            asked = page(before=below, after=None, limit=_PAGE, kind=None, bead=None, columns=WORDS)
            rows = self._query(asked.sql, asked.arguments)
            if not rows:
                return
            yield from rows
            below = rows[-1][0]
