"""The terminal as the console uses it: Textual's own driver, and an end when the terminal is gone for good.

When a terminal's other side goes (a window closed, a connection broken, a tmux server killed), reading from it gives
nothing, at once and for ever, and writing fails. Textual's driver then reads without a pause, and its writing thread
dies; the queue before it fills up and holds the whole program, so that not even SIGHUP is handled any more. And that
signal may never come: it goes to the terminal's own session alone.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TextIO

from textual.drivers.linux_driver import LinuxDriver

from b4tui.tui.terminal_title import KEEP, NAME, RESTORE, takes_titles, title_sequence

if TYPE_CHECKING:
    from textual.app import App
    from textual.geometry import Size

RETURN_CODE = 128 + signal.SIGHUP
"""What the console ends with: as if the signal had come."""
_LOOK_MS = 500
"""How often the watch looks whether it is still wanted; the terminal's going wakes it at once."""
_GONE = select.POLLHUP | select.POLLERR


class Paper(io.TextIOBase):
    """What is drawn on. Once it cannot be written it takes everything and keeps nothing, and `torn` is called.

    It writes past Python's own file, which would keep what failed and try it once more at the very end.
    """

    def __init__(self, file: TextIO, torn: Callable[[], None]) -> None:
        self._fd = file.fileno()
        self._encoding = file.encoding or "utf-8"
        self._torn = torn
        self._whole = True
        self._kept: list[str] = []

    def fileno(self) -> int:
        """The descriptor that is written to."""
        return self._fd

    def write(self, text: str, /) -> int:
        """Keep the text for the next flush."""
        if self._whole:
            self._kept.append(text)
        return len(text)

    def flush(self) -> None:
        """Write what is kept."""
        data = memoryview("".join(self._kept).encode(self._encoding, "backslashreplace"))
        self._kept.clear()
        while data and self._whole:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:  # somebody else who has the terminal made it so
                select.select([], [self._fd], [], _LOOK_MS / 1000)
            except OSError:
                self._whole = False
                self._torn()


class TerminalDriver(LinuxDriver):
    """Textual's driver for a real terminal. The app is left when the terminal is gone."""

    _file: Any  # Textual asks no more of it than `Paper` has

    def __init__(self, app: App[Any], *, debug: bool = False, mouse: bool = True, size: Size | None = None) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._file = Paper(self._file, self._lost)
        self._unwatched = threading.Event()
        self._title, self._titled = NAME, False

    def start_application_mode(self) -> None:
        """Take the terminal, and watch whether it stays."""
        take: Callable[[], None] = super().start_application_mode
        before = self._writer_thread
        take()
        # In the background nothing is taken, and nothing may be written.
        self._titled = takes_titles(os.environ.get("TERM", "")) and self._writer_thread is not before
        if self._titled:
            self.write(f"{KEEP}{title_sequence(self._title)}")
        self._unwatched = over = threading.Event()
        threading.Thread(target=self._watch, args=(over,), name="terminal-watch", daemon=True).start()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self._unwatched.set()
        if self._titled:
            self._titled = False
            self.write(f"{title_sequence('')}{RESTORE}")  # the first for terminals that keep none
        super().stop_application_mode()

    def entitle(self, title: str) -> None:
        """Give the terminal this title, until it is given back."""
        if title != self._title:
            self._title = title
            if self._titled:
                self.write(title_sequence(title))

    def run_input_thread(self) -> None:
        """Read what is typed, for as long as it can be read."""
        try:
            super().run_input_thread()
        except OSError:
            self._lost()

    def _watch(self, over: threading.Event) -> None:
        """Runs in a thread: the loop may be held up by a terminal that takes nothing."""
        poll = select.poll()
        poll.register(self.fileno, 0)  # nothing is asked for: only that it went is told
        happened: list[tuple[int, int]] = []
        while not (happened or over.is_set()):
            happened = poll.poll(_LOOK_MS)
        # A system that cannot watch terminals says something else at once; there a write that fails tells it.
        if any(flags & _GONE for _, flags in happened):
            self._lost()

    def _lost(self) -> None:
        """The terminal is gone: read no more, and leave. Called from several threads, and more than once."""
        self.exit_event.set()
        with contextlib.suppress(RuntimeError):  # the loop is closed: we have left
            self._loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self._app.exit(return_code=RETURN_CODE)
