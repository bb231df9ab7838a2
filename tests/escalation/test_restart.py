"""What is left when a process ends in the middle: no question forgotten, nothing sent by itself."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.escalation.approvals.changes import Approve, Declined, ObjectionKind, Send
from b4tui.escalation.approvals.store import ApprovalStore
from b4tui.escalation.types import Approval, ApprovalState, RefusalKind
from b4tui.gate.types import Verdict
from b4tui.ledger.ledger import Ledger
from b4tui.outward_sections import PricesConfig
from tests.escalation.approving import BODY, NOW, POLICY, a_decision, after, an_approval
from tests.escalation.at_the_desk import AtTheDesk, settings_for, sit_down
from tests.waiting import until

Sit = Callable[..., AtTheDesk]
ASKS = Path(__file__).with_name("asking_process.py")


@pytest.fixture
def sit(tmp_path: Path, cloud: SimulatedCloud, ca_file: Path) -> Sit:
    def open_one(name: str = "ledger.db", **policy: object) -> AtTheDesk:
        return sit_down(tmp_path / name, settings_for(cloud.address, ca_file, **policy))

    return open_one


@pytest.fixture
def store(tmp_path: Path) -> ApprovalStore:
    ledger = Ledger(tmp_path / "ledger.db", clock=lambda: NOW, plain_bodies=True)
    return ApprovalStore(ledger, POLICY, PricesConfig())


def approved(store: ApprovalStore, seconds: float = 0, **changes: object) -> Approval:
    approval = store.ask(an_approval(**changes), BODY, NOW)
    return store.change(approval.id, Approve(a_decision(approval)), after(seconds))


async def killed_while_it_asks(path: Path, cloud: SimulatedCloud, ca_file: Path) -> None:
    """Another b4tui asks, and is killed with SIGKILL while it waits."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, str(ASKS), str(path), cloud.address, str(ca_file))
    started = await asyncio.create_subprocess_exec(
        *command, stdout=pipe, env=os.environ | {"PYTHONPATH": str(Path.cwd())}
    )
    assert started.stdout is not None and await started.stdout.readline() == b"asked\n"
    started.send_signal(signal.SIGKILL)
    await started.wait()


async def left_behind(sit: Sit, tmp_path: Path) -> AtTheDesk:
    """A desk on a record as a process leaves it that dies while it waits."""
    before = sit()
    asking = before.ask()
    await asking.question()
    with contextlib.closing(sqlite3.connect(before.ledger.path)) as was:
        was.execute("VACUUM INTO ?", (str(tmp_path / "left.db"),))
    with contextlib.closing(sqlite3.connect(tmp_path / "left.db")) as left:
        left.execute("PRAGMA journal_mode = WAL")
    asking.task.cancel()
    return sit("left.db")


async def test_a_question_outlives_its_process_and_is_taken_over_by_the_next_run(
    sit: Sit, tmp_path: Path, cloud: SimulatedCloud, ca_file: Path
) -> None:
    await killed_while_it_asks(tmp_path / "ledger.db", cloud, ca_file)
    here = sit()
    (left,) = await here.desk.pending()
    assert left.run == "run-killed"
    asking = here.ask(run="run-next")
    question = await asking.question()
    assert (question.id, question.run) == (left.id, "run-next")
    await here.approve(question)
    await asking.answer()
    assert bytes(cloud.received).count(b"POST ") == 1
    assert here.ledger.verify().faults == ()


async def test_what_is_approved_while_nobody_runs_is_not_sent_by_itself(
    sit: Sit, cloud: SimulatedCloud, tmp_path: Path
) -> None:
    here = await left_behind(sit, tmp_path)
    (left,) = await here.desk.pending()
    watching = asyncio.create_task(here.desk.watch())
    await here.approve(left)
    await until(lambda: here.events)
    assert not cloud.received
    here.clock.move(121)
    await until(lambda: len(here.events) > 1)
    gone = await here.desk.approval(left.id)
    assert (gone.state, gone.decided_by) == (ApprovalState.CANCELLED, "clock")
    assert "120 s" in gone.decision_reason and not cloud.received
    watching.cancel()


