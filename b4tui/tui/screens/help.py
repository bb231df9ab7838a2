"""The help overlay: the keys that work where the operator is, grouped, and what they do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.actions import parse
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen

from b4tui.tui.keymap import BY_ID, GROUPS, Key, bindings
from b4tui.tui.paint import Ink, Line, Span, line, width_of, wrapped
from b4tui.tui.screens.base import HouseScreen
from b4tui.tui.widgets.inked import Panel
from b4tui.tui.widgets.key_bar import KeyBar
from b4tui.tui.widgets.text_pane import TextPane, numbered


class HelpScreen(ModalScreen[None]):
    """Made for the screen it is opened on."""

    BINDINGS = [
        *bindings("dialog"),
        Binding("question_mark,q", "dismiss_dialog", "Back", show=False, id="help-back", tooltip="Leave the help"),
    ]

    def __init__(self, screen: Screen[object]) -> None:
        super().__init__()
        self._groups = keys_of(screen)

    def compose(self) -> ComposeResult:
        """A heading and the list."""
        with Vertical(classes="dialog wide"):
            yield Panel(id="question")
            yield TextPane(id="keys")
        yield KeyBar()

    def on_mount(self) -> None:
        """Write the list."""
        head = line(Span("KEYS", Ink.STRONG), Span("   what works here now; faint: not now, and why", Ink.FAINT))
        self.query_one("#question", Panel).show_lines((head, Line()))
        pane = self.query_one("#keys", TextPane)
        pane.write(lambda width: numbered(tuple(help_lines(self._groups, width))))
        pane.focus()

    def action_dismiss_dialog(self) -> None:
        """Back to the screen."""
        self.dismiss(None)


Group = tuple[str, tuple[tuple[Key, str | None], ...]]
"""A heading, and its keys with why each does nothing now; None where it works."""


def keys_of(screen: Screen[object]) -> tuple[Group, ...]:
    """Every key of the registry that has a binding on this screen, as it is while the screen is in front."""
    active = screen.active_bindings
    enabled = {entry.binding.id: entry.enabled for entry in active.values()}
    # Textual's own ctrl+c copies what is selected, and where nothing is, lets ours have the key.
    shared = {key for key, entry in active.items() if entry.binding.id not in BY_ID}
    enabled |= {key.id: True for key in BY_ID.values() if key.id not in enabled and shared & set(key.keys.split(","))}
    bound = {binding.id for node in screen.ancestors_with_self for _, binding in node._bindings}
    if screen.focused is not None:
        bound |= {binding.id for node in screen.focused.ancestors_with_self for _, binding in node._bindings}
    found = (
        (title, tuple((key, None if enabled.get(key.id) else _reason(screen, key)) for key in keys if key.id in bound))
        for title, keys in GROUPS.values()
    )
    return tuple(group for group in found if group[1])


def help_lines(groups: Sequence[Group], width: int) -> Iterator[Line]:
    """The keys under their headings; one that does nothing now is faint and says why."""
    for title, keys in groups:
        yield line(Span(title.upper(), Ink.FAINT))
        for key, hindrance in keys:
            yield from _key_lines(key, width, hindrance)
        yield Line()


def _key_lines(key: Key, width: int, hindrance: str | None) -> Iterator[Line]:
    """What a key does, and under it why it does nothing now; `hindrance` is None where it works."""
    works = hindrance is None
    name = Span(f"  {key.display or key.keys:<8}", Ink.ACCENT if works else Ink.FAINT)
    label = Span(f"{key.label:<13}", Ink.STRONG if works else Ink.FAINT)
    margin = width_of((name, label))
    told = list(wrapped(key.help, width - margin, Ink.SOFT if works else Ink.FAINT))
    if hindrance is not None:
        told += wrapped(f"not now{': ' if hindrance else ''}{hindrance}", width - margin, Ink.INFO)
    for number, row in enumerate(told):
        yield Line((name, label, *row.left) if number == 0 else (Span(" " * margin), *row.left))


def _reason(screen: Screen[object], key: Key) -> str:
    action = parse(key.action)[1]
    if action == "open":
        return "there is nothing to open under the cursor"
    return screen.why_not(action) if isinstance(screen, HouseScreen) else ""
