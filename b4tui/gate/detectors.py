"""All detectors that come with the program, in one list."""

from __future__ import annotations

from b4tui.gate.detector import Detector
from b4tui.gate.hidden import Hidden
from b4tui.gate.infrastructure.detectors import infrastructure_detectors
from b4tui.gate.known.known import Known
from b4tui.gate.personal.detectors import personal_detectors
from b4tui.gate.secrets.assignment import Assignments


def built_in_detectors(known: Known | None = None) -> tuple[Detector, ...]:
    """What a scanner of the built-in rules needs. `known`: what this machine knows; without it, nothing."""
    return (
        known or Known.nothing(),
        Hidden(),
        Assignments(),
        *infrastructure_detectors(),
        *personal_detectors(),
    )
