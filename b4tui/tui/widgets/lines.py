"""A list drawn by line: no widget per row, so that a hundred thousand rows cost what ten cost.

Rows have keys. The cursor stays on its key when the rows change, and only lines that differ are drawn again
(research/textual.md 3.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.css.styles import RenderStyles
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from b4tui.tui import paint
from b4tui.tui.keymap import bindings
from b4tui.tui.paint import CURSOR_CLASS, Ink, Line, Span

RowMaker = Callable[[str], tuple[Line, ...]]


def no_rows(_key: str) -> tuple[Line, ...]:
    """The row maker of an empty list."""
    return ()


class Lines(ScrollView, can_focus=True):
    """A list of rows of `row_height` lines each; a row is made by `make` when it comes into view."""

    BINDINGS = bindings("list")
    ALLOW_SELECT = False

    cursor: var[int] = var(0, init=False)

    @dataclass
    class Opened(Message):
        """The operator opened a row."""

        view: Lines
        key: str

        @property
        def control(self) -> Lines:
            """The list it came from, for `@on` with a selector."""
            return self.view

    @dataclass
    class Moved(Message):
        """The cursor is on another row."""

        view: Lines
        key: str

    def __init__(self, *, row_height: int = 1, empty: tuple[Line, ...] = (), id: str | None = None) -> None:
        super().__init__(id=id)
        self.row_height = row_height
        self.empty = empty
        self.keys: Sequence[str] = ()
        self._make: RowMaker = no_rows
        self._titles = ("", "")
        self._offered = False
        self._painted: dict[int, tuple[Line, ...]] = {}
        self._strips: LRUCache[tuple[Line, int, bool], Strip] = LRUCache(1024)
        self._styles: dict[tuple[Ink, bool], Style] = {}

    @property
    def room(self) -> int:
        """Cells a line may take: the width without the cursor's mark and the right edge."""
        return max(10, self.scrollable_content_region.width - 2)

    def entitle(self, head: str, foot: str = "") -> None:
        """What stands in the border; drawn again only when it changed, since Textual would always."""
        if (head, foot) != self._titles:
            self._titles = (head, foot)
            self.border_title, self.border_subtitle = paint.title(head), paint.title(foot)

    @property
    def key(self) -> str:
        """The key under the cursor; empty where there are no rows."""
        return self.keys[self.cursor] if 0 <= self.cursor < len(self.keys) else ""

    @property
    def opens(self) -> bool:
        """Whether `enter` does anything with the row under the cursor."""
        return bool(self.key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The key that opens is offered where it opens something."""
        return action != "open" or self.opens

    def _offer(self) -> None:
        """The foot line follows when there is something to open, or nothing any more."""
        if self.opens is not self._offered and self.is_attached:
            self._offered = self.opens
            self.screen.refresh_bindings()

    def show_rows(self, keys: Sequence[str], make: RowMaker, *, row_height: int | None = None) -> None:
        """Replace all rows. The cursor stays on its key, or near its place where the key is gone."""
        held = self.key
        shape = (len(self.keys), self.row_height)
        order_changed = keys is not self.keys and not _same(keys, self.keys)
        self.keys, self._make = keys, make
        self.row_height = row_height or self.row_height
        if (len(keys), self.row_height) != shape:
            self._fit()
        if order_changed:
            self._keep_cursor(held)
        if not keys:
            self.refresh()
        else:
            self._refresh_changed()
        self._offer()

    def _keep_cursor(self, held: str) -> None:
        if self.cursor == 0 and not self.has_focus:
            return  # nobody chose the first row: what comes before it is to be seen
        try:
            place = self.keys.index(held) if held else self.cursor
        except ValueError:
            place = self.cursor
        place = max(0, min(place, len(self.keys) - 1))
        if place != self.cursor:
            with self.prevent(Lines.Moved):
                self.cursor = place

    def _fit(self) -> None:
        width = self.scrollable_content_region.width
        self.virtual_size = Size(width, max(1, len(self.keys)) * self.row_height)
        self._painted.clear()
        self.refresh()

    def _refresh_changed(self) -> None:
        top = self.scroll_offset.y // self.row_height
        last = min(len(self.keys), top + self.size.height // self.row_height + 2)
        changed = [index for index in range(top, last) if self._painted.get(index) != self._make(self.keys[index])]
        # Each region costs a pass of the compositor: rows that stand together are one.
        for first, count in _together(changed):
            self.refresh_lines(first * self.row_height, count * self.row_height)

    def notify_style_update(self) -> None:
        """A theme or a state changed: forget what was painted in the old one."""
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()

    def on_resize(self) -> None:
        """The width changed: rows are painted anew and the cursor stays in view."""
        self._fit()
        self.call_after_refresh(self.reveal)

    def on_focus(self) -> None:
        """The cursor shows only where the keys go."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor shows only where the keys go."""
        self.refresh()

    def get_component_styles(self, *names: str) -> RenderStyles:
        """The inks are the console's: one set for all, here on this widget's own ground."""
        return self.app.get_component_styles(*names)

    def ink(self, ink: Ink, at_cursor: bool = False) -> Style:
        """The style of an ink on this list's ground."""
        if (style := self._styles.get((ink, at_cursor))) is None:
            names = (ink.component, CURSOR_CLASS) if at_cursor and ink is not Ink.INVERSE else (ink.component,)
            style = self._styles[ink, at_cursor] = self.get_visual_style(*names).rich_style
        return style

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        width = self.scrollable_content_region.width
        index, row = divmod(y + self.scroll_offset.y, self.row_height)
        if not self.keys:
            return self._strip(self.empty[y] if y < len(self.empty) else Line(), width, False)
        if index >= len(self.keys):
            return self._strip(Line(), width, False)
        lines = self._make(self.keys[index])
        self._painted[index] = lines
        if len(self._painted) > 4096:
            self._painted.clear()
        at_cursor = self.has_focus and index == self.cursor
        return self._strip(self.marked(lines[row] if row < len(lines) else Line(), at_cursor), width, at_cursor)

    def marked(self, line: Line, at_cursor: bool) -> Line:
        """The line with the mark that shows the cursor without colour."""
        return Line((Span("▌" if at_cursor else " ", Ink.ACCENT), *line.left), line.right)

    def _strip(self, line: Line, width: int, at_cursor: bool) -> Strip:
        cache_key = (line, width, at_cursor)
        if (strip := self._strips.get(cache_key)) is None:
            fill = self.ink(Ink.INK, at_cursor)
            strip = paint.strip(line, width - 1, lambda ink: self.ink(ink, at_cursor), fill)
            strip = strip.adjust_cell_length(width, fill)
            self._strips[cache_key] = strip
        return strip

    def validate_cursor(self, cursor: int) -> int:
        """The cursor is always on a row."""
        return max(0, min(cursor, len(self.keys) - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        """Draw both rows anew, keep the cursor in view and say so."""
        self.refresh_lines(old * self.row_height, self.row_height)
        self.refresh_lines(new * self.row_height, self.row_height)
        self.reveal()
        self._offer()
        self.post_message(self.Moved(self, self.key))

    def reveal(self) -> None:
        """Scroll so that the cursor's row is in view."""
        row = Region(0, self.cursor * self.row_height, 1, self.row_height)
        self.scroll_to_region(row, animate=False, immediate=True, x_axis=False)

    def select(self, key: str) -> bool:
        """Put the cursor on a key; False where there is no such row."""
        if key not in self.keys:
            return False
        self.cursor = self.keys.index(key)
        return True

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.cursor += by

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self.cursor += by * max(1, self.size.height // self.row_height - 1)

    def action_edge(self, last: bool) -> None:
        """Go to the first or the last row."""
        self.cursor = len(self.keys) - 1 if last else 0

    def action_open(self) -> None:
        """Open the row under the cursor."""
        if self.opens:
            self.post_message(self.Opened(self, self.key))

    def on_click(self, event: events.Click) -> None:
        """The first click selects a row, a click on the selected row opens it."""
        offset = event.get_content_offset(self)
        if offset is None or not self.keys:
            return
        index = (offset.y + self.scroll_offset.y) // self.row_height
        if index >= len(self.keys):
            return
        if index == self.cursor and event.chain > 1:
            self.action_open()
        self.cursor = index


def _same(keys: Sequence[str], others: Sequence[str]) -> bool:
    """Whether the keys are the same; sequences of one kind know best themselves."""
    return keys == others if type(keys) is type(others) else tuple(keys) == tuple(others)


def _together(indexes: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ascending indexes as (first, count) of their unbroken stretches."""
    start = 0
    for place in range(1, len(indexes) + 1):
        if place == len(indexes) or indexes[place] != indexes[place - 1] + 1:
            yield indexes[start], place - start
            start = place
