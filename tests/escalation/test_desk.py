"""A whole escalation: judged, asked, decided, recorded, sent and answered, with real gate, ledger, door and TLS."""

import asyncio
import json
import math
import secrets
from collections.abc import Callable
from pathlib import Path

import pytest

from b4tui.demo.certificates import Authority
from b4tui.demo.cloud_server import Saying, SimulatedCloud
from b4tui.demo.faults import FaultKind
from b4tui.demo.script import Step
from b4tui.escalation.approvals.changes import Declined, ObjectionKind
from b4tui.escalation.types import ApprovalState, RefusalKind, Risk
from b4tui.gate.known.gathering import gather_known
from b4tui.gate.policy.public_values import public_values_file
from b4tui.gate.types import Verdict
from b4tui.outward_events import ApprovalAsked, ApprovalChanged, EscalationAnswered, EscalationRefused, PayloadSent
from b4tui.provenance import Part, Provenance, Source, SourceKind
from tests.escalation.at_the_desk import QUESTION, AtTheDesk, settings_for, sit_down
from tests.waiting import until

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


# Before anything is built --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "request_", "kind", "says"),
    [
        ({"local_only": True}, {}, RefusalKind.LOCAL_ONLY, "--local-only"),
        ({}, {"labels": ("Local-Only ",)}, RefusalKind.LOCAL_ONLY, "label"),
        ({}, {"category": "code_review"}, RefusalKind.LOCAL_ONLY, "code_review"),
        ({}, {"provider": "nobody"}, RefusalKind.NOT_CONFIGURED, "nobody"),
    ],
)
async def test_what_is_refused_before_anything_is_built(
    sit: Sit,
    cloud: SimulatedCloud,
    policy: dict[str, object],
    request_: dict[str, object],
    kind: RefusalKind,
    says: str,
) -> None:
    here = sit(**policy)
    refused = await here.ask(**request_).refusal()
    assert refused.kind is kind and says in refused.reason
    assert here.kinds() == ["escalation_refused"]
    assert here.ledger.query("SELECT count(*) FROM bodies") == [(0,)]
    assert not cloud.received


async def test_without_a_provider_there_is_nothing_to_ask_for(tmp_path: Path, ca_file: Path) -> None:
    settings = settings_for("https://127.0.0.1:9", ca_file).model_copy(update={"escalation": {}})
    refused = await sit_down(tmp_path / "ledger.db", settings).ask().refusal()
    assert refused.kind is RefusalKind.NOT_CONFIGURED and "[escalation" in refused.reason


async def test_a_provider_without_its_key_says_what_is_missing(sit: Sit, tmp_path: Path, ca_file: Path) -> None:
    settings = settings_for("https://127.0.0.1:9", ca_file)
    refused = await sit_down(tmp_path / "ledger.db", settings, environ={}).ask().refusal()
    assert refused.kind is RefusalKind.NOT_CONFIGURED and "SIMULATED_CLOUD_KEY" in refused.reason


# What stays here -----------------------------------------------------------------------------------------------------


def a_mail() -> str:
    return f"{secrets.token_hex(4)}@{secrets.token_hex(5)}.org"


async def test_a_payload_that_stays_here_is_no_question_to_anybody(sit: Sit) -> None:
    here = sit()
    mail = a_mail()
    refused = await here.ask(f"Write to {mail} about tides.").refusal()
    assert refused.kind is RefusalKind.LOCAL_ONLY and refused.judgement is not None
    assert mail not in refused.reason
    assert here.kinds() == ["escalation_refused"]


async def test_private_sources_stay_here_whatever_they_say(sit: Sit) -> None:
    diary = Part("It rained.", Source(SourceKind.MEMORY, "memory/2026-01-02.md"), Provenance.PRIVATE)
    here = sit(redact_wait_s=60)
    assert (await here.ask(diary).refusal()).kind is RefusalKind.LOCAL_ONLY


