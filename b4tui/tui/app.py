"""The console: a Textual application over one `Runtime`. It polls the snapshot, draws it, and turns keys into verbs.

The runtime is started after the first paint and stopped on the way out. Nothing here holds state of its own but what
the operator is looking at.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.text import Text
from textual import events
from textual.app import App
from textual.screen import ModalScreen
from textual.worker import Worker

from b4tui.config import TuiConfig, resource
from b4tui.events import AgentState, now
from b4tui.outward_sections import EscalationPolicy
from b4tui.runtime.operator import OperatorError
from b4tui.runtime.snapshot import Snapshot
from b4tui.safe_text import visible
from b4tui.tui import breaking, themes
from b4tui.tui.arrivals import Arrivals
from b4tui.tui.attention import wants
from b4tui.tui.bead_reports import Report, failure
from b4tui.tui.commands import ConsoleCommands
from b4tui.tui.keymap import bindings
from b4tui.tui.outward.readings import Readings
from b4tui.tui.paint import CURSOR_CLASS, Ink, plain
from b4tui.tui.questions import Questions
from b4tui.tui.screens.base import HouseScreen
from b4tui.tui.screens.dashboard import DashboardScreen
from b4tui.tui.terminal_title import Titled

if TYPE_CHECKING:
    from textual.driver import Driver

    from b4tui.runtime.runtime import Runtime

FRAMES_PER_S = 8
MOST_COPIED = 70_000
"""Characters that go to the clipboard: what terminals take in one OSC 52."""
ENDING_SIGNALS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
STOP_S = 3.0
"""How long the runtime may take to stop before the console leaves without it."""


def style_sheets() -> list[Path]:
    """Every style sheet, the tokens first: the last of two equal rules wins, and a screen's own must."""
    return sorted(resource("styles").glob("*.tcss"), key=lambda sheet: (sheet.stem != "tokens", sheet.stem))


