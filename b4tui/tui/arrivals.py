"""How approvals make themselves heard: a word and the bell once, never over what the operator is doing; the title.

Several that come together are one notice; an end that comes near is told twice. What is in a payload is never told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input, TextArea

from b4tui.escalation.types import Approval
from b4tui.runtime.snapshot import Snapshot
from b4tui.tui import words
from b4tui.tui.outward.asking import NOW_S, SOON_S, agent_name, size_words, stays_here
from b4tui.tui.screens.base import HouseScreen
from b4tui.tui.terminal_title import title_of

if TYPE_CHECKING:
    from b4tui.tui.app import Console

APART_S = 1.0
"""Least seconds between two notices."""
IDLE_S = 2.0
"""Seconds without a key or a click after which `auto_open = "idle"` may open an approval."""


class Arrivals:
    """Follows the pending approvals of snapshots and tells what is new about them, once each."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[str] = set()
        self._warned: set[tuple[str, float]] = set()
        self._told_at = float("-inf")
        self._opened: set[str] = set()

    def follow(self, snapshot: Snapshot) -> None:
        """Tell what is new since the last snapshot; open one where the settings allow it."""
        pending = {one.id: one for one in snapshot.outward.pending}
        self._told &= {one.id for one in snapshot.outward.approvals}
        self._console.entitle(title_of(len(pending)))
        now = self._console.ticks()
        if now - self._told_at >= APART_S:
            new = [one for one in pending.values() if one.id not in self._told and not one.seen_by]
            self._tell(new, snapshot)
            self._warn(snapshot)
            if new:
                self._told_at = now
                self._told |= {one.id for one in new}
        if self._console.policy.auto_open == "idle":
            self._open_one(snapshot)

    def _tell(self, new: list[Approval], snapshot: Snapshot) -> None:
        if not new or self._looking:
            return
        told = f"{words.plural(len(new), 'approval')} wait for you: a opens them."
        if len(new) == 1:
            one = new[0]
            name, what = agent_name(snapshot, one.agent), f"{size_words(one.size)} to {one.destination.host}"
            told = f"{name} asks to send {what}: a opens it."
            if stays_here(one):
                told = f"{name} wanted to send {what}. It stays here: a opens it."
        self._console.say(f"▲ {told}", calls=True)

    @property
    def _looking(self) -> bool:
        """Whether approvals are what the operator looks at: the screen says it all, and `a` would lead away from it."""
        from b4tui.tui.screens.guarded import GuardedScreen

        return isinstance(self._console.screen, GuardedScreen)

    def _warn(self, snapshot: Snapshot) -> None:
        """At a minute and at a quarter of one before the end, unless somebody said that they have seen it."""
        now = self._console.clock()
        for one in snapshot.outward.pending:
            left = (one.deadline - now).total_seconds()
            for threshold in (NOW_S, SOON_S):
                mark = (f"{one.id} {one.deadline.isoformat()}", threshold)
                if 0 < left <= threshold and mark not in self._warned:
                    self._warned |= {mark, (mark[0], SOON_S)}
                    name = agent_name(snapshot, one.agent)
                    if not self._looking:
                        told = f"▲ {name}'s request ends in {left:.0f} s, and stays here then: a opens it."
                        self._console.say(told, calls=True)
                    if self._console.settings.bell:
                        self._console.bell()
                    break

    # Opening one by itself ---------------------------------------------------------------------------------------

    def _open_one(self, snapshot: Snapshot) -> None:
        """Only when the operator does nothing at all: no dialog, no line with text in it, no key for a while."""
        new = next((one for one in snapshot.outward.pending if one.id not in self._opened), None)
        if new is None or not self.idle:
            return
        from b4tui.tui.screens.approval import ApprovalScreen

        self._opened |= {one.id for one in snapshot.outward.pending}
        self._console.push_screen(ApprovalScreen(new.id))

    @property
    def idle(self) -> bool:
        """Whether opening a screen disturbs nobody."""
        from b4tui.tui.screens.guarded import GuardedScreen

        console = self._console
        front = console.screen
        quiet = console.ticks() - console.touched_at >= IDLE_S
        if not quiet or not isinstance(front, HouseScreen) or isinstance(front, GuardedScreen):
            return False
        typed = any(field.value for screen in console.screen_stack for field in screen.query(Input))
        written = any(area.text for screen in console.screen_stack for area in screen.query(TextArea))
        return not (typed or written or isinstance(console.focused, Input | TextArea))
