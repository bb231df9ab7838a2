"""How a run is settled on the board: close with which reason, or give back with which comment. Pure.

Comments follow the hub's conventions: `Output:` for what was made, `Status:` for how it stands, `Blocked:` for what a
person must decide (research/beads.md section 9).
"""

from __future__ import annotations

from dataclasses import dataclass

from b4tui.agents.outcome import Outcome
from b4tui.events import RunOutcome

_REASON_CHARS = 500
_EVIDENCE_CHARS = 20_000
_SHORT_EVIDENCE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """`close` or give back; `reason` is the close reason or the comment of the release; `comment` goes before a close.

    `counts` when this run was one of the bead's attempts; `hold` keeps agents off the bead until the operator speaks.
    """

    kind: RunOutcome
    close: bool
    reason: str
    comment: str = ""
    counts: bool = True
    hold: str = ""


@dataclass(frozen=True, slots=True)
class Interruption:
    """Why a run was stopped from outside. `hold`: the bead waits for the operator; else it is ready at once."""

    reason: str
    hold: bool


def settle(outcome: Outcome, run: str, attempt: int, limit: int) -> Settlement:
    """What follows from how the agent's run ended. `attempt` of `limit` it was."""
    if outcome.kind is RunOutcome.FINISHED:
        return _finished(outcome, run)
    why = plain(outcome.reason, _EVIDENCE_CHARS) or "no reason was given"
    if outcome.kind is RunOutcome.ENGINE:
        said = f"Status: not done, the model server failed: {why} (run {run}; this attempt does not count)"
        return Settlement(kind=outcome.kind, close=False, reason=said, counts=False)
    if outcome.gave_up:
        said = f"Blocked: {why} (run {run}; it waits for the operator to retry, reassign or close it)"
        return Settlement(kind=outcome.kind, close=False, reason=said, hold=f"the agent gave up: {why}")
    said = f"Status: not done: {why} (run {run}, attempt {attempt} of {limit})"
    if attempt >= limit:
        said += f"\nBlocked: {limit} attempts are used up; it waits for the operator to retry or reassign it"
    return Settlement(kind=outcome.kind, close=False, reason=said)


def interrupted(interruption: Interruption, run: str) -> Settlement:
    """What follows when the operator, or the end of b4tui, stopped the run."""
    return Settlement(
        kind=RunOutcome.CANCELLED,
        close=False,
        reason=f"{interruption.reason} (run {run})",
        counts=False,
        hold=interruption.reason if interruption.hold else "",
    )


def refused(settlement: Settlement, why: str) -> Settlement:
    """The work is done but the board does not let the bead be closed: give it back and keep what was made."""
    made = f"\n{settlement.comment}" if settlement.comment else ""
    return Settlement(
        kind=RunOutcome.FAILED,
        close=False,
        reason=f"Blocked: the work is done, but the bead cannot be closed: {why}\nOutput: {settlement.reason}{made}",
        hold=f"finished, but the board refused to close it: {why}",
    )


def _finished(outcome: Outcome, run: str) -> Settlement:
    summary = plain(outcome.summary, _REASON_CHARS) or "done"
    evidence = plain(outcome.evidence, _EVIDENCE_CHARS)
    if evidence and len(evidence) <= _SHORT_EVIDENCE and "\n" not in evidence:
        return Settlement(kind=outcome.kind, close=True, reason=f"{summary}\nOutput: {evidence}")
    comment = f"Output: {evidence}\nStatus: done in {outcome.steps} steps (run {run})" if evidence else ""
    return Settlement(kind=outcome.kind, close=True, reason=summary, comment=comment)


def plain(text: str, limit: int) -> str:
    """A model's text for the board: no control, format or surrogate characters, and no more than `limit`."""
    cut = text.strip()
    cut = cut if len(cut) <= limit else cut[: limit - 1] + "…"
    return "".join(char if char.isprintable() or char in "\n\t" else "\N{REPLACEMENT CHARACTER}" for char in cut)
