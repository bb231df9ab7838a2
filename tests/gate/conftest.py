"""A gate of the built-in rules that knows nothing of the machine."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from b4tui.gate.detectors import built_in_detectors
from b4tui.gate.gate import Gate
from b4tui.gate.rulebook.rule import built_in_rules
from b4tui.gate.scanner import Scanner

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def gate() -> Gate:
    return Gate(built_in_rules(), time.thread_time)


@pytest.fixture(scope="session")
def finds() -> Callable[[str], dict[str, str]]:
    """What one view of a text holds, by rule; of one rule the last."""
    scanner = Scanner(built_in_rules(), built_in_detectors())
    return lambda text: {hit.rule: text[hit.start : hit.end] for hit in scanner.scan(text)}
