"""The terminal's title says how many approvals wait, and is given back."""

from __future__ import annotations

from pathlib import Path

import pytest

from b4tui.tui.terminal_title import takes_titles, title_of, title_sequence
from tests.terminal import Terminal

HERE = Path(__file__).parent
PROGRAM = """
import os, sys
os.environ["TERM"] = {term!r}
sys.path.insert(0, {here!r})
from frozen_approvals import HIGH, LOW, AskedRuntime
from frozen_world import clock
from b4tui.config import TuiConfig
from b4tui.tui.app import Console
Console(AskedRuntime(LOW, HIGH), TuiConfig(bell=False), clock=clock).run()
print("LEFT")
"""


@pytest.mark.parametrize(("waiting", "said"), [(0, "b4tui"), (1, "b4tui · 1 approval"), (2, "b4tui · 2 approvals")])
def test_it_counts_what_waits(waiting: int, said: str) -> None:
    assert title_of(waiting) == said


@pytest.mark.parametrize("title", ["a\x07b", "a\x1b\\b", "a\x9cb", "a\nb", "x" * 9_000])
def test_nothing_in_it_ends_the_sequence_early(title: str) -> None:
    sequence = title_sequence(title)
    assert sequence.startswith("\x1b]2;") and sequence.endswith("\x1b\\") and len(sequence) < 100
    assert sequence[4:-2].isprintable()


def test_terminals_without_titles_get_none() -> None:
    assert takes_titles("xterm-256color") and not any(map(takes_titles, ("", "dumb", "linux")))


def written(term: str) -> bytes:
    """All that a console with two approvals writes to a terminal until it is left."""
    terminal = Terminal("-c", PROGRAM.format(here=str(HERE), term=term), width=120, height=36)
    try:
        terminal.read_until("wait for you: a opens them")
        terminal.type("\x11\x11")
        terminal.read_until("LEFT")
        return terminal.written
    finally:
        terminal.close()


def test_a_real_terminal_is_told_and_gets_its_title_back() -> None:
    said = written("xterm-256color")
    counted = "\x1b]2;b4tui · 2 approvals\x1b".encode()
    wanted = (b"\x1b[22;2t", b"\x1b]2;b4tui\x1b", counted, b"\x1b]2;\x1b", b"\x1b[23;2t")
    places = [said.index(sequence) for sequence in wanted]
    assert places == sorted(places)


def test_the_console_of_the_system_gets_no_title() -> None:
    said = written("linux")
    assert b"\x1b]2;" not in said and b";2t" not in said
