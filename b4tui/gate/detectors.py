"""All detectors that come with the program, in one list."""

from __future__ import annotations

from b4tui.gate.detector import Detector
from b4tui.gate.infrastructure.detectors import infrastructure_detectors
from b4tui.gate.personal.detectors import personal_detectors
from b4tui.gate.secrets.assignment import Assignments


def built_in_detectors() -> tuple[Detector, ...]:
    """What a scanner of the built-in rules needs."""
    return (Assignments(), *infrastructure_detectors(), *personal_detectors())
