"""A payload on the screen: drawn by line, wrapped once for a width, and it knows what of it has been seen."""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.css.styles import RenderStyles
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from b4tui.tui import paint
from b4tui.tui.outward.pages import NotesPage, Page, PageMaker
from b4tui.tui.outward.seen import Seen
from b4tui.tui.paint import Ink, Line

MARGIN = 1
"""Cells kept free left and right of the text."""


def nothing(_width: int) -> Page:
    """The page before there is one."""
    return NotesPage((Line(),))


class PayloadPane(ScrollView, can_focus=False):
    """Shows one page. It takes no keys: the screen scrolls it, so that the focus can stay on Deny."""

    ALLOW_SELECT = False

    @dataclass
    class Read(Message):
        """More of the payload has been on the screen than before."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._make: PageMaker = nothing
        self._page: Page = nothing(0)
        self._made_for = 0
        self._seen = Seen(0)
        self._titles = ("", "")
        self._strips: LRUCache[tuple[int, int], Strip] = LRUCache(512)
        self._styles: dict[Ink, Style] = {}

    @property
    def room(self) -> int:
        """Cells a row may take."""
        return max(20, self.scrollable_content_region.width - 2 * MARGIN)

    @property
    def page(self) -> Page:
        """What is shown."""
        return self._page

    def entitle(self, head: str, foot: str = "") -> None:
        """What stands in the border; drawn again only when it changed."""
        if (head, foot) != self._titles:
            self._titles = (head, foot)
            self.border_title, self.border_subtitle = paint.title(head), paint.title(foot)

    def write(self, make: PageMaker, seen: Seen, *, keep_place: bool = False) -> None:
        """Show another page from its beginning, or from where the old one was; `seen` counts what is read of it."""
        top = self._top_char() if keep_place else 0
        self._make, self._seen = make, seen
        self._rewrite()
        row = self._page.row_of(top) if top else 0
        self.scroll_to(0, row, animate=False, immediate=True)
        self.call_after_refresh(self.look)

    def _rewrite(self) -> None:
        width = self.room
        self._page, self._made_for = self._make(width), width
        self._strips.clear()
        self.virtual_size = Size(self._page.columns + 2 * MARGIN if self._page.columns else 0, self._page.count)
        self.refresh()

    def _top_char(self) -> int:
        top = self.scroll_offset.y
        rows = range(top, min(self._page.count, top + self.size.height))
        spans = (self._page.chars(row, 0, self.room) for row in rows)
        return next((start for start, end in spans if end > start), 0)

    def on_resize(self) -> None:
        """Wrap anew, and stay where the operator was reading."""
        if self.room != self._made_for:
            self.write(self._make, self._seen, keep_place=True)
        else:
            self.call_after_refresh(self.look)

    def notify_style_update(self) -> None:
        """A theme changed: forget what was painted in the old one."""
        super().notify_style_update()
        self._strips.clear()
        self._styles.clear()

    # What has been seen ------------------------------------------------------------------------------------------

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Other rows are in view: once they are painted they count as seen."""
        super().watch_scroll_y(old, new)
        self.call_after_refresh(self.look)

    def watch_scroll_x(self, old: float, new: float) -> None:
        """Other columns are in view."""
        super().watch_scroll_x(old, new)
        self._strips.clear()
        self.refresh()
        self.call_after_refresh(self.look)

    def look(self) -> None:
        """Count what is on the screen now, if it is this screen that is in front and not too small to be read."""
        if not (self.is_attached and self.screen.is_current and self.app.app_focus and self.region):
            return
        before = self._seen.share
        first, last = self.rows_in_view
        covered = self._covered()
        for row in range(first - 1, last):
            if row not in covered:
                self._seen.add(*self._page.chars(row, self.scroll_offset.x, self.room))
        if self._seen.share != before:
            self.post_message(self.Read())

    def _covered(self) -> frozenset[int]:
        """Rows that a word to the operator lies over: they are seen when it is gone."""
        top = self.content_region.y - self.scroll_offset.y
        return frozenset(
            line - top for toast in self.screen.query("Toast") for line in range(toast.region.y, toast.region.bottom)
        )

    @property
    def rows_in_view(self) -> tuple[int, int]:
        """The first and the last row that can be seen, counted from 1."""
        top = self.scroll_offset.y
        return top + 1, min(self._page.count, top + self.scrollable_content_region.height)

    # Moving through it -------------------------------------------------------------------------------------------

    def go(self, rows: int) -> None:
        """Scroll by rows."""
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False, immediate=True)

    def go_page(self, pages: int) -> None:
        """Scroll by pages, with one row in common."""
        self.go(pages * max(1, self.scrollable_content_region.height - 1))

    def go_aside(self, columns: int) -> None:
        """Scroll to the side, where rows are longer than the page."""
        self.scroll_to(x=self.scroll_offset.x + columns, animate=False, immediate=True)

    def go_edge(self, *, last: bool) -> None:
        """To the first or the last row."""
        self.scroll_to(y=self._page.count if last else 0, animate=False, immediate=True)

    def go_to(self, place: int) -> None:
        """Bring a character of the payload into view, a third down the page."""
        height = self.scrollable_content_region.height
        self.scroll_to(y=self._page.row_of(place) - height // 3, animate=False, immediate=True)

    # Drawing -----------------------------------------------------------------------------------------------------

    def get_component_styles(self, *names: str) -> RenderStyles:
        """The inks are the console's: one set for all, here on this widget's own ground."""
        return self.app.get_component_styles(*names)

    def ink(self, ink: Ink) -> Style:
        """The style of an ink on this pane's ground."""
        if (style := self._styles.get(ink)) is None:
            style = self._styles[ink] = self.get_visual_style(ink.component).rich_style
        return style

    def render_line(self, y: int) -> Strip:
        """One row of the view."""
        width = self.scrollable_content_region.width
        row = y + self.scroll_offset.y
        if (strip := self._strips.get((row, width))) is None:
            exists = row < self._page.count
            text = self._page.line(row, self.scroll_offset.x, self.room) if exists else Line()
            strip = paint.strip(text, self.room, self.ink, self.ink(Ink.INK))
            strip = Strip([paint.blank(MARGIN, self.ink(Ink.INK)), *strip]).adjust_cell_length(width, self.ink(Ink.INK))
            self._strips[row, width] = strip
        return strip

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel moves three rows."""
        event.stop()
        self.go(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel moves three rows."""
        event.stop()
        self.go(-3)
