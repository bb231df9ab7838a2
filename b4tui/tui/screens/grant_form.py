"""The form for a grant, made from an approval: a few limits, the narrowest first, and the sentence they make."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical

from b4tui.escalation.approvals.grant_bounds import beyond
from b4tui.escalation.types import Approval
from b4tui.runtime.snapshot import Snapshot
from b4tui.tui.keymap import bindings
from b4tui.tui.outward.grant_choices import Choices
from b4tui.tui.outward.why_not import inert
from b4tui.tui.paint import Ink, Line, Span, line, wrapped
from b4tui.tui.screens.guarded import GuardedScreen
from b4tui.tui.widgets.inked import Panel
from b4tui.tui.widgets.lines import Lines

MADE = "The grant is made, for the next ones: this one still waits for you."
NAMES = {"minutes": "for", "uses": "how often", "size": "up to", "anyone": "by"}


class Limits(Lines):
    """Rows that are turned; `enter` does nothing to them."""

    @property
    def opens(self) -> bool:
        """The foot line names no key that opens a row."""
        return False


class GrantFormScreen(GuardedScreen):
    """Left and right turn a limit; `ctrl+s` makes the grant; nothing is made by `enter`."""

    BINDINGS = bindings("grant")
    AUTO_FOCUS = "#limits"

    def __init__(self, approval: Approval) -> None:
        super().__init__()
        self.choices = Choices(approval=approval)

    def body(self) -> ComposeResult:
        """The sentence, the limits, what making waits for."""
        with Vertical(id="main"):
            yield Panel(id="asked")
            yield Limits(id="limits")
            yield Panel(id="waits")

    def on_mount(self) -> None:
        """The frame."""
        self.drawable = True
        limits = self.query_one("#limits", Lines)
        limits.add_class("panel")
        limits.entitle("ALLOW FOR…")

    def show(self, snapshot: Snapshot) -> None:
        """Draw the form."""
        super().show(snapshot)
        grant = self.choices.grant(self.console.clock(), self.console.actor)
        width = max(20, self.app.size.width - 4)
        self.query_one("#asked", Panel).show_lines(
            (
                line(Span("This grant would say:", Ink.FAINT)),
                *wrapped(grant.sentence, width, Ink.STRONG),
                *wrapped(
                    "Payloads with findings are asked for all the same; each one is judged anew.", width, Ink.FAINT
                ),
            )
        )
        self.query_one("#limits", Lines).show_rows(Choices.FIELDS, lambda name: (self._row(name),))
        told = "ctrl+s makes it, esc leaves." if self.arming.armed else f"◌ Not yet: {self.arming.why}."
        if words := beyond(grant, self.console.policy):
            told = f"✗ It reaches too far: {words}."
        self.query_one("#waits", Panel).show_lines((line(Span(f" {told}", Ink.SOFT)),))

    def _row(self, name: str) -> Line:
        chosen = getattr(self.choices, name)
        spans = [Span(f"{NAMES[name]:<12}", Ink.FAINT)]
        for place, scope in enumerate(self.choices.words(name)):
            spans.append(
                Span(f"[{scope}] " if place == chosen else f" {scope}  ", Ink.STRONG if place == chosen else Ink.SOFT)
            )
        return Line(tuple(spans))

    def arming_changed(self) -> None:
        """Making it became possible, or inert."""
        super().arming_changed()
        self.catch_up()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is made by keys that were struck before the form was seen."""
        return action != "make" or self.arming.armed or None

    def why_not(self, action: str) -> str:
        """Why no grant is made now."""
        return inert(self.arming)

    def action_turn(self, by: int) -> None:
        """Another scope for the limit under the cursor."""
        limits = self.query_one("#limits", Lines)
        if limits.key:
            self.choices = self.choices.turned(limits.key, by)
            self.catch_up()

    def action_make(self) -> None:
        """Make the grant."""
        if self.admits():
            grant = self.choices.grant(self.console.clock(), self.console.actor)
            if words := beyond(grant, self.console.policy):
                self.console.say(f"It reaches too far: {words}.", wrong=True)
                return
            self.console.perform(self.console.runtime.operator.make_grant(grant), MADE)
            self.dismiss(None)

    def action_dismiss_dialog(self) -> None:
        """Leave without making it."""
        self.dismiss(None)
