"""The questions the console asks before it acts, and the verb that follows each answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from b4tui.board.model import NewBead
from b4tui.tui import words

if TYPE_CHECKING:
    from b4tui.tui.app import Console


class Questions:
    """Every question of the console. Dialogs are loaded when the first one is asked."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def new_bead(self) -> None:
        """Ask for a new bead and make it."""
        from b4tui.tui.screens.dialogs import NewBeadScreen

        def make(new: NewBead | None) -> None:
            if new is not None:
                self._console.perform(self._console.runtime.operator.create(new), f"made: {new.title}")

        self._console.push_screen(NewBeadScreen(), make)

    def cancel(self, bead: str) -> None:
        """Ask whether a run is to be stopped."""
        from b4tui.tui.screens.dialogs import ChoiceScreen

        def answered(choice: str | None) -> None:
            if choice == "cancel":
                verb = self._console.runtime.operator.cancel(bead)
                self._console.perform(verb, f"{bead} is cancelled and waits for you")

        question = f"Stop the run at {bead}? The bead goes back and waits until you retry it."
        choices = {"keep": "Let it run", "cancel": "Stop it"}
        self._console.push_screen(ChoiceScreen(question, choices), answered)

    def assign(self, bead: str) -> None:
        """Ask whose a bead is to be."""
        from b4tui.tui.screens.dialogs import ChoiceScreen

        views = self._console.snapshot.agents
        choices = {view.key: f"{view.name}  ({words.plural(len(view.queue), 'bead')} waiting)" for view in views}

        def answered(agent: str | None) -> None:
            if agent:
                verb = self._console.runtime.operator.assign(bead, agent)
                self._console.perform(verb, f"{bead} is given to {agent}")

        self._console.push_screen(ChoiceScreen(f"Who is to do {bead}?", choices), answered)

    def comment(self, bead: str) -> None:
        """Ask for a comment."""
        self._line(f"Say something on {bead}", "", "comment", bead, "commented")

    def close(self, bead: str) -> None:
        """Ask for the reason to close."""
        self._line(f"Close {bead}: why?", "done", "close", bead, "closed")

    def reopen(self, bead: str) -> None:
        """Ask for the reason to reopen."""
        self._line(f"Reopen {bead}: why?", "", "reopen", bead, "reopened")

    def _line(self, title: str, value: str, verb: str, bead: str, done: str) -> None:
        from b4tui.tui.screens.dialogs import LineScreen

        operator = self._console.runtime.operator
        act = {"comment": operator.comment, "close": operator.close, "reopen": operator.reopen}[verb]

        def answered(text: str | None) -> None:
            if text:
                self._console.perform(act(bead, text), f"{bead} {done}")

        self._console.push_screen(LineScreen(title, value=value), answered)

    def quit(self) -> None:
        """Leave; while agents are at work, ask first. Asked twice is an answer."""
        from b4tui.tui.screens.dialogs import QuitScreen

        busy = self._console.busy
        if not busy or isinstance(self._console.screen, QuitScreen):
            self._console.exit()
            return
        verb = "is" if busy == 1 else "are"
        question = (
            f"{words.plural(busy, 'agent')} {verb} at work. Their runs are stopped and the beads go back to ready."
        )

        def answered(choice: str | None) -> None:
            if choice == "quit":
                self._console.exit()

        choices = {"stay": "Stay", "quit": "Stop the agents and leave"}
        self._console.push_screen(QuitScreen(question, choices), answered)
