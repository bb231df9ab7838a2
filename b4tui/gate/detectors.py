"""All detectors that come with the program, in one list."""

from __future__ import annotations

from b4tui.gate.detector import Detector
from b4tui.gate.infrastructure.hosts import HostDetector, TargetDetector
from b4tui.gate.infrastructure.networks import NetworkDetector
from b4tui.gate.personal.accounts import AccountDetector
from b4tui.gate.personal.mail import MailDetector
from b4tui.gate.personal.numbers import NumberDetector


def built_in_detectors() -> tuple[Detector, ...]:
    """What a scanner of the built-in rules needs."""
    return (
        NetworkDetector(),
        HostDetector(),
        TargetDetector(),
        NumberDetector(),
        AccountDetector(),
        MailDetector(),
    )
