"""All detectors that come with the program, in one list."""

from __future__ import annotations

from b4tui.gate.detector import Detector
from b4tui.gate.secrets.assignment import Assignments


def built_in_detectors() -> tuple[Detector, ...]:
    """What a scanner of the built-in rules needs."""
    return (Assignments(),)
