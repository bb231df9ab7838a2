"""Days and months of spending, in the operator's own time; nothing is spent twice, and doubt is a refusal."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.demo.faults import FaultKind
from b4tui.escalation.approvals.budget import Spend, day_start, month_start, refusal
from b4tui.escalation.approvals.changes import Approve, Declined, ObjectionKind, Send
from b4tui.escalation.approvals.store import ApprovalStore
from b4tui.escalation.types import Approval, ApprovalState, Cost, RefusalKind
from b4tui.ledger.ledger import Ledger
from b4tui.outward_sections import BudgetConfig, EscalationPolicy, PriceConfig, PricesConfig
from tests.escalation.approving import BODY, NOW, a_decision, an_approval
from tests.escalation.at_the_desk import AtTheDesk, settings_for, sit_down
from tests.waiting import until

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 3, 4, 11, tzinfo=UTC)
PRICES = PricesConfig(models={"m": PriceConfig(input=1.0, output=2.0)})


def cost(money: float | None = 1.0, tokens: int = 100, currency: str = "USD") -> Cost:
    return Cost(money=money, currency=currency, tokens_in=tokens, tokens_out=0)


def spend(at: datetime, money: float | None = 1.0, agent: str = "romanov", model: str = "m", **rest: object) -> Spend:
    return Spend(at=at, agent=agent, model=model, cost=cost(money, **rest))


def over(
    spent: list[Spend], wanted: Cost | None = None, now: datetime = NOON, agent: str = "romanov", **budget: float
) -> str:
    policy = EscalationPolicy(budget=BudgetConfig.model_validate(budget))
    return refusal(spent, wanted or cost(), agent, now, policy, PRICES, BERLIN)


def test_without_a_budget_everything_may_be_spent() -> None:
    assert over([spend(NOON, 10**9)], cost(None)) == ""


def test_money_and_tokens_are_counted_up_to_their_bound_and_not_beyond() -> None:
    assert over([spend(NOON, 3.0)], cost(2.0), money_per_day=5.0) == ""
    assert "budget" in over([spend(NOON, 3.0)], cost(2.01), money_per_day=5.0)
    assert over([spend(NOON, tokens=300)], cost(tokens=200), tokens_per_day=500) == ""
    assert "tokens" in over([spend(NOON, tokens=300)], cost(tokens=201), tokens_per_day=500)


def test_a_day_ends_at_local_midnight_and_a_month_with_its_last_day() -> None:
    midnight = datetime(2026, 3, 4, tzinfo=BERLIN).astimezone(UTC)
    before, after = midnight - timedelta(microseconds=1), midnight
    assert over([spend(before, 5.0)], money_per_day=5.0) == ""
    assert over([spend(after, 5.0)], money_per_day=5.0)
    assert over([spend(before, 5.0)], money_per_month=5.0)
    first = datetime(2026, 3, 1, tzinfo=BERLIN).astimezone(UTC)
    assert over([spend(first - timedelta(microseconds=1), 5.0)], money_per_month=5.0) == ""


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2026, 3, 29), 23), (datetime(2026, 10, 25), 25), (datetime(2026, 3, 4), 24)]
)
def test_days_when_clocks_change_are_as_long_as_they_are(day: datetime, hours: int) -> None:
    late = (day + timedelta(hours=23, minutes=30)).replace(tzinfo=BERLIN).astimezone(UTC)
    begin, following = day_start(late, BERLIN), day_start(late + timedelta(hours=1), BERLIN)
    assert following - begin == timedelta(hours=hours)
    assert month_start(late, BERLIN).astimezone(BERLIN).isoformat()[8:19] == "01T00:00:00"


def test_the_machines_own_zone_has_its_midnights_too(monkeypatch: pytest.MonkeyPatch) -> None:
    late = datetime(2026, 3, 29, 21, 30, tzinfo=UTC)
    assert day_start(late).astimezone().isoformat()[11:19] == "00:00:00"


def test_a_clock_that_went_backwards_forgets_nothing() -> None:
    tomorrow = NOON + timedelta(days=1)
    assert over([spend(tomorrow, 5.0)], money_per_day=5.0)
    assert over([spend(NOON + timedelta(days=40), 5.0)], money_per_month=5.0)


def test_each_agents_own_budget_holds_beside_that_of_all() -> None:
    policy = EscalationPolicy(
        budget=BudgetConfig(money_per_day=10.0), agent_budgets={"romanov": BudgetConfig(money_per_day=2.0)}
    )

    def asked(agent: str, spent: list[Spend]) -> str:
        return refusal(spent, cost(1.0), agent, NOON, policy, PRICES, BERLIN)

    assert "romanov" in asked("romanov", [spend(NOON, 1.5)])
    assert asked("romanov", [spend(NOON, 8.0, agent="brenner")]) == ""
    assert asked("brenner", [spend(NOON, 8.0)]) == ""
    assert asked("brenner", [spend(NOON, 9.5)])


def test_what_has_no_price_is_not_bought_while_money_is_bounded() -> None:
    assert "price" in over([], cost(None), money_per_day=5.0)
    assert over([], cost(None), tokens_per_day=500) == ""


def test_what_was_spent_without_a_price_is_priced_by_now_or_stops_everything() -> None:
    assert over([spend(NOON, None)], money_per_day=5.0) == ""
    assert over([spend(NOON, None, tokens=4_500_000)], cost(1.0), money_per_day=5.0)
    assert over([spend(NOON, 9.0, currency="EUR")], cost(1.0), money_per_day=5.0) == ""
    assert "not known" in over([spend(NOON, None, model="other")], money_per_day=5.0)


# At the desk ---------------------------------------------------------------------------------------------------------

Sit = Callable[..., AtTheDesk]


@pytest.fixture
def sit(tmp_path: Path, cloud: SimulatedCloud, ca_file: Path) -> Sit:
    def open_one(**policy: object) -> AtTheDesk:
        return sit_down(tmp_path / "ledger.db", settings_for(cloud.address, ca_file, **policy), zone=UTC)

    return open_one


async def test_over_budget_nobody_is_asked(sit: Sit) -> None:
    here = sit(budget={"tokens_per_day": 1000})
    refused = await here.ask().refusal()
    assert refused.kind is RefusalKind.BUDGET and "1,000 tokens" in refused.reason
    assert here.kinds() == ["escalation_refused"]


async def test_what_is_on_its_way_is_spent_already(sit: Sit, cloud: SimulatedCloud) -> None:
    here, there = sit(budget={"tokens_per_day": 1500}), sit(budget={"tokens_per_day": 1500})
    first, second = here.ask("One question."), there.ask("Another question.", run="run-2", bead="hub-2")
    questions = [await first.question(), await second.question()]
    cloud.faults.add(FaultKind.HANG)
    await here.approve(questions[0])
    await until(lambda: cloud.received)
    await there.approve(questions[1])
    assert (await second.refusal()).kind is RefusalKind.BUDGET
    assert bytes(cloud.received).count(b"POST ") == 1
    first.task.cancel()


def test_two_that_are_sent_at_once_cannot_spend_the_same_money(tmp_path: Path) -> None:
    policy = EscalationPolicy(budget=BudgetConfig(tokens_per_day=1500))
    begin, refused = threading.Barrier(2), []
    stores = [
        ApprovalStore(Ledger(tmp_path / "ledger.db", clock=lambda: NOW, plain_bodies=True), policy, PRICES, UTC)
        for _ in range(2)
    ]

    def send(store: ApprovalStore, approval: Approval) -> None:
        leaving = Send(approval.sha256, approval.rules_sha256, approval.gate_version, approval.run)
        begin.wait()
        try:
            store.send(approval.id, leaving, f"permit-{approval.id}", NOW)
        except Declined as declined:
            refused.append(declined.objection.kind)

    threads = []
    for number, store in enumerate(stores):
        asked = store.ask(an_approval(id=f"a{number}", bead=f"hub-{number}"), BODY, NOW)
        approved = store.change(asked.id, Approve(a_decision(asked)), NOW)
        threads.append(threading.Thread(target=send, args=(store, approved)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refused == [ObjectionKind.BUDGET]
    states = sorted(approval.state for approval in stores[0].every())
    assert states == [ApprovalState.APPROVED, ApprovalState.CANCELLED]


async def test_a_receipt_takes_the_place_of_the_estimate(sit: Sit) -> None:
    here = sit(budget={"tokens_per_day": 2500})
    for number in range(3):
        asking = here.ask(f"Question number {number}.", bead=f"hub-{number}")
        await here.approve(await asking.question())
        await asking.answer()


async def test_at_midnight_there_is_a_budget_again(sit: Sit) -> None:
    here = sit(budget={"tokens_per_day": 1060})
    asking = here.ask("One question.")
    question = await asking.question()
    assert 1000 < question.estimate.tokens_in + question.estimate.tokens_out <= 1060
    await here.approve(question)
    used = (await asking.answer()).receipt.cost
    assert used is not None and used.tokens_in + used.tokens_out > 30
    assert (await here.ask("One question more.").refusal()).kind is RefusalKind.BUDGET
    here.clock.move(86_400)
    tomorrow = here.ask("One question more.")
    await tomorrow.question()
    tomorrow.task.cancel()
