"""A screen on which something is decided: inert until it was painted and no key comes, and again when disturbed."""

from __future__ import annotations

from textual.geometry import Size

from b4tui.escalation.types import Approval
from b4tui.runtime.snapshot import Snapshot
from b4tui.tui.outward import queue
from b4tui.tui.outward.arming import Arming
from b4tui.tui.screens.base import SMALLEST, TOLD_S, HouseScreen


class GuardedScreen(HouseScreen):
    """Keeps the arming. Subclasses ask `admits` before they decide, and draw what `arming` says."""

    def __init__(self) -> None:
        super().__init__()
        self.arming = Arming(quiet_s=0.0)
        self._known_size: Size | None = None
        self._entered = False
        self._could_undo = False
        self.refused = ""
        """Why the key that was struck last does nothing, as long as that is said."""
        self._refused_at = 0.0
        self.together: frozenset[str] = frozenset()
        """What was decided together last, and is taken back so."""

    def on_mount(self) -> None:
        """The quiet that is asked for is in the settings."""
        self.arming = Arming(quiet_s=self.console.policy.quiet_s)
        self._await_paint()

    @property
    def complete(self) -> bool:
        """Whether all that the operator decides about is on the screen."""
        return True

    @property
    def fits(self) -> bool:
        """Whether the terminal is large enough for the screen to be shown at all."""
        return self.app.size.width >= SMALLEST[0] and self.app.size.height >= SMALLEST[1]

    def disturbed(self, why: str) -> None:
        """Something is not as it was when the operator looked: inert until painted and quiet again."""
        self.arming = self.arming.disturbed(why)
        self.refused = ""
        self.arming_changed()
        self._await_paint()

    def _await_paint(self) -> None:
        if self.drawable or self.is_attached:
            self.call_after_refresh(self._painted)

    def _painted(self) -> None:
        if self.is_attached and self.is_current and self.fits and self.complete and self.arming.painted_at is None:
            self.arming = self.arming.painted(self.console.ticks())

    def show(self, snapshot: Snapshot) -> None:
        """The key that takes a decision back is there while that is possible."""
        super().show(snapshot)
        if (can := bool(self.undoable())) != self._could_undo:
            self._could_undo = can
            self.refresh_bindings()

    def undoable(self) -> tuple[Approval, ...]:
        """What this operator decided last and can take back still."""
        console = self.console
        now, undo_s = console.clock().astimezone(), console.policy.undo_s
        return queue.undoable(console.snapshot.outward, now, undo_s, console.actor, self.together)

    def heard(self, at: float) -> None:
        """A key came."""
        self.arming = self.arming.heard(at)
        self._unsay()

    def refuse(self, told: str) -> None:
        """Say it in the line of what a decision waits for, and over nothing that is to be read."""
        self.refused, self._refused_at = told, self.console.ticks()
        self.say_standing()

    def _unsay(self) -> None:
        if self.refused:
            self.refused = ""
            self.say_standing()

    def say_standing(self) -> None:
        """Draw the line that says what a decision waits for, or why a key does nothing."""

    def tick(self) -> None:
        """Armed as soon as it was quiet for long enough."""
        if self.arming.painted_at is None:
            self._await_paint()
        if self.console.ticks() - self._refused_at > TOLD_S:
            self._unsay()
        now = self.arming.at(self.console.ticks())
        if now.armed is not self.arming.armed:
            self.arming, self.refused = now, ""  # what was inert may not be so any more
            self.arming_changed()

    def admits(self) -> bool:
        """Whether the key or click that came last may decide."""
        return self.is_current and self.arming.admits(self.console.touched_at)

    def arming_changed(self) -> None:
        """Armed, or inert again: what depends on it is to be drawn anew."""
        self.refresh_bindings()

    def on_resize(self) -> None:
        """Another size: what was read may stand elsewhere now."""
        size, self._known_size = self._known_size, self.app.size
        if size not in (None, self.app.size):
            self.disturbed("the terminal has another size")

    def on_screen_resume(self) -> None:
        """In front: whatever called the operator led here."""
        self.console.hush()
        if self._entered:
            self.disturbed("you were elsewhere")
        self._entered = True
