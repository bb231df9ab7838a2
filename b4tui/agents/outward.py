"""What a run has to do with leaving this machine: what of its reading is private, and whom it may ask out there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from b4tui.engines.types import ChatRequest
from b4tui.provenance import Provenance, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierAnswer:
    """What came of asking a cloud model: its answer, or why nothing left and the agent goes on locally."""

    text: str = ""
    refused: str = ""


AskFrontier = Callable[[ChatRequest, str], Awaitable[FrontierAnswer]]
"""Ask a cloud model, with the reason why a local one is not enough; waits for gate, operator and answer."""


def nobody_vouches(source: Source) -> Provenance:
    """The policy where there is none: everything is private."""
    return Provenance.PRIVATE


def never() -> bool:
    """The operator released nothing."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """The rules for one run. `place` says how private a source is; `kept_home` what the policy keeps here.

    `released`: whether the operator let what this run has read leave all the same. `ask` is None where nothing can.
    """

    place: Callable[[Source], Provenance] = nobody_vouches
    kept_home: frozenset[Provenance] = frozenset({Provenance.PRIVATE})
    released: Callable[[], bool] = never
    ask: AskFrontier | None = None