async def test_released_by_the_operator_private_sources_are_asked_about_as_high_risk(sit: Sit) -> None:
    diary = Part("It rained.", Source(SourceKind.MEMORY, "memory/2026-01-02.md"), Provenance.PRIVATE)
    here = sit()
    asking = here.ask(diary, released=True)
    question = await asking.question()
    assert question.risk is Risk.HIGH and "private" in question.risk_words[0]
    assert "private" in await here.desk.grantable(question.id)
    await here.deny(question)
    await asking.refusal()


async def test_what_was_found_can_be_replaced_and_comes_back_in_the_answer(
    tmp_path: Path, authority: Authority, ca_file: Path
) -> None:
    says = Saying("tides", Step(say="Dear [[EMAIL_1]], and [[EMAIL_2]], they rise."))
    async with SimulatedCloud(authority.server("127.0.0.1"), [says], speed=math.inf) as cloud:
        settings = settings_for(cloud.address, ca_file, redact_wait_s=60)
        await redacted(sit_down(tmp_path / "ledger.db", settings), cloud)


async def redacted(here: AtTheDesk, cloud: SimulatedCloud) -> None:
    mail = a_mail()
    asking = here.ask(f"Write to {mail} about tides.")
    kept = await asking.question()
    assert kept.verdict is Verdict.LOCAL_ONLY
    with pytest.raises(Declined) as no:
        await here.approve(kept)
    assert no.value.objection.kind is ObjectionKind.LOCAL_ONLY

    cleaned = await here.desk.redact(kept.id, kept.version, kept.sha256, "ops@tty1")
    assert cleaned == await asking.question(2)
    assert (cleaned.replaces, cleaned.verdict, dict(cleaned.redacted)) == (
        kept.id,
        Verdict.MAY_ESCALATE,
        {"personal": 1},
    )
    assert (await here.desk.approval(kept.id)).state is ApprovalState.CANCELLED
    assert "placeholders" in await here.desk.grantable(cleaned.id)
    await here.approve(cleaned)
    assert (await asking.answer()).text == f"Dear {mail}, and [[EMAIL_2]], they rise."
    assert mail.encode() not in bytes(cloud.received)


async def test_n19_what_was_filled_in_again_here_is_kept_here_when_it_is_asked_for(
    tmp_path: Path, authority: Authority, ca_file: Path
) -> None:
    says = Saying("tides", Step(say="Ask [[EMAIL_1]] for the table."))
    async with SimulatedCloud(authority.server("127.0.0.1"), [says], speed=math.inf) as cloud:
        here = sit_down(tmp_path / "ledger.db", settings_for(cloud.address, ca_file, redact_wait_s=60))
        mail = a_mail()
        first = here.ask(f"Write to {mail} about tides.")
        kept = await first.question()
        await here.approve(await here.desk.redact(kept.id, kept.version, kept.sha256, "ops@tty1"))
        answer = (await first.answer()).text
        assert mail in answer
        second = here.ask(f"You said: {answer} And then?")
        again = await second.question()
        assert again.verdict is Verdict.LOCAL_ONLY
        assert {finding.rule for finding in again.findings} == {finding.rule for finding in kept.findings}
        await here.deny(again)
        await second.refusal()
        assert mail.encode() not in bytes(cloud.received)


async def test_no_value_that_was_found_is_in_record_events_or_tables(sit: Sit) -> None:
    here = sit(redact_wait_s=60)
    mail = a_mail()
    asking = here.ask(f"Write to {mail} about tides.", reason=f"because {mail} asked")
    question = await asking.question()
    await here.desk.redact(question.id, 1, question.sha256, "ops")
    await here.deny(await asking.question(2))
    await asking.refusal()
    told = [repr(event) for event in here.events] + [repr(entry) for entry in here.ledger.entries(limit=1000)]
    told += [str(row) for row in here.ledger.query("SELECT document FROM approvals")]
    assert mail not in "".join(told)


