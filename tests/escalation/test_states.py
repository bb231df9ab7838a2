"""How one approval changes: only what is pending can be decided, and every doubt ends with nothing sent."""

from dataclasses import replace

import pytest

from b4tui.escalation.approvals.changes import (
    Acknowledge,
    Adopt,
    Approve,
    Cancel,
    Conclude,
    Deny,
    Expire,
    Extend,
    ObjectionKind,
    Rejudge,
    Send,
    Tell,
    Undo,
)
from b4tui.escalation.approvals.states import CLOCK, change
from b4tui.escalation.types import Approval, ApprovalState, Risk
from b4tui.gate.types import Judgement, Verdict
from b4tui.outward_sections import EscalationPolicy
from b4tui.provenance import Provenance
from tests.escalation.approving import NOW, POLICY, a_decision, after, an_approval, changed, refused


def approved(approval: Approval | None = None, seconds: float = 0, **decision: object) -> Approval:
    approval = approval or an_approval()
    return changed(approval, Approve(a_decision(approval, **decision)), after(seconds))


def denied(seconds: float = 0) -> Approval:
    approval = an_approval()
    return changed(approval, Deny(a_decision(approval)), after(seconds))


def leaving(approval: Approval, **changes: object) -> Send:
    send = Send(approval.sha256, approval.rules_sha256, approval.gate_version, approval.run)
    return replace(send, **changes)


# Deciding ------------------------------------------------------------------------------------------------------------


def test_a_payload_seen_to_its_end_is_approved_with_who_and_when() -> None:
    done = approved(reason="fine")
    assert (done.state, done.version) == (ApprovalState.APPROVED, 2)
    assert (done.decided_by, done.decided_at, done.decision_reason) == ("ops@tty1", NOW, "fine")


@pytest.mark.parametrize("share", [0.0, 0.42, 0.999, float("nan")])
def test_a_payload_not_seen_to_its_end_cannot_be_approved(share: float) -> None:
    approval = an_approval()
    assert refused(approval, Approve(a_decision(approval, seen_share=share))).kind is ObjectionKind.UNSEEN


def test_with_local_only_nothing_is_approved_and_nothing_sent() -> None:
    """Also what another b4tui asked for, or approved, that runs without it."""
    policy = EscalationPolicy(local_only=True)
    approval = an_approval()
    assert refused(approval, Approve(a_decision(approval)), policy=policy).kind is ObjectionKind.LOCAL_ONLY
    done = approved()
    assert refused(done, leaving(done), after(1), policy).kind is ObjectionKind.LOCAL_ONLY
    assert changed(approval, Deny(a_decision(approval)), policy=policy).state is ApprovalState.DENIED


def test_what_was_never_on_a_screen_needs_its_digest_typed() -> None:
    approval = an_approval()
    blind = a_decision(approval, seen_share=None)
    assert refused(approval, Approve(blind)).kind is ObjectionKind.UNSEEN
    for typed in (approval.sha256[:11], "0" * 12, approval.sha256 + "0"):
        assert refused(approval, Approve(replace(blind, typed_digest=typed))).kind is ObjectionKind.STALE
    for typed in (approval.sha256[:12], f"sha256:{approval.sha256}", approval.sha256[:20].upper()):
        assert changed(approval, Approve(replace(blind, typed_digest=typed))).state is ApprovalState.APPROVED


def test_a_typed_digest_does_not_stand_for_a_payload_half_seen() -> None:
    approval = an_approval()
    half = a_decision(approval, seen_share=0.5, typed_digest=approval.sha256)
    assert refused(approval, Approve(half)).kind is ObjectionKind.UNSEEN


def test_high_risk_wants_the_destination_typed() -> None:
    approval = an_approval(risk=Risk.HIGH)
    for typed in ("", "api.example.org", "api.example.com.evil.example"):
        objection = refused(approval, Approve(a_decision(approval, typed_host=typed)))
        assert objection.kind is ObjectionKind.HOST and "api.example.com" in objection.text
    assert approved(approval, typed_host=" API.example.com ").state is ApprovalState.APPROVED