class Console(App[None], inherit_bindings=False):
    """The console of one hub.

    `policy` says how approvals are asked for; `retention` maps providers to what they say they keep. `clock` is the
    wall's, `ticks` a steady one, in seconds: what is measured with it are moments of keys and of paints.
    """

    TITLE = "b4tui"
    CSS_PATH = [*style_sheets()]
    BINDINGS = bindings("global")
    COMMANDS = {ConsoleCommands}
    # Once here, not on every widget that draws lines: each would have all of them styled whenever it is styled.
    COMPONENT_CLASSES = {CURSOR_CLASS, *(ink.component for ink in Ink)}

    def __init__(
        self,
        runtime: Runtime,
        settings: TuiConfig,
        *,
        policy: EscalationPolicy | None = None,
        retention: Mapping[str, str] | None = None,
        clock: Callable[[], datetime] = now,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.runtime = runtime
        self.settings = settings
        self.policy = policy or EscalationPolicy()
        self.retention = retention or {}
        self.clock = clock
        self.ticks = ticks
        self.touched_at = ticks()
        self.readings = Readings()
        self._arrivals = Arrivals(self)
        self.snapshot: Snapshot = runtime.snapshot
        self._drawn: tuple[int, int] = (-1, -1)
        self._waiting = 0
        self.ask = Questions(self)
        for name in themes.PALETTES:
            self.register_theme(themes.theme(name))
        self.theme = settings.theme if settings.theme in themes.PALETTES else themes.DEFAULT

    def get_driver_class(self) -> type[Driver]:
        """Textual's own, but for a real terminal: that may go for good, and then the console must end."""
        found = super().get_driver_class()
        if found.__name__ != "LinuxDriver":
            return found
        from b4tui.tui.terminal_driver import TerminalDriver

        return TerminalDriver

    def get_default_screen(self) -> DashboardScreen:
        """The dashboard lies under everything."""
        return DashboardScreen()

    def on_mount(self) -> None:
        """Paint first, then start the runtime, then follow it."""
        if self.settings.theme not in themes.PALETTES:
            self.say(f"There is no theme {self.settings.theme}: {', '.join(themes.PALETTES)}.", wrong=True)
        self._leave_on_signals()
        self.call_after_refresh(self._start)
        self.set_interval(1 / FRAMES_PER_S, self._poll, name="poll")

    def _start(self) -> None:
        self.run_worker(self.carried_out(self.runtime.start(), ""), group="runtime", exit_on_error=False)

    def _leave_on_signals(self) -> None:
        """Whoever ends the program from outside gets the terminal back, and the beads in hand go back too."""
        loop = asyncio.get_running_loop()
        for name in ENDING_SIGNALS:
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(name, partial(self.exit, return_code=128 + name))

    async def on_unmount(self) -> None:
        """Stop the runtime, and leave even if it does not."""
        try:
            await asyncio.wait_for(self.runtime.stop("the console was left"), STOP_S)
        except TimeoutError:
            self.log.error("the runtime did not stop in time")

    # Following the runtime ---------------------------------------------------------------------------------------

    def _poll(self) -> None:
        self.snapshot = snapshot = self.runtime.snapshot
        # A busy machine ticks before the first screen is there, and after the last one is gone.
        screen = self.screen_stack[-1] if self.screen_stack else None
        if not (isinstance(screen, HouseScreen) and screen.drawable and self.is_running):
            return
        # Ages and the clock change once a second without the runtime's doing.
        stamp = (snapshot.revision, int(self.clock().timestamp()))
        if stamp != self._drawn:
            self._drawn = stamp
            self.show_on(screen)
            self._notice(snapshot)
            self._arrivals.follow(snapshot)
        screen.tick()

    def show_on(self, screen: HouseScreen) -> None:
        """Draw the latest snapshot. One over the first that breaks is left, and the console goes on."""
        try:
            screen.show(self.snapshot)
        except Exception as error:
            if screen is self.screen_stack[0] or screen is not self.screen_stack[-1]:
                raise
            screen.drawable = False
            screen.dismiss(None)
            self.say(breaking.screen_words(error), wrong=True)

    def _fatal_error(self) -> None:
        self.bell()
        self.panic(Text(breaking.last_words(self._exception)))

    def _notice(self, snapshot: Snapshot) -> None:
        waiting = len(wants(snapshot))
        if waiting > self._waiting and self.settings.bell:
            self.bell()
        if waiting != self._waiting:
            self.screen.refresh_bindings()
        self._waiting = waiting

    # What screens ask for ----------------------------------------------------------------------------------------

    def say(self, text: str, *, wrong: bool = False, calls: bool = False) -> None:
        """A word to the operator that goes away by itself; `calls`: it wants them. The text may be foreign."""
        self.notify(
            plain(text, 400),
            severity="error" if wrong else "warning" if calls else "information",
            markup=False,
        )

    def hush(self) -> None:
        """Take back the words that called the operator: they are where these lead."""
        for notice in [notice for notice in self._notifications if notice.severity == "warning"]:
            self._unnotify(notice)

    def entitle(self, title: str) -> None:
        """Give the terminal a title, where it is one that has titles."""
        if isinstance(self._driver, Titled):
            self._driver.entitle(title)

    def perform(self, verb: Coroutine[Any, Any, object], done: str) -> Worker[bool]:
        """Do what the operator asked for, and say how it went."""
        return self.run_worker(self.carried_out(verb, done), group="operator", exit_on_error=False)

    async def carried_out(self, verb: Coroutine[Any, Any, object], done: str) -> bool:
        """Do it and say how it went; False where it was refused or failed."""
        try:
            await verb
        except OperatorError as error:
            self.say(str(error), wrong=True)
        except Exception as error:
            self.say(f"That failed: {type(error).__name__}: {error}", wrong=True)
            self.log.error(error)
        else:
            if done:
                self.say(done)
            return True
        return False

    def copy(self, text: str) -> None:
        """Put text in the clipboard of the operator's own terminal (OSC 52: works over SSH); nothing, where none is."""
        if not text:
            self.say("There is nothing to copy here.")
            return
        self.copy_to_clipboard(visible(text[:MOST_COPIED]))
        self.say(
            f"Copied {plain(text, 60)}" + (f" and on, {MOST_COPIED:,} characters" if len(text) > MOST_COPIED else "")
        )

    def report(self, make: Callable[[], Report], show: Callable[[Report], None], group: str) -> None:
        """Make a report in a thread and show it; a failure is shown in its place."""

        async def work() -> None:
            try:
                report = await asyncio.to_thread(make)
            except Exception as error:
                report = failure(f"{type(error).__name__}: {error}")
            show(report)

        self.run_worker(work(), group=group, exclusive=True, exit_on_error=False)

    @property
    def busy(self) -> int:
        """How many agents are at work: now, and not when the screen was drawn last."""
        return sum(view.state in {AgentState.WORKING, AgentState.WAITING} for view in self.runtime.snapshot.agents)

    @property
    def actor(self) -> str:
        """The operator's name, as decisions are signed with it."""
        return self.runtime.operator.name

    # Keys that work everywhere -----------------------------------------------------------------------------------

    def open_bead(self, bead: str) -> None:
        """Look at one bead."""
        from b4tui.tui.screens.bead import BeadScreen

        if not isinstance(self.screen, BeadScreen):
            self.push_screen(BeadScreen(bead))

    def action_machine(self) -> None:
        """The machine's screen, or back from it."""
        from b4tui.tui.screens.machine import MachineScreen

        self._turn_to(MachineScreen)

    def action_approvals(self) -> None:
        """The approvals, or back from them."""
        from b4tui.tui.screens.approvals import ApprovalsScreen

        self._turn_to(ApprovalsScreen)

    def _turn_to(self, kind: type[HouseScreen]) -> None:
        """A screen that there is one of: one that lies further below is returned to, never opened twice."""
        if isinstance(self.screen, ModalScreen):
            return
        if isinstance(self.screen, kind):
            self.screen.dismiss(None)
        elif any(isinstance(screen, kind) for screen in self.screen_stack):
            while not isinstance(self.screen, kind):
                self.pop_screen()
        else:
            self.push_screen(kind())

    def action_audit(self) -> None:
        """The record, or back from it."""
        from b4tui.tui.screens.audit import AuditScreen

        self._turn_to(AuditScreen)

    def action_grants(self) -> None:
        """The standing approvals, or back from them."""
        from b4tui.tui.screens.grants import GrantsScreen

        self._turn_to(GrantsScreen)

    def action_help(self) -> None:
        """The keys that work where the operator is."""
        from b4tui.tui.screens.help import HelpScreen

        if not isinstance(self.screen, ModalScreen):
            self.push_screen(HelpScreen(self.screen))

    async def action_quit(self) -> None:
        """Leave, after a question while agents are at work or approvals wait."""
        self.ask.quit()

    def action_quit_twice(self) -> None:
        """Leave, when it is struck twice."""
        self.ask.quit_twice()

    async def on_event(self, event: events.Event) -> None:
        """What comes from the terminal, before any widget has it.

        Nothing that is pasted may reach the terminal as a command. Keys and clicks are noted with the moment they were
        made; screens that decide are told of pastes and of the terminal's coming to the front, by focus or by a click.
        """
        if isinstance(event, events.Paste):
            event.text = visible(event.text)
        if event.is_forwarded or self._note(event):
            await super().on_event(event)

    def _note(self, event: events.Event) -> bool:
        """Whether anybody may have the event: not a key or click that is older than what the screen in front shows."""
        touched = isinstance(event, events.Key | events.MouseDown | events.MouseUp)
        if touched:
            self.touched_at = self.moment(event.time)
        front = self.screen_stack[-1] if self.screen_stack else None
        if not isinstance(front, HouseScreen):
            return True
        if isinstance(event, events.AppFocus) or (touched and not self.app_focus):
            front.disturbed("the terminal just came to the front")
        elif isinstance(event, events.Paste):
            front.disturbed("something was pasted")
        elif isinstance(event, events.Key):
            front.heard(self.touched_at)
        return not touched or front.welcomes(self.touched_at)

    def moment(self, event_time: float) -> float:
        """When an event was made, on the steady clock: the terminal's thread stamps it, however late it is handled."""
        return self.ticks() - max(0.0, time.monotonic() - event_time)

    def action_next_theme(self) -> None:
        """The next of our themes."""
        names = list(themes.PALETTES)
        self.theme = names[(names.index(self.theme) + 1) % len(names)] if self.theme in names else themes.DEFAULT