async def test_a_value_called_public_is_found_no_more(sit: Sit, cloud: SimulatedCloud) -> None:
    here = sit(redact_wait_s=60)
    mail = a_mail()
    asking = here.ask(f"Write to {mail} about tides.")
    kept = await asking.question()
    finding = kept.findings[0]
    with pytest.raises(Declined):
        await here.desk.call_public(kept.id, finding.rule, "0" * 64, "", "ops")
    free = await here.desk.call_public(kept.id, finding.rule, finding.value_hash, "a public address", "ops")
    assert (free.id, free.verdict, free.state) == (kept.id, Verdict.MAY_ESCALATE, ApprovalState.PENDING)
    assert public_values_file().stat().st_mode & 0o777 == 0o600
    assert mail not in public_values_file().read_text()
    with pytest.raises(Declined):  # it was judged anew, so it has to be looked at anew
        await here.approve(kept)
    await here.approve(free)
    await asking.answer()
    assert mail.encode() in bytes(cloud.received)
    again = here.ask(f"{mail} is public, and nothing that only begins so: {mail}x", run="run-2")
    assert (await again.question()).verdict is Verdict.LOCAL_ONLY
    again.task.cancel()


async def test_a_secret_told_in_pieces_over_several_payloads_stays(
    tmp_path: Path, cloud: SimulatedCloud, ca_file: Path
) -> None:
    settings = settings_for(cloud.address, ca_file)
    secret = "".join(secrets.choice("bcdfghkmpqrtvwxz") + secrets.choice("23456789") for _ in range(8))
    config = settings.gate.model_copy(update={"secrets_from": ("environment",), "hosts_from": ()})
    known = gather_known(config, None, {"TIDE_TOKEN": secret}, tmp_path, secrets.token_bytes(32))
    here = sit_down(tmp_path / "ledger.db", settings, known=known)
    first = here.ask(f"What may this mean: {secret[:8]} please")
    await here.approve(await first.question())
    await first.answer()
    assert (await here.ask(f"and this: {secret[8:]} please").refusal()).kind is RefusalKind.LOCAL_ONLY
    other = here.ask(f"and this: {secret[8:]} please", run="run-2")
    await other.question()
    other.task.cancel()


# Taking back, cancelling ---------------------------------------------------------------------------------------------


async def test_more_than_low_risk_can_be_undone_before_it_leaves(sit: Sit, cloud: SimulatedCloud) -> None:
    here = sit(hold_back_s=30.0)
    asking = here.ask()
    held = await here.approve(await asking.question())
    assert held.hold_until is not None
    back = await here.desk.undo(held.id, held.version, "ops@tty1")
    assert back.state is ApprovalState.PENDING
    await here.deny(back)
    assert (await asking.refusal()).kind is RefusalKind.DENIED
    assert not cloud.received


async def test_what_is_held_back_leaves_when_its_time_is_over(sit: Sit) -> None:
    here = sit(hold_back_s=0.1)
    asking = here.ask()
    held = await here.approve(await asking.question())
    await asking.answer()
    done = await here.desk.approval(held.id)
    assert done.sent_at is not None and held.hold_until is not None and done.sent_at >= held.hold_until


async def test_a_denial_can_be_undone_as_long_as_the_agent_was_not_told(sit: Sit) -> None:
    here = sit(undo_s=30.0)
    asking = here.ask()
    denied = await here.deny(await asking.question())
    back = await here.desk.undo(denied.id, denied.version, "ops@tty1")
    await here.approve(back)
    await asking.answer()


async def test_a_cancelled_run_cancels_its_question(sit: Sit, cloud: SimulatedCloud) -> None:
    here = sit()
    asking = here.ask()
    question = await asking.question()
    asking.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking.task
    assert (await here.desk.approval(question.id)).state is ApprovalState.CANCELLED
    with pytest.raises(Declined) as late:
        await here.approve(question)
    assert "already cancelled" in late.value.objection.text
    assert not cloud.received


async def test_cancelled_in_the_middle_of_sending_the_record_says_that_it_left(sit: Sit, cloud: SimulatedCloud) -> None:
    here = sit()
    cloud.faults.add(FaultKind.HANG)
    asking = here.ask()
    question = await asking.question()
    await here.approve(question)
    await until(lambda: cloud.received)
    asking.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking.task
    done = await here.desk.approval(question.id)
    assert done.sent_at is not None and "cancelled" in done.outcome
    assert here.kinds()[-2:] == ["payload_sent", "escalation_answered"]


