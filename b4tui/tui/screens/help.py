"""The help overlay: the keys that work where the operator is, grouped, and what they do."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen

from b4tui.tui.keymap import GROUPS, bindings
from b4tui.tui.paint import Ink, Line, Span, line
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
        self._lines = help_lines(screen)

    def compose(self) -> ComposeResult:
        """A heading and the list."""
        with Vertical(classes="dialog wide"):
            yield Panel(id="question")
            yield TextPane(id="keys")
        yield KeyBar()

    def on_mount(self) -> None:
        """Write the list."""
        head = line(
            Span("KEYS", Ink.STRONG), Span("   what works here now; faint: not for what the cursor is on", Ink.FAINT)
        )
        self.query_one("#question", Panel).show_lines((head, Line()))
        pane = self.query_one("#keys", TextPane)
        pane.write(lambda _width: numbered(self._lines))
        pane.focus()

    def action_dismiss_dialog(self) -> None:
        """Back to the screen."""
        self.dismiss(None)


def help_lines(screen: Screen[object]) -> tuple[Line, ...]:
    """Every key of the registry that has a binding on this screen; what does not apply now is faint and says so."""
    enabled = {entry.binding.id: entry.enabled for entry in screen.active_bindings.values()}
    bound = {binding.id for node in screen.ancestors_with_self for _, binding in node._bindings}
    if screen.focused is not None:
        bound |= {binding.id for node in screen.focused.ancestors_with_self for _, binding in node._bindings}
    lines: list[Line] = []
    for title, keys in GROUPS.values():
        rows = [key for key in keys if key.id in bound]
        if not rows:
            continue
        lines.append(line(Span(title.upper(), Ink.FAINT)))
        for key in rows:
            works = enabled.get(key.id, False)
            lines.append(
                line(
                    Span(f"  {key.display or key.keys:<8}", Ink.ACCENT if works else Ink.FAINT),
                    Span(f"{key.label:<13}", Ink.STRONG if works else Ink.FAINT),
                    Span(key.help, Ink.SOFT if works else Ink.FAINT),
                    right=() if works else (Span("not now", Ink.FAINT),),
                )
            )
        lines.append(Line())
    return tuple(lines)
