"""The questions the console asks before it acts, and the verb that follows each answer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from b4tui.board.model import NewBead
from b4tui.escalation.types import Approval
from b4tui.gate.types import Finding
from b4tui.runtime.snapshot import RunView
from b4tui.tui import words
from b4tui.tui.outward.exporting import export

if TYPE_CHECKING:
    from b4tui.tui.app import Console

MOST_SOURCES = 8
"""Private sources that are listed in the question whether a run is released."""
TWICE_S = 3.0
"""Within how many seconds a second ctrl+c leaves."""
CarryOut = Callable[[Coroutine[Any, Any, object], str], None]


class Questions:
    """Every question of the console. Dialogs are loaded when the first one is asked."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._wanted_out_at = float("-inf")

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

    def call_public(self, approval: Approval, finding: Finding, carry_out: CarryOut) -> None:
        """Ask why a value may be public; without a reason it stays private."""
        if not finding.value_hash:
            self._console.say(f"What {finding.rule} found cannot be called public: redact it instead.", wrong=True)
            return
        from b4tui.tui.screens.dialogs import LineScreen

        def answered(note: str | None) -> None:
            if note:
                verb = self._console.runtime.operator.call_public(
                    approval.id, approval.version, finding.rule, finding.value_hash, note
                )
                carry_out(verb, "Called public: the payload is judged anew.")

        title = (
            f"Call {finding.preview} public, found by {finding.rule}? From then on, in all hubs, this very value (hash "
            f"{finding.value_hash[:12]}…) is no reason to keep a text here. `b4tui gate rules` lists such values. "
            "Say why; esc keeps it private."
        )
        self._console.push_screen(LineScreen(title, placeholder="why it is public"), answered)

    def export(self, approval: Approval) -> None:
        """Ask where the exact bytes are to be written; a file that is there already is left alone."""
        from b4tui.tui.screens.dialogs import LineScreen

        def answered(path: str | None) -> None:
            if path:
                verb = export(self._console.runtime, approval, Path(path).expanduser())
                self._console.perform(verb, f"Written to {path}")

        path = str(Path(tempfile.gettempdir()) / f"b4tui-{approval.sha256[:12]}.body")
        title = "Write the exact bytes to which file? It stays on this machine, readable by you alone."
        self._console.push_screen(LineScreen(title, value=path), answered)

    def release(self, run: RunView) -> None:
        """Ask whether what a run has read may leave, with the list of it."""
        from b4tui.tui.screens.dialogs import ChoiceScreen

        def answered(choice: str | None) -> None:
            if choice == "release":
                verb = self._console.runtime.operator.release(run.run)
                self._console.perform(verb, f"{run.bead}: what this run has read does not keep it here any more")

        listed = "\n".join(f"· {source}" for source in run.private_sources[:MOST_SOURCES])
        more = len(run.private_sources) - MOST_SOURCES
        question = (
            f"This run at {run.bead} has read private sources, so nothing of it may leave:\n{listed}\n"
            + (f"and {more} more\n" if more > 0 else "")
            + "Release it? What it sends is still judged by the gate, and you are asked for each payload."
        )
        choices = {"keep": "Keep it here", "release": "Release what this run has read"}
        self._console.push_screen(ChoiceScreen(question, choices), answered)

    def quit_twice(self) -> None:
        """Whoever strikes ctrl+c out of habit is told how to leave, and leaves by striking it again."""
        now = self._console.ticks()
        if now - self._wanted_out_at <= TWICE_S:
            self.quit()
        else:
            self._wanted_out_at = now
            self._console.say("ctrl+c once more leaves; so does ctrl+q.")

    def quit(self) -> None:
        """Leave; while agents are at work or approvals wait, ask first. Asked twice is an answer."""
        from b4tui.tui.screens.dialogs import QuitScreen

        busy, pending = self._console.busy, len(self._console.runtime.snapshot.outward.pending)
        if not (busy or pending) or isinstance(self._console.screen, QuitScreen):
            self._console.exit()
            return

        def answered(choice: str | None) -> None:
            if choice == "quit":
                self._console.exit()

        choices = {"stay": "Stay", "quit": "Stop the agents and leave" if busy else "Leave"}
        self._console.push_screen(QuitScreen(_quit_question(busy, pending), choices), answered)


def _quit_question(busy: int, pending: int) -> str:
    told = ""
    if busy:
        told = f"{words.plural(busy, 'agent')} are at work. Their runs are stopped and the beads go back to ready."
        if busy == 1:
            told = "1 agent is at work. Its run is stopped and the bead goes back to ready."
    if pending:
        verb = "waits" if pending == 1 else "wait"
        told += f"{' ' if told else ''}{words.plural(pending, 'approval')} {verb} for you: nothing leaves without you."
    return told
