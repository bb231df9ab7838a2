"""A pseudo-terminal with a program in it: what only a real terminal sees, tests see through this."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time


class Terminal:
    """A Python program, called with these arguments, in a pseudo-terminal; `path` is where it imports from."""

    def __init__(self, *args: str, width: int = 160, height: int = 45, path: str = "") -> None:
        self.written = b""
        self._seen = 0  # how much of it was read up to what was wanted last
        self.pid, self.fd = pty.fork()
        if self.pid == 0:  # the child: nothing but the new program may run here
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", COLUMNS="", LINES="")
            os.environ.update({"PYTHONPATH": path} if path else {})
            os.execv(sys.executable, [sys.executable, *args])
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def vanish(self) -> None:
        """The terminal is gone, as when its window or its server is: nothing is read any more."""
        os.close(self.fd)
        self.fd = -1

    def read_until(self, wanted: str, within_s: float = 60.0) -> None:
        """Read on until this text has been written behind what the last call read up to."""
        text, end = wanted.encode(), time.monotonic() + within_s
        while (found := self.written.find(text, self._seen)) < 0:
            assert time.monotonic() < end, f"{wanted!r} never came; last: {self.written[-500:]!r}"
            if not self._read():
                assert text in self.written[self._seen :], f"{wanted!r} never came: {self.written[-800:]!r}"
        self._seen = found + len(text)

    def _read(self) -> bool:
        if not select.select([self.fd] if self.fd >= 0 else [], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self.fd, 1 << 20)
        except OSError:
            return False
        self.written += data
        return bool(data)

    def wait(self, within_s: float = 60.0) -> int:
        end = time.monotonic() + within_s
        while True:
            self._read()
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < end, "the console did not end"

    def close(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.fd >= 0:
            os.close(self.fd)
