"""Publish and subscribe, on one thread: every subscriber gets every event, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from b4tui.events import Event, Warned, event_name, now

Callback = Callable[[Event], None]


class Bus:
    """The way events go. An event published while another is handed out waits its turn.

    A subscriber that raises is reported once as `Warned` and stays: a broken screen must not stop the agents.
    """

    def __init__(self) -> None:
        self._subscribers: list[Callback] = []
        self._pending: deque[Event] = deque()
        self._handing_out = False
        self._reported: set[int] = set()

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Hand every event to `callback` until the returned function is called."""
        self._subscribers.append(callback)

        def end() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return end

    def publish(self, event: Event) -> None:
        """Hand an event to everyone."""
        self._pending.append(event)
        if self._handing_out:
            return
        self._handing_out = True
        try:
            while self._pending:
                self._hand_out(self._pending.popleft())
        finally:
            self._handing_out = False

    def _hand_out(self, event: Event) -> None:
        for callback in tuple(self._subscribers):
            try:
                callback(event)
            except Exception as error:  # whatever a subscriber does wrong is its own affair
                if id(callback) not in self._reported:
                    self._reported.add(id(callback))
                    name = getattr(callback, "__qualname__", repr(callback))
                    self._pending.append(Warned(at=now(), reason=f"{name} failed on {event_name(event)}: {error!r}"))
