"""All detectors that come with the program, in one list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from b4tui.gate.detector import Detector

if TYPE_CHECKING:
    from b4tui.gate.known.known import Known


def built_in_detectors(known: Known | None = None) -> tuple[Detector, ...]:
    """What a scanner of the built-in rules needs. `known`: what this machine knows; without it, nothing.

    The searches are loaded here, when a gate is opened: who only speaks of findings does not wait for them.
    """
    from b4tui.gate.digits import DigitDetector
    from b4tui.gate.hidden import Hidden
    from b4tui.gate.infrastructure.detectors import infrastructure_detectors
    from b4tui.gate.known.known import Known
    from b4tui.gate.personal.detectors import personal_detectors
    from b4tui.gate.secrets.detectors import secret_detectors

    return (
        known or Known.nothing(),
        Hidden(),
        DigitDetector(),
        *secret_detectors(),
        *infrastructure_detectors(),
        *personal_detectors(),
    )
