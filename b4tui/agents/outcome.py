"""How one run of an agent ended, as the loop tells the runtime."""

from __future__ import annotations

from dataclasses import dataclass

from b4tui.events import RunOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`summary` and `evidence` come from `finish`; `reason` says in words why it failed. `steps` were taken.

    `retry_later` when the model server failed in a way that may pass by itself; `gave_up` when the agent itself said
    that the bead cannot be done as it stands.
    """

    kind: RunOutcome
    steps: int
    summary: str = ""
    evidence: str = ""
    reason: str = ""
    retry_later: bool = False
    gave_up: bool = False
