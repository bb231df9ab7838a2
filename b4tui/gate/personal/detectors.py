"""The detectors of this package, in one list."""

from __future__ import annotations

from b4tui.gate.detector import Detector
from b4tui.gate.personal.accounts import AccountDetector
from b4tui.gate.personal.mail import MailDetector
from b4tui.gate.personal.numbers import NumberDetector


def personal_detectors() -> tuple[Detector, ...]:
    """What the rules of class `personal` name."""
    return (NumberDetector(), AccountDetector(), MailDetector())