async def test_approved_and_asked_again_in_time_it_leaves(sit: Sit, cloud: SimulatedCloud, tmp_path: Path) -> None:
    here = await left_behind(sit, tmp_path)
    (left,) = await here.desk.pending()
    await here.approve(left)
    asking = here.ask(run="run-next")
    await asking.answer()
    assert asking.waited == [None]
    assert (await here.desk.approval(left.id)).sent_at is not None


# What is taken over, and what is not ---------------------------------------------------------------------------------


def test_a_question_is_taken_over_only_for_the_same_bytes_of_the_same_bead_and_agent(store: ApprovalStore) -> None:
    first = store.ask(an_approval(), BODY, NOW)
    assert store.ask(an_approval(id="a2"), BODY, NOW) == first
    for other in ({"bead": "hub-2"}, {"agent": "brenner"}, {"body": BODY + b" "}):
        new = an_approval(id=f"other-{len(store.pending())}", **other)
        assert store.ask(new, other.get("body", BODY), NOW) == new
    assert len(store.pending()) == 4


@pytest.mark.parametrize("other", [{"rules_sha256": "6" * 64}, {"gate_version": 2}, {"verdict": Verdict.LOCAL_ONLY}])
def test_judged_otherwise_it_is_a_question_of_its_own(store: ApprovalStore, other: dict[str, object]) -> None:
    old = approved(store)
    new = store.ask(an_approval(id="a2", **other), BODY, after(1))
    assert new.id == "a2" and new.state is ApprovalState.PENDING
    assert store.get(old.id).state is ApprovalState.CANCELLED


def test_what_was_denied_expired_or_sent_is_asked_about_anew(store: ApprovalStore) -> None:
    sent = approved(store)
    leaving = Send(sent.sha256, sent.rules_sha256, sent.gate_version, sent.run)
    store.send(sent.id, leaving, "permit-1", NOW)
    second = store.ask(an_approval(id="a2"), BODY, NOW)
    assert second.id == "a2"
    late = second.deadline
    third = store.ask(an_approval(id="a3", asked_at=late), BODY, late)
    assert third.id == "a3" and store.get("a2").state is ApprovalState.EXPIRED


def test_the_same_permit_is_never_used_twice(store: ApprovalStore) -> None:
    for number in (1, 2):
        done = approved(store, id=f"a{number}", bead=f"hub-{number}")
        leaving = Send(done.sha256, done.rules_sha256, done.gate_version, done.run)
        if number == 1:
            store.send(done.id, leaving, "permit-1", NOW)
            continue
        with pytest.raises(Declined) as no:
            store.send(done.id, leaving, "permit-1", NOW)
        assert no.value.objection.kind is ObjectionKind.SENT
        assert store.get(done.id).sent_at is None
    assert [entry.kind for entry in store.ledger.entries()].count("payload_sent") == 1


def test_the_bytes_shown_are_those_that_were_asked_about(store: ApprovalStore) -> None:
    approval = store.ask(an_approval(), BODY, NOW)
    assert store.body_of(approval) == BODY
    with pytest.raises(Declined) as gone:
        store.body_of(an_approval(body=b"never kept"))
    assert "keep_bodies_days" in gone.value.objection.text


def test_the_agent_is_told_nothing_twice_and_the_denial_cannot_be_undone_then(store: ApprovalStore) -> None:
    store.ask(an_approval(), BODY, NOW)
    store.cancel_run("run-1", "the bead was closed", after(1))
    store.cancel_run("run-1", "the bead was closed", after(2))
    assert [entry.kind for entry in store.ledger.entries()] == ["approval_asked", "approval_changed"]
    assert store.get("a1").decision_reason == "the bead was closed"


async def test_a_run_that_is_asked_to_stop_while_its_question_is_written_leaves_none_behind(sit: Sit) -> None:
    here = sit()
    for turns in range(0, 24, 3):
        asking = here.ask(f"Question {turns} on tides.", run=f"run-{turns}")
        for _ in range(turns):
            await asyncio.sleep(0.0005)
        asking.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking.task
    assert await here.desk.pending() == ()
    assert (await here.ask(labels=("local-only",)).refusal()).kind is RefusalKind.LOCAL_ONLY
