"""A button that takes a decision: inert until it is armed, and pressed only by a mouse that went down and up on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.geometry import Size
from textual.message import Message

from b4tui.tui.keymap import bindings
from b4tui.tui.paint import Ink, Line, Span, width_of
from b4tui.tui.widgets.inked import Panel


class DecisionButton(Panel, can_focus=True):
    """One line in brackets. `admits` says whether the key or click that came last may decide."""

    BINDINGS = bindings("decision")
    FOCUS_ON_CLICK = False

    @dataclass
    class Pressed(Message):
        """The operator decided."""

        button: DecisionButton

        @property
        def control(self) -> DecisionButton:
            """The button it came from."""
            return self.button

    def __init__(self, admits: Callable[[], bool], *, id: str) -> None:
        super().__init__(id=id)
        self._admits = admits
        self._label = ""
        self._down = False
        self.enabled = False

    def label(self, text: str, *, enabled: bool) -> None:
        """What it says, and whether it would do it now: faint and without brackets where not."""
        longer = len(text) != len(self._label)
        self._label, self.enabled = text, enabled
        self._draw(focused=self.has_focus)
        if longer:
            self.refresh(layout=True)

    def _draw(self, *, focused: bool) -> None:
        if not self.enabled:
            self.show_lines((Line((Span(f"  {self._label}  ", Ink.FAINT),)),))
        elif focused:
            self.show_lines((Line((Span(f"▐ {self._label} ▌", Ink.INVERSE),)),))
        else:
            self.show_lines((Line((Span(f"[ {self._label} ]", Ink.STRONG),)),))

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """As wide as what it says: a click beside it is none on it."""
        return width_of(self.lines[0].left) if self.lines else 0

    def on_focus(self) -> None:
        """Enter presses it now."""
        self._draw(focused=True)

    def on_blur(self) -> None:
        """Enter does not press it any more."""
        self._down = False
        self._draw(focused=False)

    def action_press(self) -> None:
        """Enter on the focused button."""
        if self.enabled and self._admits():
            self.post_message(self.Pressed(self))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Half of a press."""
        self._down = event.button == 1 and self.enabled and self._admits()

    def on_mouse_up(self) -> None:
        """The other half, if the first one was here too and the button is armed still."""
        pressed, self._down = self._down, False
        if pressed and self.enabled and self._admits():
            self.post_message(self.Pressed(self))

    def on_leave(self) -> None:
        """A pointer that went away takes its half of the press with it."""
        self._down = False
