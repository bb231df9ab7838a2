"""A panel of a few lines that takes no keys: drawn by line, and only when a line changed."""

from __future__ import annotations

from rich.style import Style
from textual.css.styles import RenderStyles
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from b4tui.tui import paint
from b4tui.tui.paint import Ink, Line, wrapped


class Panel(Widget):
    """Shows the lines it was last given; as high as they are many where its height is `auto`."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.lines: tuple[Line, ...] = ()

    def show_lines(self, lines: tuple[Line, ...]) -> None:
        """Replace the lines."""
        old, self.lines = self.lines, lines
        if len(old) != len(lines):
            self.refresh(layout=True)
        elif old != lines:
            # All of it: a panel is a few lines, and a row drawn too early is put right by the next one that changes.
            self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as there are."""
        return len(self.lines)

    def get_component_styles(self, *names: str) -> RenderStyles:
        """The inks are the console's: one set for all, here on this widget's own ground."""
        return self.app.get_component_styles(*names)

    def ink(self, ink: Ink) -> Style:
        """The style of an ink on this panel's ground."""
        return self.get_visual_style(ink.component).rich_style

    def render_line(self, y: int) -> Strip:
        """One line of the panel."""
        line = self.lines[y] if y < len(self.lines) else Line()
        return paint.strip(line, self.size.width, self.ink, self.ink(Ink.INK))


class TextPanel(Panel):
    """Shows a text, wrapped to whatever width there is, and an empty line after it."""

    def __init__(self, text: str, ink: Ink = Ink.INK, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = text
        self._ink = ink

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it takes in this width."""
        self.lines = (*wrapped(self._text, width, self._ink), Line())
        return len(self.lines)