@pytest.mark.parametrize("risk", list(Risk))
def test_n22_what_the_gate_keeps_here_can_never_be_approved(risk: Risk) -> None:
    approval = an_approval(verdict=Verdict.LOCAL_ONLY, risk=risk)
    decision = a_decision(approval, typed_host=approval.destination.host, typed_digest=approval.sha256)
    assert refused(approval, Approve(decision)).kind is ObjectionKind.LOCAL_ONLY
    assert changed(approval, Deny(decision)).state is ApprovalState.DENIED


@pytest.mark.parametrize("make", [Approve, Deny])
def test_a_decision_on_something_else_than_what_was_shown_is_refused(make: type[Approve | Deny]) -> None:
    approval = an_approval(version=3)
    assert refused(approval, make(a_decision(approval, version=2))).kind is ObjectionKind.STALE
    assert refused(approval, make(a_decision(approval, digest="0" * 64))).kind is ObjectionKind.STALE


def test_the_second_of_two_operators_is_told_who_decided_what_and_when() -> None:
    approval = an_approval()
    first = changed(approval, Deny(a_decision(approval, actor="ops@tty2")), NOW)
    objection = refused(first, Approve(a_decision(approval)), after(3))
    assert objection.kind is ObjectionKind.DECIDED
    assert objection.text == "It was already denied by ops@tty2 3 s ago."


# Time ----------------------------------------------------------------------------------------------------------------


def test_a_question_that_nobody_answers_expires_and_is_not_denied() -> None:
    approval = an_approval()
    assert refused(approval, Expire(), after(3599)).kind is ObjectionKind.TOO_EARLY
    gone = changed(approval, Expire(), after(3600))
    assert (gone.state, gone.decided_by) == (ApprovalState.EXPIRED, CLOCK)


@pytest.mark.parametrize("make", [Approve, Deny])
def test_after_the_deadline_nothing_is_decided_even_if_nobody_noticed_it_yet(make: type[Approve | Deny]) -> None:
    approval = an_approval()
    assert refused(approval, make(a_decision(approval)), approval.deadline).kind is ObjectionKind.EXPIRED


def test_it_can_be_extended_once() -> None:
    longer = changed(an_approval(), Extend(1, "ops"))
    assert longer.deadline == after(7200) and longer.extended
    assert refused(longer, Extend(2, "ops")).kind is ObjectionKind.ONCE


def test_to_acknowledge_decides_nothing() -> None:
    seen = changed(an_approval(), Acknowledge(1, "ops"))
    assert (seen.state, seen.seen_by) == (ApprovalState.PENDING, "ops")


# Taking back ---------------------------------------------------------------------------------------------------------


def test_a_denial_can_be_undone_for_a_while() -> None:
    again = changed(denied(), Undo(2, "ops"), after(10))
    assert (again.state, again.decided_by, again.decided_at) == (ApprovalState.PENDING, "", None)
    assert refused(denied(), Undo(2, "ops"), after(10.1)).kind is ObjectionKind.TOO_LATE


def test_a_denial_that_the_agent_was_told_stays() -> None:
    told = changed(denied(), Tell(2))
    assert refused(told, Undo(3, "ops"), after(1)).kind is ObjectionKind.TOO_LATE
    assert refused(told, Tell(3)).kind is ObjectionKind.TOO_EARLY


def test_an_undone_denial_is_not_told() -> None:
    again = changed(denied(), Undo(2, "ops"), after(1))
    assert refused(again, Tell(2), after(1)).kind is ObjectionKind.STALE


@pytest.mark.parametrize(("risk", "held"), [(Risk.LOW, 0), (Risk.MEDIUM, 3), (Risk.HIGH, 3)])
def test_more_than_low_risk_is_held_back(risk: Risk, held: float) -> None:
    approval = an_approval(risk=risk)
    done = approved(approval, typed_host=approval.destination.host)
    assert done.hold_until == (after(held) if held else None)
    if held:
        assert refused(done, leaving(done), after(2.9)).kind is ObjectionKind.TOO_EARLY
    assert changed(done, leaving(done), after(held)).sent_at == after(held)


