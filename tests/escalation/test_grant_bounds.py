"""No grant reaches beyond the operator's own bounds, whoever makes it and whenever it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from b4tui.escalation.approvals.changes import Declined
from b4tui.escalation.approvals.grant_bounds import beyond, bounded
from b4tui.escalation.approvals.store import ApprovalStore
from b4tui.escalation.types import Grant
from b4tui.ledger.ledger import Ledger
from b4tui.outward_sections import EscalationPolicy, PricesConfig
from tests.escalation.approving import BODY, NOW, a_grant, an_approval

DAY = timedelta(days=1)
POLICY = EscalationPolicy()
WIDE = EscalationPolicy(grant_days=3650, grant_uses=10**6, grant_bytes=10**9)

TOO_FAR = [
    ({"until": NOW + 30 * DAY + timedelta(microseconds=1)}, "policy.escalation.grant_days"),
    ({"until": NOW + 3650 * DAY}, "30 days at most, not 3,650"),
    ({"max_uses": 1001}, "policy.escalation.grant_uses"),
    ({"max_bytes": 2_097_153}, "policy.escalation.grant_bytes"),
]


def test_what_is_within_all_bounds_is_as_it_was() -> None:
    widest = a_grant(until=NOW + 30 * DAY, max_uses=1000, max_bytes=2_097_152)
    assert beyond(widest, POLICY) == "" and bounded(widest, POLICY) == widest


@pytest.mark.parametrize(("reach", "says"), TOO_FAR)
def test_what_reaches_further_is_named_with_its_setting(reach: dict[str, object], says: str) -> None:
    far = a_grant(**reach)
    assert says in beyond(far, POLICY)
    assert beyond(far, WIDE) == "" and beyond(bounded(far, POLICY), POLICY) == ""


@pytest.fixture
def store_with(tmp_path: Path) -> Iterator[Callable[[EscalationPolicy], ApprovalStore]]:
    with Ledger(tmp_path / "ledger.db", clock=lambda: NOW, plain_bodies=True) as ledger:
        yield lambda policy: ApprovalStore(ledger, policy, PricesConfig())


@pytest.mark.parametrize(("reach", "says"), TOO_FAR)
def test_it_is_not_made(store_with: Callable[..., ApprovalStore], reach: dict[str, object], says: str) -> None:
    with pytest.raises(Declined) as declined:
        store_with(POLICY).grants.make(a_grant(**reach), NOW)
    assert says in declined.value.objection.text
    assert store_with(POLICY).grants.every(NOW) == ()


def test_one_made_when_more_was_allowed_ends_at_todays_bound(store_with: Callable[..., ApprovalStore]) -> None:
    def used_by(policy: EscalationPolicy, number: int, days: float) -> Grant:
        store, when = store_with(policy), NOW + days * DAY
        question = an_approval(id=f"a{number}", asked_at=when, deadline=when + DAY)
        store.ask_by_grant(question, store.grants.every(when)[0], BODY, when)
        return store.grants.every(when)[0]

    store_with(WIDE).grants.make(a_grant(until=NOW + 3650 * DAY, max_uses=10**6), NOW)
    assert used_by(POLICY, 1, 29).until == NOW + 30 * DAY
    with pytest.raises(Declined, match="it has ended"):
        used_by(POLICY, 2, 30)
    with pytest.raises(Declined, match="it is used up"):
        used_by(EscalationPolicy(grant_uses=1), 3, 1)
    # Its own words are kept: whoever allows more again has it as it was made.
    assert used_by(WIDE, 4, 100).until == NOW + 3650 * DAY
