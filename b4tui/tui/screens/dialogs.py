"""Short questions: choose one of a few answers, write a line, describe a new bead. `escape` always leaves them."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.document._document import EditResult
from textual.document._edit import Edit
from textual.screen import ModalScreen
from textual.widgets import Input, TextArea

from b4tui.board.model import NewBead
from b4tui.safe_text import visible
from b4tui.tui.keymap import bindings
from b4tui.tui.paint import Ink, Line, Span, line
from b4tui.tui.widgets.inked import Panel, TextPanel
from b4tui.tui.widgets.key_bar import KeyBar
from b4tui.tui.widgets.lines import Lines
from b4tui.tui.widgets.safe_input import SafeInput


class ChoiceScreen(ModalScreen[str | None]):
    """A question with answers; the first one is the harmless one and has the cursor."""

    BINDINGS = bindings("dialog")

    def __init__(self, question: str, choices: dict[str, str]) -> None:
        super().__init__()
        self._question = question
        self._choices = choices

    def compose(self) -> ComposeResult:
        """Question above, answers below."""
        with Vertical(classes="dialog"):
            yield TextPanel(self._question, id="question")
            yield Lines(id="choices")
        yield KeyBar()

    def on_mount(self) -> None:
        """Write the answers."""
        rows = {key: (line(Span(text, Ink.STRONG)),) for key, text in self._choices.items()}
        choices = self.query_one("#choices", Lines)
        choices.styles.height = min(12, len(rows))
        choices.show_rows(tuple(rows), rows.__getitem__)
        choices.focus()

    @on(Lines.Opened)
    def _chosen(self, event: Lines.Opened) -> None:
        self.dismiss(event.key)

    def action_dismiss_dialog(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


class QuitScreen(ChoiceScreen):
    """The question before leaving; a class of its own so that a second ctrl+q, or another ctrl+c, is an answer."""

    BINDINGS = [Binding("ctrl+c", "app.quit", "Leave", show=False, id="quit-now", tooltip="Leave without an answer")]


class LineScreen(ModalScreen[str | None]):
    """Asks for one line of text."""

    BINDINGS = bindings("form")

    def __init__(self, title: str, placeholder: str = "", value: str = "") -> None:
        super().__init__()
        self._title = title
        self._placeholder = placeholder
        self._value = value

    def compose(self) -> ComposeResult:
        """Title and input."""
        with Vertical(classes="dialog"):
            yield TextPanel(self._title, Ink.STRONG, id="question")
            yield SafeInput(placeholder=self._placeholder, value=self._value)
        yield KeyBar()

    def on_mount(self) -> None:
        """Ready to be written in."""
        self.query_one(SafeInput).focus()

    @on(Input.Submitted)
    def action_send(self) -> None:
        """Give the text back; an empty line is no answer."""
        text = self.query_one(SafeInput).value.strip()
        self.dismiss(text or None)

    def action_dismiss_dialog(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


class SafeTextArea(TextArea):
    """A text area whose text holds nothing a terminal could act on, however it got there."""

    def edit(self, edit: Edit) -> EditResult:
        """Show control characters instead of keeping them."""
        edit.text = visible(edit.text)
        return super().edit(edit)


class NewBeadScreen(ModalScreen[NewBead | None]):
    """The form for a new bead."""

    BINDINGS = bindings("form")

    def compose(self) -> ComposeResult:
        """Four fields; only the title must be filled in."""
        with Vertical(classes="dialog"):
            yield Panel(id="question")
            yield SafeInput(placeholder="what is to be done", id="title")
            yield SafeTextArea(id="description", tab_behavior="focus")
            with Horizontal(id="small"):
                yield SafeInput(placeholder="0 to 4 (2)", id="priority", max_length=1, restrict="[0-4]?")
                yield SafeInput(placeholder="comma separated", id="labels")
            yield Panel(id="said")
        yield KeyBar()

    def on_mount(self) -> None:
        """Write the title."""
        head = line(Span("NEW BEAD", Ink.STRONG), right=(Span("ctrl+s makes it", Ink.FAINT),))
        self.query_one("#question", Panel).show_lines((head, Line()))
        self.query_one("#title").border_title = "Title"
        self.query_one("#description").border_title = "Description"
        self.query_one("#priority").border_title = "Priority"
        self.query_one("#labels").border_title = "Labels"
        self.query_one("#title", SafeInput).focus()

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field, and makes the bead in the last one."""
        if event.input.id == "labels":
            self.action_send()
        else:
            self.focus_next()

    def action_send(self) -> None:
        """Give the bead back, or say what is missing."""
        title = self.query_one("#title", SafeInput).value.strip()
        if not title:
            said = line(Span("A bead needs a title.", Ink.BAD))
            self.query_one("#said", Panel).show_lines((said,))
            self.query_one("#title", SafeInput).focus()
            return
        labels = self.query_one("#labels", SafeInput).value.split(",")
        self.dismiss(
            NewBead(
                title=title,
                description=self.query_one("#description", TextArea).text.strip(),
                priority=int(self.query_one("#priority", SafeInput).value or 2),
                labels=tuple(label.strip() for label in labels if label.strip()),
            )
        )

    def action_dismiss_dialog(self) -> None:
        """Leave without making a bead."""
        self.dismiss(None)
