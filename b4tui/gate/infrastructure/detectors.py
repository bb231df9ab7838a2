"""The detectors of this package, in one list."""

from __future__ import annotations

from b4tui.gate.detector import Detector
from b4tui.gate.infrastructure.hosts import HostDetector, TargetDetector
from b4tui.gate.infrastructure.networks import NetworkDetector


def infrastructure_detectors() -> tuple[Detector, ...]:
    """What the rules of class `infrastructure` name."""
    return (NetworkDetector(), HostDetector(), TargetDetector())
