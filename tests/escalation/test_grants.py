"""Standing approvals: what they cover, and what they never do."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.escalation.approvals.changes import Declined
from b4tui.escalation.approvals.grants import Use, covering, objection, use_of
from b4tui.escalation.types import ApprovalState, RefusalKind
from b4tui.gate.types import Verdict
from b4tui.outward_events import ApprovalAsked, GrantChanged
from b4tui.provenance import Provenance
from tests.escalation.approving import NOW, a_grant, after, an_approval
from tests.escalation.at_the_desk import AtTheDesk, settings_for, sit_down
from tests.waiting import until

USE = use_of(an_approval())
Sit = Callable[..., AtTheDesk]


def test_a_grant_covers_what_is_within_all_its_limits() -> None:
    assert objection(a_grant(), USE, NOW) == ""
    narrow = a_grant(provider="sim", host="API.example.com", model="frontier-1", max_bytes=USE.size)
    assert objection(narrow, USE, NOW) == ""


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"category": "strategic_analysis"}, "category"),
        ({"agent": "brenner"}, "agent"),
        ({"provider": "else"}, "provider"),
        ({"host": "api.example.org"}, "host"),
        ({"model": "frontier-2"}, "model"),
        ({"max_bytes": USE.size - 1}, "bytes"),
        ({"uses": 3}, "used up"),
        ({"until": NOW}, "ended"),
        ({"revoked_at": NOW}, "revoked"),
        ({"made_at": after(1)}, "clock"),
    ],
)
def test_a_grant_covers_nothing_beyond_its_limits(other: dict[str, object], says: str) -> None:
    assert says in objection(a_grant(**other), USE, NOW)


@pytest.mark.parametrize(
    "use",
    [
        replace(USE, findings=1),
        replace(USE, redactions=1),
        replace(USE, verdict=Verdict.LOCAL_ONLY),
        replace(USE, provenance=Provenance.PRIVATE),
    ],
)
def test_no_grant_covers_what_the_operator_has_to_judge(use: Use) -> None:
    wide = a_grant(agent="", max_bytes=10**9, max_uses=10**6)
    assert covering([wide], use, NOW) is None


def test_of_several_the_one_that_ends_first_is_used() -> None:
    soon, late = a_grant(id="soon", until=after(60)), a_grant(id="late")
    assert covering([late, soon, a_grant(id="gone", uses=3)], USE, NOW) == soon


# In use --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(tmp_path: Path, cloud: SimulatedCloud, ca_file: Path) -> AtTheDesk:
    return sit_down(tmp_path / "ledger.db", settings_for(cloud.address, ca_file))


async def granted(here: AtTheDesk, **changes: object) -> str:
    now = here.clock()
    fields = {"id": "", "made_at": now, "until": after(1800) - NOW + now, **changes}
    return (await here.desk.grant(a_grant(**fields))).id


async def test_a_granted_payload_leaves_unasked_and_is_recorded_all_the_same(here: AtTheDesk) -> None:
    grant = await granted(here)
    await here.ask().answer()
    assert here.kinds() == ["grant_changed", "approval_asked", "payload_sent", "escalation_answered"]
    assert not here.heard(ApprovalAsked) and len(here.heard(GrantChanged)) == 1
    (done,) = await here.desk.recent(60)
    assert (done.grant, done.decided_by, done.outcome) == (grant, "policy", "answered")
    assert [one.uses for one in await here.desk.grants()] == [1]


async def test_a_used_up_grant_asks_the_operator(here: AtTheDesk) -> None:
    await granted(here, max_uses=1)
    await here.ask("First question on tides.").answer()
    asking = here.ask("Second question on tides.")
    await here.deny(await asking.question())
    assert (await asking.refusal()).kind is RefusalKind.DENIED


async def test_a_grant_that_ends_between_its_use_and_the_sending_asks_the_operator(
    here: AtTheDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    grant = await granted(here)
    store = here.desk._store
    ask_by_grant = store.ask_by_grant

    def then_revoked(*args: object) -> object:
        approval = ask_by_grant(*args)
        store.grants.revoke(grant, "ops@tty2", here.clock())
        return approval

    monkeypatch.setattr(store, "ask_by_grant", then_revoked)
    asking = here.ask()
    question = await asking.question()
    assert question.state is ApprovalState.PENDING and not question.grant
    states = [one.state for one in await here.desk.recent(60)]
    assert sorted(states) == [ApprovalState.CANCELLED, ApprovalState.PENDING]
    await here.deny(question)
    await asking.refusal()


async def test_a_grant_that_could_cover_nothing_is_not_made(here: AtTheDesk) -> None:
    for wrong in ({"max_uses": 0}, {"max_bytes": 0}, {"category": ""}, {"until": here.clock()}):
        with pytest.raises(Declined):
            await granted(here, **wrong)
    assert here.kinds() == []


async def test_a_grant_is_revoked_once(here: AtTheDesk) -> None:
    grant = await granted(here)
    assert (await here.desk.revoke(grant, "ops")).revoked_at is not None
    with pytest.raises(Declined):
        await here.desk.revoke(grant, "ops")
    asking = here.ask()
    await asking.question()
    asking.task.cancel()
    await until(asking.task.done)
