"""The detectors of this package, in one list; what begins with digits is found by `gate/digits.py`."""

from __future__ import annotations

from b4tui.gate.detector import Detector
from b4tui.gate.personal.houses import StreetDetector
from b4tui.gate.personal.mail import MailDetector
from b4tui.gate.personal.papers import PaperDetector
from b4tui.gate.personal.whereabouts import WhereaboutsDetector


def personal_detectors() -> tuple[Detector, ...]:
    """What the rules of class `personal` name."""
    return (MailDetector(), PaperDetector(), StreetDetector(), WhereaboutsDetector())
