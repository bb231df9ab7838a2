"""All detectors that come with the program, in one list."""

from __future__ import annotations

from b4tui.gate.detector import Detector


def built_in_detectors() -> tuple[Detector, ...]:
    """What a scanner of the built-in rules needs."""
    return ()
