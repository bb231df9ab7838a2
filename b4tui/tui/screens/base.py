"""What every full screen of the console has: header, foot line, a word where the terminal is too small."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.actions import parse
from textual.app import ComposeResult
from textual.screen import Screen

from b4tui.tui.keymap import BY_ID
from b4tui.tui.paint import Ink, Line, Span
from b4tui.tui.widgets.header import HeaderLine
from b4tui.tui.widgets.inked import Panel
from b4tui.tui.widgets.key_bar import KeyBar
from b4tui.tui.widgets.notice import NoticePanel

if TYPE_CHECKING:
    from b4tui.runtime.snapshot import Snapshot
    from b4tui.tui.app import Console

SMALLEST = (60, 20)
"""Columns and rows below which nothing useful fits."""
ROOMY = 120
"""Columns from which four columns of cards can be read."""
TOLD_S = 4.0
"""Seconds that it is said why a key does nothing."""
BREAKPOINTS_ACROSS = [(0, "-tiny"), (SMALLEST[0], "-narrow"), (ROOMY, "-wide")]
BREAKPOINTS_DOWN = [(0, "-flat"), (SMALLEST[1], "-short"), (32, "-tall")]


class HouseScreen(Screen[None]):
    """A full screen. Subclasses give `body`, and `show` what changes."""

    HORIZONTAL_BREAKPOINTS = BREAKPOINTS_ACROSS
    VERTICAL_BREAKPOINTS = BREAKPOINTS_DOWN

    KEEPS: ClassVar[tuple[str, ...]] = ()
    """Ids of keys that the foot line names however little room there is."""

    HERE: ClassVar[str] = ""
    """Id of the key that leads to this screen: here it only leads back, and the foot line names another for that."""

    _refused: tuple[str, float] = ("", 0.0)
    """Why the last key that did nothing did so, and when that was said."""

    drawable = False
    """Whether the widgets exist; a screen is in front a moment before they do."""

    def on_mount(self) -> None:
        """The widgets exist."""
        self.drawable = True

    @property
    def console(self) -> Console:
        """The application this screen belongs to."""
        return cast("Console", self.app)

    @property
    def narrow(self) -> bool:
        """Whether there is room for one column only."""
        return self.app.size.width < ROOMY

    def compose(self) -> ComposeResult:
        """Header, what is wrong, body, foot line."""
        yield HeaderLine()
        yield NoticePanel()
        yield from self.body()
        yield TooSmall()
        yield KeyBar()

    def body(self) -> ComposeResult:
        """What is between header and foot line."""
        yield from ()

    def show(self, snapshot: Snapshot) -> None:
        """Draw a snapshot; called up to eight times a second while this screen is in front."""
        now = self.console.clock().astimezone()
        self.query_one(HeaderLine).show(snapshot, now)
        self.query_one(NoticePanel).show(snapshot, now)

    def heard(self, at: float) -> None:
        """A key was struck at that moment of the console's steady clock, whatever it is bound to."""

    def welcomes(self, at: float) -> bool:
        """Whether a key or click of that moment may have any effect here."""
        return True

    def disturbed(self, why: str) -> None:
        """The terminal came back to the front, or something was pasted: screens that decide wait anew."""

    def why_not(self, action: str) -> str:
        """Why an action that `check_action` does not let through does nothing now, as a clause; "" where none is known.

        It is asked by the help, and when the key is struck. It decides nothing.
        """
        return ""

    def on_key(self, event: events.Key) -> None:
        """A key of this screen that does nothing now says why."""
        for binding in self._bindings.key_to_bindings.get(event.key, ()):
            _, action, parameters = parse(binding.action)
            if not self.check_action(action, parameters) and (why := self.why_not(action)):
                key = BY_ID[binding.id or ""]
                self.refuse(f"{key.display or key.keys} does nothing now: {why}.")

    def refuse(self, told: str) -> None:
        """Say why a key does nothing; once, however long it is held."""
        said, at = self._refused
        now = self.console.ticks()
        if told != said or now - at > TOLD_S:
            self._refused = (told, now)
            self.console.say(told)

    def tick(self) -> None:
        """Eight times a second while this screen is in front: for what is not in the snapshot."""

    def on_screen_resume(self) -> None:
        """In front again: catch up with what happened meanwhile."""
        self.call_after_refresh(self.catch_up)

    def on_resize(self) -> None:
        """Another size: what is shown depends on it."""
        self.call_after_refresh(self.catch_up)

    def catch_up(self) -> None:
        """Draw the latest snapshot, if this screen is in front."""
        if self.drawable and self.is_attached and self.is_current:
            self.console.show_on(self)


class TooSmall(Panel):
    """The clear word below 60x20."""

    def __init__(self) -> None:
        super().__init__(classes="too-small")

    def on_resize(self) -> None:
        """Say what is and what must be."""
        have = self.app.size
        text = f"Too small: {have.width}x{have.height}. The console needs {SMALLEST[0]}x{SMALLEST[1]}."
        pad = max(0, (have.width - len(text)) // 2)
        blank = (Line(),) * max(0, have.height // 2 - 1)
        self.show_lines((*blank, Line((Span(" " * pad + text, Ink.ATTENTION),))))
