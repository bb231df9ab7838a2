"""Under a real terminal: it starts, follows a change of size, leaves the terminal as it was, and leaks no escape."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAM = """
import sys
sys.path.insert(0, {here!r})
from frozen_world import FrozenRuntime, WORLD, clock
from test_hostile_text import runtime_of
from b4tui.config import TuiConfig
from b4tui.tui.app import Console
from dataclasses import replace
from b4tui.events import AgentState
{runtime}
Console(runtime, TuiConfig(bell=False), clock=clock).run()
print("LEFT CLEANLY", runtime.started, runtime.stopped)
"""
IDLE = "runtime = FrozenRuntime(replace(WORLD, agents=tuple(replace(a, state=AgentState.IDLE) for a in WORLD.agents)))"
HOSTILE = 'runtime = runtime_of("\\x1b]52;c;cHduZWQ=\\x07\\x1b[5;5HPWN\\x9b31m"); runtime.change(agents=())'


class Terminal:
    """A program on the other end of a pseudo-terminal."""

    def __init__(self, runtime: str, width: int, height: int) -> None:
        self.written = b""
        program = PROGRAM.format(here=str(HERE), runtime=runtime)
        self.pid, self.fd = pty.fork()
        if self.pid == 0:  # the child: nothing but the new program may run here
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", COLUMNS="", LINES="")
            os.execv(sys.executable, [sys.executable, "-c", program])
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.fd, text.encode())

    def read_until(self, wanted: str, within_s: float = 30.0) -> None:
        """Read on until this text has been written since the last call."""
        start, end = len(self.written), time.monotonic() + within_s
        while wanted.encode() not in self.written[start:]:
            assert time.monotonic() < end, f"{wanted!r} never came; last: {self.written[-500:]!r}"
            if not self._read():
                assert wanted.encode() in self.written[start:], f"{wanted!r} never came: {self.written[-800:]!r}"

    def _read(self) -> bool:
        if not select.select([self.fd], [], [], 0.1)[0]:
            return True
        try:
            data = os.read(self.fd, 1 << 20)
        except OSError:
            return False
        self.written += data
        return bool(data)

    def wait(self, within_s: float = 15.0) -> int:
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
        os.close(self.fd)


@pytest.fixture
def terminal():
    opened: list[Terminal] = []

    def open_terminal(runtime: str, width: int = 160, height: int = 45) -> Terminal:
        opened.append(Terminal(runtime, width, height))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.close()


def test_it_starts_follows_the_size_and_leaves_the_terminal_as_it_was(terminal) -> None:
    screen = terminal(IDLE, 160, 45)
    screen.read_until("MACHINE")
    screen.resize(80, 24)
    screen.read_until("BLOCKED 3")
    screen.resize(50, 10)
    screen.read_until("Too small")
    screen.resize(160, 45)
    screen.read_until("MACHINE")
    screen.type("q")
    screen.read_until("LEFT CLEANLY True True")
    assert screen.wait() == 0
    assert b"\x1b[?1049h" in screen.written
    assert screen.written.rindex(b"\x1b[?1049l") > screen.written.rindex(b"MACHINE")
    assert b"\x1b[?25h" in screen.written[screen.written.rindex(b"MACHINE") :]


def test_no_escape_of_a_bead_reaches_the_terminal(terminal) -> None:
    screen = terminal(HOSTILE, 120, 36)
    screen.read_until("PWN")
    screen.type("2\r")
    screen.read_until("LIVE")
    screen.type("\x11")
    screen.read_until("LEFT CLEANLY")
    text = screen.written.decode("utf-8", "strict")
    assert not re.search(r"\x1b\]52|\x1b\[5;5HPWN|\x9b", text)


def test_typing_while_it_starts_decides_nothing(terminal) -> None:
    screen = terminal("runtime = FrozenRuntime(WORLD)", 120, 36)
    screen.type("x\ryyyq\r")
    screen.read_until("MACHINE")
    screen.type("\x11\x11")
    screen.read_until("LEFT CLEANLY")
    assert screen.wait() == 0


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_ended_from_outside_it_stops_the_runtime_and_gives_the_terminal_back(terminal, name: str) -> None:
    screen = terminal("runtime = FrozenRuntime(WORLD)", 120, 36)
    screen.read_until("MACHINE")
    os.kill(screen.pid, getattr(signal, name))
    screen.read_until(" True\r\n")
    assert b"\x1b[?1049l" in screen.written
    assert screen.wait() == 0
