"""Where the console cannot be seen it does not open, and says why."""

import sys

import pytest

from b4tui.cli.console import no_screen

STREAMS = ("stdin", "stdout", "stderr")


@pytest.mark.parametrize(
    ("elsewhere", "term", "words"),
    [
        ("", "xterm-256color", ""),
        ("", "", ""),
        ("stdin", "xterm", "needs a terminal"),
        ("stdout", "xterm", "needs a terminal"),
        ("stderr", "xterm", "drawn on standard error"),
        ("", "dumb", "TERM is dumb"),
    ],
)
def test_it_opens_on_a_terminal_that_can_be_drawn_on(monkeypatch, elsewhere: str, term: str, words: str) -> None:
    for name in STREAMS:
        stream = type("Stream", (), {"isatty": lambda _self, name=name: name != elsewhere})()
        monkeypatch.setattr(sys, name, stream)
    told = no_screen({"TERM": term} if term else {})
    monkeypatch.undo()
    assert words in told
    assert bool(told) == bool(words)
