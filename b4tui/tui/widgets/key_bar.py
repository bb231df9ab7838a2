"""The foot line: at most eight keys that do something here and now. A click does what the key does."""

from __future__ import annotations

from textual import events
from textual.screen import Screen

from b4tui.tui.keymap import BY_ID
from b4tui.tui.paint import Ink, Line, Span, width_of
from b4tui.tui.widgets.inked import Panel

MOST_KEYS = 8
ORDER = {id: place for place, id in enumerate(BY_ID)}
LAST = ("palette", "help")
"""Keys that are never crowded out: with them every other one is found. A screen's `KEEPS` names those it adds."""


class KeyBar(Panel):
    """The foot line of every screen."""

    def __init__(self) -> None:
        super().__init__()
        self._actions: list[tuple[int, str, object]] = []

    def on_mount(self) -> None:
        """Follow what works: focus and state change it."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)
        self.call_after_refresh(self.show)

    def on_resize(self) -> None:
        """More or fewer keys fit."""
        self.show()

    def _follow(self, _screen: Screen[object]) -> None:
        self.show()

    def show(self) -> None:
        """The keys as they are now."""
        if not self.is_attached or not self.screen.is_current:
            return
        active = {
            entry.binding.id: entry
            for entry in self.screen.active_bindings.values()
            if entry.binding.show and entry.enabled and entry.binding.id in BY_ID
        }
        active.pop(getattr(self.screen, "HERE", ""), None)
        last = (*getattr(self.screen, "KEEPS", ()), *LAST)
        ids = sorted(active, key=lambda id: (id in last, ORDER[id or ""]))
        fixed = sorted((id for id in ids if id in last), key=lambda id: last.index(id or ""))
        spans, self._actions, room = [Span(" ")], [], self.size.width - 1
        free = [id for id in ids if id not in last][: MOST_KEYS - len(fixed)]
        room -= sum(width_of(_key(id or "")) for id in fixed)
        for id in (*free, *fixed):
            piece = _key(id or "")
            if id not in fixed:
                if width_of(piece) > room:
                    continue
                room -= width_of(piece)
            spans += piece
            entry = active[id]
            self._actions.append((width_of(spans), entry.binding.action, entry.node))
        self.show_lines((Line(tuple(spans)),))

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the pointer does."""
        for end, action, node in self._actions:
            if event.x < end:
                await self.app.run_action(action, node)  # type: ignore[arg-type]
                return


def _key(id: str) -> tuple[Span, Span]:
    key = BY_ID[id]
    return Span(f"{key.display or key.keys} ", Ink.ACCENT), Span(f"{key.label.lower()}  ", Ink.SOFT)
