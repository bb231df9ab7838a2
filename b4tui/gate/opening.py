"""Open the gate as the settings want it: built-in rules, the operator's own, what this machine knows."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from b4tui.gate.gate import Clock, ClosedGate, Gate
from b4tui.gate.known.known import Known
from b4tui.gate.policy.allowing import Allowed
from b4tui.gate.policy.public_values import public_values_file, read_public_values
from b4tui.gate.rulebook.operator_rules import rules_in_force
from b4tui.gate.rulebook.rule import built_in_rules
from b4tui.gate.types import GateLimits

if TYPE_CHECKING:  # whoever opens a gate has read the settings; loading them takes longer than all of the gate
    from b4tui.config import Settings
    from b4tui.outward_sections import GateConfig


def open_gate(
    settings: Settings, known: Known | None = None, clock: Clock = time.thread_time, public: Path | None = None
) -> Gate:
    """The gate as the settings' section `gate` wants it; `known` is what `gather_known` found on this machine.

    Values that the operator called public in a dialog, kept in `public` or the user's own file, count as those of
    `gate.allow` do (`public_values`).
    Raises GateError when rules cannot be read or do not fit; nothing may leave until they can (`closed_gate`).
    """
    config = settings.gate
    rules = rules_in_force(config, built_in_rules())
    called_public = read_public_values(public or public_values_file())
    allowed = Allowed.of((*config.allow, *called_public))
    return Gate(rules, clock, known=known, limits=limits_of(config), allowed=allowed)


def closed_gate(reason: str) -> ClosedGate:
    """A gate that keeps everything here. The reason says what is wrong and what to do."""
    return ClosedGate(reason)


def limits_of(config: GateConfig) -> GateLimits:
    """What the gate reads before it refuses."""
    return GateLimits(
        max_payload=config.max_payload_bytes,
        max_decode_depth=config.max_decode_depth,
        time_budget_s=config.time_budget_s,
    )
