"""Whose turn it is at an engine: pure rules over who waits, who is answered, and who used how much.

Classes first (an operator who waits for an answer before an agent's step before a summary), a class less for each
half minute of waiting; then the agent that used fewest tokens; then the one whose prompt the server still has in its
cache; then who came first (research/runtime.md 6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

AGEING_S = 30.0
SHARE_TOKENS = 8192
"""Agents whose use differs by less than this count as equal, so that a hot prompt cache is not given up for little."""
QUIET_S = 20.0
"""A model that agents have asked within this time is still at work: their tools run in between."""


Fits = Callable[[str, frozenset[str]], bool]


class RequestClass(IntEnum):
    """What a request is for; the smaller goes first."""

    INTERACTIVE = 0  # the operator waits for it
    RESUMED = 1  # a run that waited for an approval
    STEP = 2  # a step of an agent
    SHADOW = 3  # a copy for comparison
    SUMMARY = 4  # can wait for idle time


SWAP_PATIENCE_S: Mapping[RequestClass, float] = {
    RequestClass.INTERACTIVE: 0.0,
    RequestClass.RESUMED: 30.0,
    RequestClass.STEP: 120.0,
    RequestClass.SHADOW: 600.0,
    RequestClass.SUMMARY: 600.0,
}
"""How long a request waits for idle time before the model that is in its way must go (seconds)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A request in line. `since` is monotonic seconds; `limit` how many of its model are answered at a time."""

    number: int
    agent: str
    bead: str
    model: str
    request_class: RequestClass
    since: float
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the rules look at. `spent` are tokens by agent; `hot` the agent answered last by each model.

    `asked_at` is when each model that is in memory for us was last asked; `fits(model, beside)` says whether it can be
    there beside others.
    """

    waiting: tuple[Ticket, ...]
    running: tuple[Ticket, ...]
    spent: Mapping[str, int]
    hot: Mapping[str, str]
    asked_at: Mapping[str, float]
    fits: Fits


def in_order(bench: Bench, now: float) -> tuple[Ticket, ...]:
    """Who waits, the next first."""

    def rank(ticket: Ticket) -> tuple[int, int, bool, int]:
        level = ticket.request_class - int((now - ticket.since) / AGEING_S)
        share = bench.spent.get(ticket.agent, 0) // SHARE_TOKENS
        return level, share, bench.hot.get(ticket.model) != ticket.agent, ticket.number

    return tuple(sorted(bench.waiting, key=rank))


def next_up(bench: Bench, now: float) -> Ticket | None:
    """Who is to be answered now; None when nobody may."""
    blocked: set[str] = set()
    for ticket in in_order(bench, now):
        if ticket.model in blocked:
            continue
        if sum(running.model == ticket.model for running in bench.running) >= ticket.limit:
            blocked.add(ticket.model)
            continue
        if _may_be_in_memory(ticket, bench, now):
            return ticket
        if _overdue(ticket, now):
            return None  # it is its turn: the models in its way end what they answer, and begin nothing new
        blocked.add(ticket.model)
    return None


def look_again_in(bench: Bench, now: float) -> float | None:
    """Seconds until time alone may change the answer of `next_up`; None when it cannot."""
    moments = [ticket.since + SWAP_PATIENCE_S[ticket.request_class] for ticket in bench.waiting]
    moments += [asked + QUIET_S for asked in bench.asked_at.values()]
    ahead = [moment - now for moment in moments if moment > now]
    return min(ahead) if ahead and bench.waiting else None


def catch_up(spent: Mapping[str, int], agent: str, present: Iterable[str]) -> int:
    """What an agent counts as having used when it comes: at least as much as the least of those that are there.

    Without this, one that was away for an hour would have the engine to itself for the next.
    """
    others = [spent.get(other, 0) for other in present if other != agent]
    return max(spent.get(agent, 0), min(others, default=0))


def together(asked_at: Mapping[str, float], running: Iterable[str], fits: Fits) -> dict[str, float]:
    """Of the models that were asked, those that can be in memory together: what is answered now, then the latest.

    Sizes become known after the first requests, so models may have been let in that do not fit.
    """
    at_work = frozenset(running)
    kept: dict[str, float] = {}
    for model in sorted(asked_at, key=lambda name: (name not in at_work, -asked_at[name])):
        if model in at_work or fits(model, frozenset(kept)):
            kept[model] = asked_at[model]
    return kept


def _may_be_in_memory(ticket: Ticket, bench: Bench, now: float) -> bool:
    """Whether answering it puts no model out of memory that is still at work."""
    at_work = frozenset(running.model for running in bench.running)
    if not bench.fits(ticket.model, at_work):
        return False
    if ticket.model in bench.asked_at or _overdue(ticket, now):
        return True
    return bench.fits(ticket.model, at_work | {model for model, at in bench.asked_at.items() if now - at < QUIET_S})


def _overdue(ticket: Ticket, now: float) -> bool:
    return now - ticket.since >= SWAP_PATIENCE_S[ticket.request_class]
