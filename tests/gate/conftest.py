"""A gate of the built-in rules that knows nothing of the machine."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from b4tui.gate.gate import Gate
from b4tui.gate.rule import built_in_rules

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def gate() -> Gate:
    return Gate(built_in_rules(), time.monotonic)