def test_an_approval_can_be_undone_until_the_bytes_have_left() -> None:
    done = approved()
    assert changed(done, Undo(2, "ops"), after(60)).state is ApprovalState.PENDING
    gone = changed(done, leaving(done), after(1))
    assert refused(gone, Undo(3, "ops"), after(1)).kind is ObjectionKind.SENT


def test_undone_after_the_deadline_it_has_expired() -> None:
    done = approved(seconds=3599)
    gone = changed(done, Undo(2, "ops"), after(3601))
    assert (gone.state, gone.decided_by) == (ApprovalState.EXPIRED, "ops")


# Sending -------------------------------------------------------------------------------------------------------------


def test_one_approval_is_good_for_one_sending() -> None:
    done = approved()
    gone = changed(done, leaving(done))
    assert refused(gone, leaving(gone)).kind is ObjectionKind.SENT


@pytest.mark.parametrize(
    "other", [{"sha256": "0" * 64}, {"rules_sha256": "0" * 64}, {"gate_version": 2}, {"run": "run-2"}]
)
def test_other_bytes_other_rules_or_another_run_are_not_sent(other: dict[str, object]) -> None:
    done = approved()
    assert refused(done, leaving(done, **other)).kind is ObjectionKind.STALE


def test_an_approval_grows_stale_with_the_permits_time() -> None:
    done = approved()
    assert changed(done, leaving(done), after(120)).sent_at
    assert refused(done, leaving(done), after(120.1)).kind is ObjectionKind.TOO_LATE


def test_a_clock_set_back_makes_nothing_younger() -> None:
    done = approved(seconds=600)
    assert refused(done, leaving(done), after(0)).kind is ObjectionKind.TOO_LATE
    gone = denied(seconds=600)
    assert refused(gone, Undo(2, "ops"), after(0)).kind is ObjectionKind.TOO_LATE


@pytest.mark.parametrize("state", [s for s in ApprovalState if s is not ApprovalState.APPROVED])
def test_nothing_but_what_is_approved_is_sent(state: ApprovalState) -> None:
    approval = an_approval(state=state, decided_at=NOW, decided_by="ops")
    assert refused(approval, leaving(approval)).kind is ObjectionKind.DECIDED


def test_what_came_of_it_is_said_once() -> None:
    done = approved()
    assert refused(done, Conclude("answered")).kind is ObjectionKind.TOO_EARLY
    over = changed(changed(done, leaving(done)), Conclude("answered"))
    assert over.outcome == "answered"
    assert refused(over, Conclude("failed")).kind is ObjectionKind.TOO_EARLY


# Who waits -----------------------------------------------------------------------------------------------------------


def test_what_nobody_waits_for_is_cancelled_unless_it_left() -> None:
    for approval in (an_approval(), approved()):
        assert changed(approval, Cancel("its run ended", "policy")).state is ApprovalState.CANCELLED
    done = approved()
    gone = changed(done, leaving(done))
    assert refused(gone, Cancel("its run ended", "policy")).kind is ObjectionKind.SENT
    assert refused(denied(), Cancel("its run ended", "policy")).kind is ObjectionKind.DECIDED


def test_another_run_takes_a_question_over() -> None:
    assert changed(an_approval(), Adopt("run-2")).run == "run-2"
    assert refused(denied(), Adopt("run-2")).kind is ObjectionKind.DECIDED


def test_judged_anew_it_has_to_be_decided_anew() -> None:
    done = approved()
    verdict = Judgement(
        verdict=Verdict.LOCAL_ONLY,
        reasons=(),
        findings=(),
        notes=(),
        provenance=Provenance.PUBLIC,
        body_sha256=done.sha256,
        rules_sha256="6" * 64,
    )
    again = changed(done, Rejudge(verdict, Risk.HIGH, ("other rules",)))
    assert (again.state, again.verdict, again.rules_sha256) == (ApprovalState.PENDING, Verdict.LOCAL_ONLY, "6" * 64)
    other = replace(verdict, body_sha256="0" * 64)
    assert refused(done, Rejudge(other, Risk.LOW, ())).kind is ObjectionKind.STALE


def test_every_change_counts_the_version_up() -> None:
    approval = an_approval(version=7)
    result = change(approval, Acknowledge(7, "ops"), NOW, POLICY)
    assert isinstance(result, Approval) and result.version == 8
