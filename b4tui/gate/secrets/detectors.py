"""The searches for secrets that are code, in one list."""

from __future__ import annotations

from b4tui.gate.detector import Detector
from b4tui.gate.secrets.assignment import Assignments
from b4tui.gate.secrets.calls import Calls
from b4tui.gate.secrets.commands import Commands
from b4tui.gate.secrets.headers import Headers
from b4tui.gate.secrets.keyfiles import OpaqueBlocks, PrivateKeys
from b4tui.gate.secrets.kubernetes import KubernetesSecrets
from b4tui.gate.secrets.lines import Lines
from b4tui.gate.secrets.nearby import RareNearKeywords
from b4tui.gate.secrets.prose import Prose
from b4tui.gate.secrets.shapes import Shapes
from b4tui.gate.secrets.sql import Sql
from b4tui.gate.secrets.urls import Urls


def secret_detectors() -> tuple[Detector, ...]:
    """What the rules of secrets name."""
    return (
        Assignments(),
        Calls(),
        Commands(),
        Headers(),
        KubernetesSecrets(),
        Lines(),
        OpaqueBlocks(),
        PrivateKeys(),
        Prose(),
        RareNearKeywords(),
        Shapes(),
        Sql(),
        Urls(),
    )
