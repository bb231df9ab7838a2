"""What a run has to do with leaving this machine: what of its reading is private, and whom it may ask out there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from b4tui.engines.types import ChatRequest
from b4tui.provenance import Provenance, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierAnswer:
    """What came of asking a cloud model: its answer, or why there is none and the agent goes on locally.

    `failed`: it was approved, so that it may have left, and `refused` says what is known of that.
    """

    text: str = ""
    refused: str = ""
    failed: bool = False


AskFrontier = Callable[[ChatRequest, str], Awaitable[FrontierAnswer]]
"""Ask a cloud model, with the reason why a local one is not enough; waits for gate, operator and answer."""


def nobody_cares() -> None:
    """Nothing has to be done."""


def nobody_vouches(source: Source) -> Provenance:
    """The policy where there is none: everything is private."""
    return Provenance.PRIVATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """The rules for one run. `place` says how private a source is; `kept_home` what the policy keeps here.

    `left_here` is what earlier private runs left where this one works. `kept` is called when the run is told something
    that the policy keeps here, before it is told; what it raises ends the run. `ask` is None where nothing can leave.
    """

    place: Callable[[Source], Provenance] = nobody_vouches
    kept_home: frozenset[Provenance] = frozenset({Provenance.PRIVATE})
    left_here: tuple[Source, ...] = ()
    kept: Callable[[], None] = nobody_cares
    ask: AskFrontier | None = None
