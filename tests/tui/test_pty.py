"""Under a real terminal: it starts, follows a change of size, leaves the terminal as it was, and leaks no escape."""

import os
import re
import signal
from pathlib import Path

import pytest

from tests.terminal import Terminal

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


@pytest.fixture
def terminal():
    opened: list[Terminal] = []

    def open_terminal(runtime: str, width: int = 160, height: int = 45) -> Terminal:
        program = PROGRAM.format(here=str(HERE), runtime=runtime)
        opened.append(Terminal("-c", program, width=width, height=height))
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
    screen.type("\x11\x11")
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
