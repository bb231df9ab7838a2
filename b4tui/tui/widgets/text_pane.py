"""A pane of lines to read: wrapped to its width, a cursor line to move through it, some rows open by `enter`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from b4tui.tui.paint import Line
from b4tui.tui.widgets.lines import Lines

Rows = Sequence[tuple[str, Line]]
Writer = Callable[[int], Rows]


def numbered(lines: Sequence[Line]) -> Rows:
    """Lines as rows whose keys are their numbers."""
    return tuple((str(number), text) for number, text in enumerate(lines))


class TextPane(Lines):
    """Shows what its writer writes for the width it has."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._writer: Writer = lambda _width: ()
        self._lines: dict[str, Line] = {}

    @property
    def opens(self) -> bool:
        """A text is read: `enter` does nothing to it, unless a subclass has rows that open."""
        return False

    def write(self, writer: Writer) -> None:
        """Show what `writer` gives; it is asked again when the width changes."""
        self._writer = writer
        self.rewrite()

    def rewrite(self) -> None:
        """Ask the writer again."""
        if not self.size.width:
            return
        rows = self._writer(self.room)
        self._lines = dict(rows)
        self.show_rows(tuple(self._lines), lambda key: (self._lines[key],))

    def on_resize(self) -> None:
        """Wrap anew."""
        self.rewrite()

    def watch_show_vertical_scrollbar(self) -> None:
        """A scroll bar came or went: there is a cell less or more for a line."""
        self.rewrite()

    def text(self) -> str:
        """All lines as plain text, for the clipboard."""
        return "\n".join(
            "".join(span.text for span in (*row.left, *row.right)).rstrip() for row in self._lines.values()
        )
