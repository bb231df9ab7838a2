"""The terminal is gone for good (its window, its connection, its tmux server): the console ends, and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal

HERE = Path(__file__).parent
PROGRAM = """
import fcntl, signal, sys, termios
sys.path.insert(0, {here!r})
from frozen_world import FrozenRuntime, WORLD, clock
from b4tui.config import TuiConfig
from b4tui.tui.app import Console
{signal}
runtime = FrozenRuntime(WORLD)
console = Console(runtime, TuiConfig(bell=False), clock=clock)
{busy}
console.run()
with open({told!r}, "w") as file:
    file.write(f"{{runtime.stopped}} {{console.return_code}}")
"""
COMES = ""
BLOCKED = "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGHUP])"
ELSEWHERE = "signal.signal(signal.SIGHUP, signal.SIG_IGN); fcntl.ioctl(0, termios.TIOCNOTTY)"
BUSY = """
def paint():
    console.screen.refresh(layout=True)
    console.set_timer(0.005, paint)
console.call_later(lambda: console.set_timer(0.5, paint))
"""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[list[Terminal]]:
    screens: list[Terminal] = []
    yield screens
    for screen in screens:
        screen.close()


@pytest.mark.parametrize(
    ("signal", "busy"),
    [(COMES, BUSY), (BLOCKED, ""), (ELSEWHERE, BUSY)],
    ids=["SIGHUP comes while much is drawn", "it never comes", "it is another session's"],
)
def test_it_ends_with_the_runtime_stopped(opened: list[Terminal], tmp_path: Path, signal: str, busy: str) -> None:
    told = tmp_path / "told"
    program = PROGRAM.format(here=str(HERE), signal=signal, busy=busy, told=str(told))
    screen = Terminal("-c", program, width=120, height=36)
    opened.append(screen)
    screen.read_until("MACHINE")
    screen.vanish()
    assert screen.wait() == 0
    assert told.read_text() == "True 129"
