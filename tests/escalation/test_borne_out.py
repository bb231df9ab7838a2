"""Approvals and grants lie in tables that nothing chains: what the chain does not say of them opens nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.escalation.approvals import entries
from b4tui.escalation.approvals.changes import Acknowledge, Approve, Declined, Deny, ObjectionKind, Send, Undo
from b4tui.escalation.approvals.documents import approval_document, grant_document
from b4tui.escalation.approvals.store import ApprovalStore
from b4tui.escalation.types import Approval, ApprovalState, RefusalKind
from b4tui.events import Warned
from b4tui.ledger.ledger import Ledger
from b4tui.ledger.witness import KINDS, TABLES
from b4tui.outward_sections import BudgetConfig, EscalationPolicy, PriceConfig, PricesConfig
from tests.escalation.approving import BODY, NOW, a_decision, a_grant, after, an_approval
from tests.escalation.at_the_desk import AtTheDesk, settings_for, sit_down

PRICES = PricesConfig(models={"frontier-1": PriceConfig(input=3.0, output=15.0)})
Edit = Callable[..., None]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def store(path: Path) -> Iterator[ApprovalStore]:
    with Ledger(path, clock=lambda: NOW, plain_bodies=True) as ledger:
        policy = EscalationPolicy(budget=BudgetConfig(tokens_per_day=1500))
        yield ApprovalStore(ledger, policy, PRICES)


@pytest.fixture
def edit(path: Path) -> Edit:
    """Another program with the file open."""

    def run(*statements: str) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    return run


def told(name: str, value: Any) -> str:
    """SQL that puts another value into a document."""
    return f"document = json_set(document, '$.{name}', json('{json.dumps(value)}'))"


def faults(store: ApprovalStore) -> tuple[str, ...]:
    return store.ledger.verify().faults


def sending(approval: Approval) -> Send:
    return Send(approval.sha256, approval.rules_sha256, approval.gate_version, approval.run)


def objected(act: Callable[[], object]) -> ObjectionKind:
    with pytest.raises(Declined) as declined:
        act()
    return declined.value.objection.kind


def test_every_column_of_every_state_table_is_compared(store: ApprovalStore) -> None:
    for table, columns in TABLES.items():
        assert [row[1] for row in store.ledger.query(f"PRAGMA table_info({table})")] == list(columns)
    changing = {entries.ASKED, entries.CHANGED, entries.SENT, entries.ANSWERED, entries.GRANT}
    assert set(KINDS) == {*changing, "ledger_adopted"}


def test_a_whole_life_is_borne_out(store: ApprovalStore) -> None:
    store.grants.make(a_grant(), NOW)
    by_grant = store.ask_by_grant(an_approval(id="a0", body=b"{}"), a_grant(), b"{}", NOW)
    store.send(by_grant.id, sending(by_grant), "p0", NOW)
    asked = store.ask(an_approval(), BODY, NOW)
    store.change(asked.id, Deny(a_decision(asked)), NOW)
    store.change(asked.id, Undo(2, "ops"), NOW)
    store.change(asked.id, Approve(a_decision(asked, version=3)), NOW)
    store.grants.revoke("g1", "ops", NOW)
    store.settle(after(9000))
    assert faults(store) == () and store.doubts() == () and store.ledger.verify().unproven == ()


# Grants --------------------------------------------------------------------------------------------------------------

GRANT_EDITS = [
    told("category", "strategic_analysis"),
    told("agent", ""),
    told("provider", "else"),
    told("host", "api.example.org"),
    told("model", "frontier-2"),
    told("max_bytes", 4097),
    told("max_uses", 900),
    told("uses", 0),
    told("until", after(86_400).isoformat()),
    told("made_by", "root"),
    told("made_at", after(-5).isoformat()),
    told("doubt", ""),
    "version = version - 1",
    "state = 'revoked'",
    "category = ''",
    "until = '2099'",
]


@pytest.mark.parametrize("change", GRANT_EDITS)
def test_a_grant_that_was_edited_covers_nothing_and_can_be_revoked(
    store: ApprovalStore, edit: Edit, change: str
) -> None:
    store.grants.make(a_grant(), NOW)
    store.ask_by_grant(an_approval(), a_grant(), BODY, NOW)
    edit(f"UPDATE grants SET {change}")
    (fault,) = faults(store)
    assert fault.startswith("grant g1: it is not what entry 2 says of it")
    (grant,) = store.grants.every(NOW)
    assert "changed past b4tui" in grant.doubt
    assert objected(lambda: store.ask_by_grant(an_approval(id="a2"), grant, BODY, NOW)) is ObjectionKind.GRANT
    approved = store.get("a1")
    assert objected(lambda: store.send("a1", sending(approved), "p1", NOW)) is ObjectionKind.GRANT
    store.grants.revoke("g1", "ops", NOW)
    assert faults(store) == (fault,), "revoking says nothing about what it had become"


def test_an_end_that_was_taken_away_again_is_seen(store: ApprovalStore, edit: Edit) -> None:
    store.grants.make(a_grant(), NOW)
    edit("CREATE TABLE kept AS SELECT * FROM grants")
    store.grants.revoke("g1", "ops", NOW)
    edit("DELETE FROM grants", "INSERT INTO grants SELECT * FROM kept", "DROP TABLE kept")
    assert "entry 2" in store.grants.every(NOW)[0].doubt and len(faults(store)) == 1


def test_grants_that_changed_places_are_both_named(store: ApprovalStore, edit: Edit) -> None:
    store.grants.make(a_grant(), NOW)
    store.grants.make(a_grant(id="g2", category="strategic_analysis"), NOW)
    edit(
        "UPDATE grants SET id = 'g' WHERE id = 'g1'",
        "UPDATE grants SET id = 'g1' WHERE id = 'g2'",
        "UPDATE grants SET id = 'g2' WHERE id = 'g'",
    )
    assert {fault.split(":")[0] for fault in faults(store)} == {"grant g1", "grant g2"}
    assert all(grant.doubt for grant in store.grants.every(NOW))


def test_a_grant_that_was_put_in_is_named_and_covers_nothing(store: ApprovalStore, edit: Edit) -> None:
    forged = a_grant(id="g9")
    until, document = forged.until.isoformat(), grant_document(forged)
    edit(f"INSERT INTO grants VALUES ('g9', 1, 'holds', 'deep_research', '{until}', '{document}')")
    assert faults(store) == ("grant g9: the record knows nothing of it: it was put in past b4tui",)
    assert objected(lambda: store.ask_by_grant(an_approval(), forged, BODY, NOW)) is ObjectionKind.GRANT


def test_rows_that_were_taken_out_are_named(store: ApprovalStore, edit: Edit) -> None:
    store.grants.make(a_grant(), NOW)
    asked = store.ask_by_grant(an_approval(), a_grant(), BODY, NOW)
    store.send("a1", sending(asked), "p1", NOW)
    edit("DELETE FROM grants", "DELETE FROM approvals", "DELETE FROM spent_permits")
    assert {fault.split(":")[0] for fault in faults(store)} == {"grant g1", "approval a1", "permit p1"}
    assert len(store.doubts()) == 3


# Approvals -----------------------------------------------------------------------------------------------------------

APPROVAL_EDITS = [
    told("state", "approved"),
    told("version", 7),
    told("agent", "brenner"),
    told("run", "run-2"),
    told("sha256", "7" * 64),
    told("size", 1),
    told("verdict", "local_only"),
    told("rules_sha256", "6" * 64),
    told("destination.host", "api.example.org"),
    told("risk", "high"),
    told("deadline", after(86_400).isoformat()),
    told("grant", "g1"),
    told("extended", True),
    told("id", "a2"),
    "version = 7",
    "state = 'approved'",
    "sha256 = ''",
    "run = 'run-2'",
    "deadline = '2099'",
    "sent_at = '2026'",
]


@pytest.mark.parametrize("change", APPROVAL_EDITS)
def test_an_approval_that_was_edited_can_only_be_ended(store: ApprovalStore, edit: Edit, change: str) -> None:
    asked = store.ask(an_approval(), BODY, NOW)
    edit(f"UPDATE approvals SET {change}")
    (fault,) = faults(store)
    assert fault.startswith("approval a1: it is not what entry 1 says of it")
    for what in (Approve(a_decision(asked)), Acknowledge(asked.version, "ops")):
        assert objected(lambda what=what: store.change("a1", what, NOW)) is ObjectionKind.UNPROVEN
    assert objected(lambda: store.send("a1", sending(asked), "p1", NOW)) is ObjectionKind.UNPROVEN
    store.cancel_run(store.get("a1").run, "it is over", NOW)
    assert store.get("a1").state is ApprovalState.CANCELLED
    assert faults(store) == (fault,)


def test_a_denial_that_became_an_approval_sends_nothing(store: ApprovalStore, edit: Edit) -> None:
    asked = store.ask(an_approval(), BODY, NOW)
    store.change("a1", Deny(a_decision(asked)), NOW)
    edit(f"UPDATE approvals SET {told('state', 'approved')}, state = 'approved'")
    assert objected(lambda: store.send("a1", sending(asked), "p1", NOW)) is ObjectionKind.UNPROVEN


def test_what_was_put_in_is_not_adopted_by_who_asks_the_same(store: ApprovalStore, edit: Edit) -> None:
    forged = an_approval(id="a9", state=ApprovalState.APPROVED, decided_by="ops", decided_at=NOW)
    rest = f"'{forged.sha256}', '2026', '2099', NULL, '{approval_document(forged)}'"
    edit(f"INSERT INTO approvals VALUES ('a9', 1, 'approved', 'romanov', 'hub-1', 'run-1', {rest})")
    asked = store.ask(an_approval(), BODY, NOW)
    assert (asked.id, asked.state) == ("a1", ApprovalState.PENDING)
    assert store.get("a9").state is ApprovalState.CANCELLED


def test_approvals_that_changed_places_are_both_named_and_both_end(store: ApprovalStore, edit: Edit) -> None:
    store.ask(an_approval(), BODY, NOW)
    store.ask(an_approval(id="a2", body=b"{}"), b"{}", NOW)
    edit(
        "UPDATE approvals SET id = 'a' WHERE id = 'a1'",
        "UPDATE approvals SET id = 'a1' WHERE id = 'a2'",
        "UPDATE approvals SET id = 'a2' WHERE id = 'a'",
    )
    assert {fault.split(":")[0] for fault in faults(store)} == {"approval a1", "approval a2"}
    store.settle(after(4000))
    assert [one.state for one in store.every()] == [ApprovalState.EXPIRED] * 2


def test_a_budget_is_not_stretched_by_rows_that_change_or_go(store: ApprovalStore, edit: Edit) -> None:
    asked = store.ask(an_approval(), BODY, NOW)
    store.change("a1", Approve(a_decision(asked)), NOW)
    store.send("a1", sending(asked), "p1", NOW)
    words = store.over_budget("romanov", "frontier-1", asked.estimate, NOW)
    assert "1,030 of 1,500 tokens" in words
    edit("DELETE FROM approvals")
    assert store.over_budget("romanov", "frontier-1", asked.estimate, NOW) == words


# Of an older b4tui ---------------------------------------------------------------------------------------------------


def test_rows_of_an_older_b4tui_are_unproven_and_said_so(store: ApprovalStore, monkeypatch: pytest.MonkeyPatch) -> None:
    from b4tui.ledger import writing

    with monkeypatch.context() as older:
        older.setattr(writing, "told_of", lambda query, rows: {})
        asked = store.ask(an_approval(), BODY, NOW)
        store.grants.make(a_grant(), NOW)
    found = store.ledger.verify()
    assert (found.faults, found.unproven) == ((), ("approval a1", "grant g1"))
    assert len(store.doubts()) == 2 and "from before" in store.doubts()[0]
    assert objected(lambda: store.change("a1", Approve(a_decision(asked)), NOW)) is ObjectionKind.UNPROVEN
    assert objected(lambda: store.ask_by_grant(an_approval(id="a2"), a_grant(), BODY, NOW)) is ObjectionKind.GRANT
    store.change("a1", Deny(a_decision(asked)), NOW)
    assert store.grants.revoke("g1", "ops", NOW).revoked_at == NOW
    assert store.ledger.verify().faults == () and store.doubts() == ()


# At the desk ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def here(path: Path, cloud: SimulatedCloud, ca_file: Path) -> AtTheDesk:
    return sit_down(path, settings_for(cloud.address, ca_file))


async def test_an_edited_grant_asks_the_operator_who_is_told_why(
    here: AtTheDesk, edit: Edit, cloud: SimulatedCloud
) -> None:
    now = here.clock()
    await here.desk.grant(a_grant(id="", max_bytes=10, made_at=now, until=now + timedelta(hours=1)))
    edit(f"UPDATE grants SET {told('max_bytes', 100_000)}")
    asking = here.ask()
    await here.deny(await asking.question())
    assert (await asking.refusal()).kind is RefusalKind.DENIED and not cloud.received
    (warned,) = here.heard(Warned)
    assert isinstance(warned, Warned) and "grant" in warned.reason and "changed past b4tui" in warned.reason


async def test_an_approval_that_somebody_wrote_into_the_file_sends_nothing(
    here: AtTheDesk, edit: Edit, cloud: SimulatedCloud
) -> None:
    asking = here.ask()
    await asking.question()
    decided = here.clock().isoformat()
    edit(f"UPDATE approvals SET state = 'approved', {told('state', 'approved')}")
    edit(f"UPDATE approvals SET {told('decided_at', decided)}")
    for escalation in here.desk._escalations:
        escalation.woken.set()
    refused = await asking.refusal()
    assert refused.kind is RefusalKind.CANCELLED and "does not bear this approval out" in refused.reason
    assert not cloud.received
