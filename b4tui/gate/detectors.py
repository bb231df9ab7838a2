"""All detectors that come with the program, in one list."""

from __future__ import annotations

from b4tui.gate.detector import Detector
from b4tui.gate.digits import DigitDetector
from b4tui.gate.hidden import Hidden
from b4tui.gate.infrastructure.detectors import infrastructure_detectors
from b4tui.gate.known.known import Known
from b4tui.gate.personal.detectors import personal_detectors
from b4tui.gate.secrets.assignment import Assignments
from b4tui.gate.secrets.commands import Commands
from b4tui.gate.secrets.headers import Headers
from b4tui.gate.secrets.keyfiles import OpaqueBlocks, PrivateKeys
from b4tui.gate.secrets.kubernetes import KubernetesSecrets
from b4tui.gate.secrets.nearby import RareNearKeywords
from b4tui.gate.secrets.prose import Prose
from b4tui.gate.secrets.shapes import Shapes
from b4tui.gate.secrets.sql import Sql
from b4tui.gate.secrets.urls import Urls


def built_in_detectors(known: Known | None = None) -> tuple[Detector, ...]:
    """What a scanner of the built-in rules needs. `known`: what this machine knows; without it, nothing."""
    return (
        known or Known.nothing(),
        Hidden(),
        Assignments(),
        Commands(),
        Headers(),
        KubernetesSecrets(),
        OpaqueBlocks(),
        PrivateKeys(),
        Prose(),
        RareNearKeywords(),
        Shapes(),
        Sql(),
        Urls(),
        DigitDetector(),
        *infrastructure_detectors(),
        *personal_detectors(),
    )
