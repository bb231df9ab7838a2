"""What may still be spent in the cloud: pure rules over what was spent (design section 4; local days and months).

What is on its way counts as its estimate until its receipt is there, so that two at once cannot spend the same money.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo

from b4tui.engines.types import Usage
from b4tui.escalation.door.prices import cost
from b4tui.escalation.types import Cost
from b4tui.outward_sections import BudgetConfig, EscalationPolicy, PricesConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """One payload that left: when, for whom, and what it cost (`at` is when it left; an estimate until answered)."""

    at: datetime
    agent: str
    model: str
    cost: Cost


@dataclass(frozen=True, slots=True)
class _Bound:
    """A span of time with what may be spent in it. `of` names whose budget it is, for a person."""

    name: str
    since: datetime
    of: str
    agent: str
    money: float
    tokens: int


def refusal(
    spent: Iterable[Spend],
    wanted: Cost,
    agent: str,
    now: datetime,
    policy: EscalationPolicy,
    prices: PricesConfig,
    zone: tzinfo | None = None,
) -> str:
    """Why a payload may not be paid for, in words; "" where it may. `zone` None: the machine's own.

    `spent` has to reach back to `month_start`. Whatever lies after `now` counts too: the clock may have gone backwards.
    """
    bounds = _bounds(agent, now, policy, zone)
    past = tuple(spent) if bounds else ()
    return next((words for bound in bounds if (words := _over(bound, past, wanted, prices))), "")


def month_start(now: datetime, zone: tzinfo | None = None) -> datetime:
    """When the local month began, in UTC."""
    today = _today(now, zone)
    return _midnight(today.replace(day=1), zone)


def day_start(now: datetime, zone: tzinfo | None = None) -> datetime:
    """When the local day began, in UTC: days of 23 and 25 hours have one midnight each."""
    return _midnight(_today(now, zone), zone)


def _bounds(agent: str, now: datetime, policy: EscalationPolicy, zone: tzinfo | None) -> list[_Bound]:
    budgets = [("", "", policy.budget)]
    if agent in policy.agent_budgets:
        budgets.append((f"{agent}'s ", agent, policy.agent_budgets[agent]))
    found = []
    for of, whose, budget in budgets:
        found += _spans(of, whose, budget, now, zone)
    return [bound for bound in found if bound.money or bound.tokens]


def _spans(of: str, whose: str, budget: BudgetConfig, now: datetime, zone: tzinfo | None) -> list[_Bound]:
    today, month = day_start(now, zone), month_start(now, zone)
    return [
        _Bound("today", today, of, whose, budget.money_per_day, budget.tokens_per_day),
        _Bound("this month", month, of, whose, budget.money_per_month, budget.tokens_per_month),
    ]


def _over(bound: _Bound, past: tuple[Spend, ...], wanted: Cost, prices: PricesConfig) -> str:
    counted = [one for one in past if one.at >= bound.since and bound.agent in ("", one.agent)]
    return _tokens_over(bound, counted, wanted) or _money_over(bound, counted, wanted, prices)


def _tokens_over(bound: _Bound, counted: list[Spend], wanted: Cost) -> str:
    used = sum(_tokens(one.cost) for one in counted)
    if not bound.tokens or used + _tokens(wanted) <= bound.tokens:
        return ""
    return (
        f"{bound.of}budget: {used:,} of {bound.tokens:,} tokens are spent {bound.name}, "
        f"and this would take about {_tokens(wanted):,} more"
    )


def _money_over(bound: _Bound, counted: list[Spend], wanted: Cost, prices: PricesConfig) -> str:
    if not bound.money:
        return ""
    if wanted.money is None:
        return (
            f"{bound.of}budget: no price is known for this model, so nobody can say what it costs: add it to [prices]"
        )
    used = [_money(one, prices) for one in counted]
    known = [money for money in used if money is not None]
    if len(known) < len(used):
        return (
            f"{bound.of}budget: what was spent {bound.name} is not known, because {len(used) - len(known)} payloads "
            "went to models without a price: add them to [prices]"
        )
    if sum(known) + wanted.money <= bound.money:
        return ""
    return (
        f"{bound.of}budget: {sum(known):.4g} of {bound.money:.4g} {prices.currency} are spent {bound.name}, "
        f"and this would cost about {wanted.money:.4g} more"
    )


def _money(spend: Spend, prices: PricesConfig) -> float | None:
    """What was spent in today's currency; by today's prices where it was not known then."""
    if spend.cost.money is not None and spend.cost.currency == prices.currency:
        return spend.cost.money
    usage = Usage(prompt_tokens=spend.cost.tokens_in, generated_tokens=spend.cost.tokens_out)
    return cost(spend.model, usage, prices).money


def _tokens(cost: Cost) -> int:
    return cost.tokens_in + cost.tokens_out


def _today(now: datetime, zone: tzinfo | None) -> date:
    return now.astimezone(zone).date()


def _midnight(day: date, zone: tzinfo | None) -> datetime:
    # A naive time means the machine's own zone, with the offset that holds at that moment and not the one of now.
    return datetime.combine(day, time(), zone).astimezone(UTC)