async def test_a_run_that_ended_leaves_no_question_behind(sit: Sit) -> None:
    here = sit()
    asking = here.ask()
    question = await asking.question()
    await here.desk.run_ended("run-1", "the bead was closed")
    refused = await asking.refusal()
    assert refused.kind is RefusalKind.CANCELLED and "the bead was closed" in refused.reason
    assert (await here.desk.approval(question.id)).state is ApprovalState.CANCELLED


async def test_payloads_are_kept_as_long_as_the_settings_say(
    tmp_path: Path, ca_file: Path, cloud: SimulatedCloud
) -> None:
    settings = settings_for(cloud.address, ca_file)
    for days, kept in ((30, 1), (0, 0)):
        ledger = settings.ledger.model_copy(update={"keep_bodies_days": days})
        here = sit_down(tmp_path / f"{days}.db", settings.model_copy(update={"ledger": ledger}))
        asking = here.ask()
        question = await asking.question()
        await here.approve(question)
        await asking.answer()
        assert here.ledger.query("SELECT count(*) FROM bodies") == [(kept,)]
    with pytest.raises(Declined) as gone:
        await here.desk.shown(question.id)
    assert "keep_bodies_days" in gone.value.objection.text


async def test_old_payloads_are_forgotten_but_never_those_that_still_wait(sit: Sit) -> None:
    here = sit(deadline_s=10**7)
    done, waits = here.ask("One question."), here.ask("Another question.", bead="hub-2")
    await here.deny(await done.question())
    await done.refusal()
    question = await waits.question()
    here.clock.move(31 * 86_400)
    watching = asyncio.create_task(here.desk.watch())
    await until(lambda: here.ledger.query("SELECT count(*) FROM bodies") == [(1,)])
    assert (await here.desk.shown(question.id)).body
    watching.cancel()
    waits.task.cancel()


# What fails ----------------------------------------------------------------------------------------------------------


async def test_a_provider_that_fails_is_a_refusal_with_its_reason(sit: Sit, cloud: SimulatedCloud) -> None:
    here = sit()
    cloud.faults.add(FaultKind.WRONG_KEY)
    asking = here.ask()
    await here.approve(await asking.question())
    refused = await asking.refusal()
    assert refused.kind is RefusalKind.FAILED and "key" in refused.reason
    failed = here.heard(EscalationAnswered)
    assert len(failed) == 1 and refused.reason in repr(failed[0])


async def test_a_further_try_is_recorded_before_it_leaves(sit: Sit, cloud: SimulatedCloud) -> None:
    here = sit()
    cloud.faults.add(FaultKind.OVERLOADED)
    asking = here.ask()
    question = await asking.question()
    await here.approve(question)
    await asking.answer()
    assert here.kinds().count("payload_sent") == 2
    permits = here.ledger.query("SELECT id, approval FROM spent_permits")
    assert len(set(permits)) == 2 and {approval for _, approval in permits} == {question.id}


@pytest.mark.usefixtures("own_time")
async def test_what_cannot_be_recorded_does_not_leave(sit: Sit, cloud: SimulatedCloud) -> None:
    here = sit(hold_back_s=0.2)
    asking = here.ask()
    await here.approve(await asking.question())
    here.ledger.path.rename(here.ledger.path.with_name("elsewhere.db"))
    refused = await asking.refusal()
    assert refused.kind is RefusalKind.LEDGER and "moved" in refused.reason
    assert not cloud.received
    assert len(here.heard(EscalationRefused)) == 1


async def test_on_a_full_disk_nobody_is_asked(sit: Sit, cloud: SimulatedCloud) -> None:
    here = sit()
    with here.ledger.transaction() as writing:
        ((pages,),) = writing.query("PRAGMA page_count")
        writing.query(f"PRAGMA max_page_count = {pages}")
    asking = here.ask("How do tides rise? " * 2000)
    refused = await asking.refusal()
    assert refused.kind is RefusalKind.LEDGER and "disk is full" in refused.reason
    assert await here.desk.pending() == () and not cloud.received
