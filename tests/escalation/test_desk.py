"""A whole escalation: judged, asked, decided, recorded, sent and answered, with real gate, ledger, door and TLS."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.escalation.types import ApprovalState, RefusalKind, Risk
from b4tui.events import ApprovalAsked, ApprovalChanged, EscalationAnswered, EscalationRefused, PayloadSent
from tests.escalation.at_the_desk import QUESTION, AtTheDesk, settings_for, sit_down

Sit = Callable[..., AtTheDesk]


@pytest.fixture
def sit(tmp_path: Path, cloud: SimulatedCloud, ca_file: Path) -> Sit:
    """Opens a desk; several of one test share the ledger."""

    def open_one(**policy: object) -> AtTheDesk:
        return sit_down(tmp_path / "ledger.db", settings_for(cloud.address, ca_file, **policy))

    return open_one


async def test_what_the_operator_approves_leaves_and_comes_back(sit: Sit, cloud: SimulatedCloud) -> None:
    here = sit()
    asking = here.ask()
    question = await asking.question()
    assert (question.state, question.destination.host) == (ApprovalState.PENDING, "127.0.0.1")
    assert not cloud.received
    shown = await here.desk.shown(question.id)
    await here.approve(question)
    answer = await asking.answer()

    assert "simulated" in answer.text
    assert shown.body in bytes(cloud.received)
    assert QUESTION in json.loads(shown.body)["messages"][0]["content"]
    assert asking.waited == [question, None]
    assert here.kinds() == ["approval_asked", "approval_changed", "payload_sent", "escalation_answered"]
    assert [type(event) for event in here.events] == [ApprovalAsked, ApprovalChanged, PayloadSent, EscalationAnswered]
    done = await here.desk.approval(question.id)
    assert done.sent_at is not None and done.outcome == "answered" and done.cost is not None
    assert await here.desk.bytes_out() == len(shown.body)


async def test_what_the_operator_denies_stays(sit: Sit, cloud: SimulatedCloud) -> None:
    here = sit()
    asking = here.ask()
    await here.deny(await asking.question(), reason="ask a library")
    refused = await asking.refusal()
    assert refused.kind is RefusalKind.DENIED and "ask a library" in refused.reason
    assert not cloud.received and not here.heard(PayloadSent)
    assert len(here.heard(EscalationRefused)) == 1


async def test_nobody_there_expires_and_is_not_denied(sit: Sit, cloud: SimulatedCloud) -> None:
    here = sit(deadline_s=0.2)
    asking = here.ask()
    question = await asking.question()
    assert (await asking.refusal()).kind is RefusalKind.EXPIRED
    assert (await here.desk.approval(question.id)).state is ApprovalState.EXPIRED
    assert not cloud.received


async def test_a_first_payload_to_a_host_is_of_medium_risk_a_second_of_low(sit: Sit) -> None:
    here = sit()
    for risk in (Risk.MEDIUM, Risk.LOW):
        asking = here.ask()
        question = await asking.question()
        assert question.risk is risk, question.risk_words
        await here.approve(question)
        await asking.answer()
