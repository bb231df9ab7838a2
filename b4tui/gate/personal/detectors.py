"""The detectors of this package, in one list."""

from __future__ import annotations

from b4tui.gate.detector import Detector
from b4tui.gate.personal.accounts import AccountDetector
from b4tui.gate.personal.houses import HouseDetector, StreetDetector
from b4tui.gate.personal.mail import MailDetector
from b4tui.gate.personal.numbers import NumberDetector
from b4tui.gate.personal.papers import PaperDetector, SelfEvidentDetector
from b4tui.gate.personal.postal import PostalDetector
from b4tui.gate.personal.whereabouts import WhereaboutsDetector


def personal_detectors() -> tuple[Detector, ...]:
    """What the rules of class `personal` name."""
    return (
        NumberDetector(),
        AccountDetector(),
        MailDetector(),
        HouseDetector(),
        StreetDetector(),
        PostalDetector(),
        WhereaboutsDetector(),
        PaperDetector(),
        SelfEvidentDetector(),
    )
