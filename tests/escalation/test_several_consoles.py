"""Several consoles on one hub: threads and processes that decide at once, and each hears of the others."""

import asyncio
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.escalation.approvals.batches import batch_objection
from b4tui.escalation.approvals.changes import Approve, Declined, Deny, ObjectionKind
from b4tui.escalation.approvals.store import ApprovalStore
from b4tui.escalation.types import ApprovalState, RefusalKind, Risk
from b4tui.ledger.ledger import Ledger
from b4tui.outward_events import ApprovalChanged
from b4tui.outward_sections import PricesConfig
from tests.escalation.approving import BODY, NOW, POLICY, a_decision, after, an_approval
from tests.escalation.at_the_desk import AtTheDesk, decision_on, settings_for, sit_down
from tests.waiting import until

Sit = Callable[..., AtTheDesk]
DECIDES = Path(__file__).with_name("deciding_process.py")


@pytest.fixture
def sit(tmp_path: Path, cloud: SimulatedCloud, ca_file: Path) -> Sit:
    def open_one(**policy: object) -> AtTheDesk:
        return sit_down(tmp_path / "ledger.db", settings_for(cloud.address, ca_file, **policy))

    return open_one


def store_at(path: Path) -> ApprovalStore:
    return ApprovalStore(Ledger(path, clock=lambda: NOW, plain_bodies=True), POLICY, PricesConfig())


def test_of_many_threads_one_decides_and_all_others_are_told_who(tmp_path: Path) -> None:
    stores = [store_at(tmp_path / "ledger.db") for _ in range(4)]
    approval = stores[0].ask(an_approval(), BODY, NOW)
    begin = threading.Barrier(len(stores))
    said: list[str] = []

    def decide(store: ApprovalStore, number: int) -> None:
        decision = a_decision(approval, actor=f"ops@tty{number}")
        begin.wait()
        try:
            store.change(approval.id, Approve(decision) if number % 2 else Deny(decision), after(1))
        except Declined as declined:
            said.append(declined.objection.text)

    threads = [threading.Thread(target=decide, args=(store, n)) for n, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = stores[0].get(approval.id)
    assert done.version == 2
    assert said == [f"It was already {done.state} by {done.decided_by} 0 s ago."] * 3
    assert [entry.kind for entry in stores[0].ledger.entries()] == ["approval_asked", "approval_changed"]
    assert stores[0].ledger.verify().faults == ()


async def process(path: Path, what: str, actor: str) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    started = await asyncio.create_subprocess_exec(
        sys.executable, str(DECIDES), str(path), what, actor, stdin=pipe, stdout=pipe
    )
    assert started.stdout is not None and await started.stdout.readline() == b"ready\n"
    return started


async def test_two_processes_decide_at_once_and_the_waiting_run_follows_the_one_that_won(sit: Sit) -> None:
    here = sit()
    asking = here.ask()
    question = await asking.question()
    started = [await process(here.ledger.path, what, f"ops@{what}") for what in ("approve", "deny")]
    answers = await asyncio.gather(*(one.communicate(b"\n") for one in started))
    said = sorted(out.decode().split(maxsplit=1)[0] for out, _ in answers)
    assert said == ["declined", "done"]
    result = await asking.result()
    done = await here.desk.approval(question.id)
    assert (done.state is ApprovalState.APPROVED) == (not hasattr(result, "kind"))
    changed = [event for event in here.heard(ApprovalChanged) if isinstance(event, ApprovalChanged)]
    assert changed[0].actor == done.decided_by


async def test_a_console_hears_of_what_another_decides(sit: Sit) -> None:
    here, there = sit(), sit()
    watching = asyncio.create_task(there.desk.watch())
    asking = here.ask()
    question = await asking.question()
    await until(lambda: there.events)
    await there.deny(question, actor="ops@tty2")
    refused = await asking.refusal()
    assert refused.kind is RefusalKind.DENIED
    with pytest.raises(Declined) as late:
        await here.approve(question)
    assert "denied by ops@tty2" in late.value.objection.text
    await until(lambda: len(there.events) == len(here.events))
    assert there.events == here.events
    with pytest.raises(Declined) as elsewhere:
        await there.desk.redact(question.id, question.version, question.sha256, "ops")
    assert elsewhere.value.objection.kind is ObjectionKind.NOT_HERE
    watching.cancel()


# Several at once -----------------------------------------------------------------------------------------------------


def test_what_may_be_approved_together() -> None:
    one, two = an_approval(), an_approval(id="a2")
    assert batch_objection([one, two], 2) is None
    for wrong, typed in (
        ([one, two], 1),
        ([one, one], 2),
        ([], 0),
        ([one, an_approval(id="a2", risk=Risk.HIGH)], 2),
        ([one, an_approval(id="a2", agent="brenner")], 2),
        ([one, an_approval(id="a2", category="strategic_analysis")], 2),
        ([one, an_approval(id="a2", destination=replace(one.destination, model="frontier-2"))], 2),
    ):
        objection = batch_objection(wrong, typed)
        assert objection is not None and objection.kind is ObjectionKind.BATCH


async def test_a_batch_is_approved_whole_or_not_at_all(sit: Sit) -> None:
    here = sit()
    askings = [here.ask(f"Question {n} on tides.", bead=f"hub-{n}") for n in range(3)]
    questions = [await asking.question() for asking in askings]
    seen = [decision_on(question) for question in questions]
    half = [*seen[:2], decision_on(questions[2], seen_share=0.5)]
    for decisions, typed in ((half, 3), (seen, 2)):
        with pytest.raises(Declined):
            await here.desk.batch_approve(decisions, typed)
    assert [one.state for one in await here.desk.pending()] == [ApprovalState.PENDING] * 3
    done = await here.desk.batch_approve(seen, 3)
    assert len(done.done) == 3 and not done.refused
    for asking in askings:
        await asking.answer()
    assert here.kinds().count("approval_changed") == 3


async def test_a_batch_is_denied_one_by_one(sit: Sit) -> None:
    here = sit()
    askings = [here.ask(f"Question {n} on tides.", bead=f"hub-{n}") for n in range(2)]
    questions = [await asking.question() for asking in askings]
    await here.approve(questions[0])
    batch = await here.desk.batch_deny([decision_on(question) for question in questions])
    assert [one.id for one in batch.done] == [questions[1].id]
    assert [(refused, objection.kind) for refused, objection in batch.refused] == [
        (questions[0].id, ObjectionKind.DECIDED)
    ]
    await askings[0].answer()
    await askings[1].refusal()
