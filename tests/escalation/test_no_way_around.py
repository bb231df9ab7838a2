"""Whatever happens in whatever order: only what was shown, approved and not taken back leaves, and that once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from b4tui.escalation.approvals.changes import (
    Acknowledge,
    Adopt,
    Approve,
    Cancel,
    Change,
    Conclude,
    Deny,
    Expire,
    Extend,
    Objection,
    Rejudge,
    Send,
    Tell,
    Undo,
)
from b4tui.escalation.approvals.states import change
from b4tui.escalation.types import Approval, ApprovalState, Decision, Risk
from b4tui.gate.types import Judgement, Verdict
from b4tui.provenance import Provenance
from tests.escalation.approving import NOW, POLICY, a_decision, an_approval

SECONDS = st.sampled_from([-600.0, -0.5, 0.5, 3.0, 3.0, 11.0, 130.0])


class OneApproval(RuleBasedStateMachine):
    """One approval, two operators of whom one looks at an old copy, agents and a clock that may be set back."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.approval = an_approval()
        self.old = self.approval
        self.shown_and_approved = False
        self.sent = 0

    def does(self, what: Change) -> bool:
        before = self.approval
        after = change(before, what, self.now, POLICY)
        if isinstance(after, Objection):
            assert after.text
            return False
        assert after.version == before.version + 1
        assert (after.id, after.sha256, after.destination) == (before.id, before.sha256, before.destination)
        self.approval = after
        return True

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def the_second_operator_looks(self) -> None:
        self.old = self.approval

    @rule(
        stale=st.booleans(),
        seen=st.sampled_from([None, 0.4, 1.0]),
        typed=st.sampled_from(["", "0" * 12, an_approval().sha256[:12]]),
        host=st.sampled_from(["", "api.example.com"]),
        digest=st.sampled_from([an_approval().sha256, "0" * 64]),
    )
    def approve(self, stale: bool, seen: float | None, typed: str, host: str, digest: str) -> None:
        looked_at = self.old if stale else self.approval
        decision = a_decision(looked_at, seen_share=seen, typed_digest=typed, typed_host=host, digest=digest)
        before = self.approval
        if self.does(Approve(decision)):
            self.check(before, looked_at, decision)
            self.shown_and_approved = True

    @rule(stale=st.booleans())
    def approve_as_one_should(self, stale: bool) -> None:
        self.approve(stale, 1.0, "", "api.example.com", self.approval.sha256)

    @rule()
    def approve_and_send_as_one_should(self) -> None:
        self.approve_as_one_should(stale=False)
        self.now += timedelta(seconds=POLICY.hold_back_s)
        self.send({})

    def check(self, before: Approval, looked_at: Approval, decision: Decision) -> None:
        assert before.state is ApprovalState.PENDING and before.verdict is Verdict.MAY_ESCALATE
        assert looked_at.version == before.version and decision.digest == before.sha256
        assert decision.seen_share == 1.0 or (decision.seen_share is None and decision.typed_digest)
        assert before.risk is not Risk.HIGH or decision.typed_host == before.destination.host
        assert self.now < before.deadline

    @rule(stale=st.booleans())
    def deny(self, stale: bool) -> None:
        if self.does(Deny(a_decision(self.old if stale else self.approval))):
            self.shown_and_approved = False

    @rule(stale=st.booleans())
    def undo(self, stale: bool) -> None:
        if self.does(Undo((self.old if stale else self.approval).version, "ops")):
            self.shown_and_approved = False

    @rule(verdict=st.sampled_from(list(Verdict)), risk=st.sampled_from(list(Risk)), rules=st.sampled_from("56"))
    def judge_anew(self, verdict: Verdict, risk: Risk, rules: str) -> None:
        judgement = Judgement(
            verdict=verdict,
            reasons=(),
            findings=(),
            notes=(),
            provenance=Provenance.PUBLIC,
            body_sha256=self.approval.sha256,
            rules_sha256=rules * 64,
        )
        if self.does(Rejudge(judgement, risk, ())):
            self.shown_and_approved = False

    @rule(what=st.sampled_from([Expire(), Cancel("its run ended", "policy"), Adopt("run-2"), Adopt("run-1")]))
    def others(self, what: Change) -> None:
        if self.does(what) and not isinstance(what, Adopt):
            self.shown_and_approved = False

    @rule(what=st.sampled_from([Extend, Acknowledge]), stale=st.booleans())
    def looks_after(self, what: type[Extend | Acknowledge], stale: bool) -> None:
        self.does(what((self.old if stale else self.approval).version, "ops"))

    @rule()
    def tell(self) -> None:
        self.does(Tell(self.approval.version))

    @rule()
    def conclude(self) -> None:
        if self.does(Conclude("answered")):
            assert self.sent == 1

    @rule(other=st.sampled_from([{}, {}, {"sha256": "0" * 64}, {"rules_sha256": "7" * 64}, {"run": "run-3"}]))
    def send(self, other: dict[str, str]) -> None:
        now = self.approval
        leaving = Send(now.sha256, now.rules_sha256, now.gate_version, now.run)
        if self.does(replace(leaving, **other)):
            assert not other
            assert now.state is ApprovalState.APPROVED and now.verdict is Verdict.MAY_ESCALATE
            assert self.shown_and_approved and self.sent == 0
            assert now.hold_until is None or self.now >= now.hold_until
            self.sent += 1

    @invariant()
    def what_left_stays_left(self) -> None:
        assert (self.approval.sent_at is not None) == bool(self.sent)
        assert not self.sent or self.approval.state is ApprovalState.APPROVED

    @invariant()
    def nothing_that_stays_here_is_approved(self) -> None:
        assert self.approval.state is not ApprovalState.APPROVED or self.approval.verdict is Verdict.MAY_ESCALATE


TestOneApproval = OneApproval.TestCase
TestOneApproval.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
