"""A world in which agents ask for a cloud, and a desk that keeps their approvals still until the operator acts."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from datetime import datetime, timedelta

from frozen_world import NOW, WORLD, FrozenRuntime, RecordingOperator

from b4tui.escalation.approvals.batches import Batch
from b4tui.escalation.door.spots import read_body, spots
from b4tui.escalation.types import (
    Approval,
    ApprovalState,
    Cost,
    Decision,
    Destination,
    Grant,
    PayloadShown,
    Risk,
)
from b4tui.gate.types import Cause, Finding, FindingClass, NamedPart, Reason, Severity, Verdict
from b4tui.outward_sections import EscalationPolicy
from b4tui.provenance import Part, Provenance
from b4tui.runtime.operator import OperatorError
from b4tui.runtime.snapshot import OutwardView
from b4tui.tui.app import Console
from b4tui.tui.screens.base import HouseScreen

POLICY = EscalationPolicy()
FAR = Destination(provider="far", host="api.example.com", port=443, path="/v1/messages", model="deep-9")
QUESTION = (
    "You compare what is written about key-value caches.\n\n"
    "# The task\n"
    "How much memory does a cache of 32,768 tokens take at 8 bits, and what does it cost in quality?\n"
    "Name your sources. Write for [[PERSON_1]], who runs the machine [[HOST_1]].\n\n"
    "# What is known\n"
)
KNOWN = "".join(
    f"- measurement {number}: {number * 317 % 900} ms to the first token at {number * 2}k tokens of context\n"
    for number in range(1, 60)
)
HEADERS = (
    ("host", "api.example.com"),
    ("content-type", "application/json"),
    ("x-api-key", "•••• (from the environment)"),
)


def body_of(*texts: str) -> bytes:
    """A request as it would be serialised."""
    messages = [{"role": "user", "content": text} for text in texts]
    row = {"model": FAR.model, "max_tokens": 4096, "stream": True, "messages": messages}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode()


def finding(text: str, value: str, rule: str, kind: FindingClass, severity: Severity = Severity.ASK) -> Finding:
    """A finding in the part `bead.description`."""
    start = text.index(value)
    return Finding(
        rule=rule,
        version=1,
        finding_class=kind,
        severity=severity,
        part="bead.description",
        start=start,
        end=start + len(value),
        preview="••••",
        why="a form that only this kind of thing has",
        value_hash=hashlib.sha256(value.encode()).hexdigest(),
    )


def approval(id_: str, body: bytes, **more: object) -> Approval:
    """An approval that was asked for three minutes ago."""
    fields: dict[str, object] = {
        "id": id_,
        "version": 1,
        "state": ApprovalState.PENDING,
        "agent": "romanov",
        "bead": "hub-d42",
        "run": "run-hub-d42",
        "category": "deep_research",
        "reason": "the local model knows no sources after its training, and the comparison needs some",
        "destination": FAR,
        "size": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "rules_sha256": "0" * 64,
        "gate_version": 1,
        "verdict": Verdict.MAY_ESCALATE,
        "provenance": Provenance.PUBLIC,
        "risk": Risk.LOW,
        "estimate": Cost(money=0.12, currency="USD", tokens_in=2103, tokens_out=4096),
        "asked_at": NOW - timedelta(minutes=3),
        "deadline": NOW + timedelta(minutes=57),
    }
    return Approval(**{**fields, **more})  # type: ignore[arg-type]


LOW_BODY = body_of(QUESTION + KNOWN)
ASKED = QUESTION + "- asked by mail: write to anna@example.org when it is done\n" + KNOWN
ASKED_BODY = body_of(ASKED)
HOME = "The nodes are 10.0.3.17 and 10.0.3.18.\n" + KNOWN
HOME_BODY = body_of(HOME)
SHORT_BODY = body_of("What is a key-value cache? Two sentences.")

LOW = approval("ap-1", LOW_BODY, redacted={"personal": 1, "infrastructure": 1})
HIGH = approval(
    "ap-2",
    ASKED_BODY,
    risk=Risk.HIGH,
    findings=(finding(ASKED, "anna@example.org", "mail-address", FindingClass.PERSONAL),),
    deadline=NOW + timedelta(minutes=80),
)
STAYS = approval(
    "ap-3",
    HOME_BODY,
    agent="pltops",
    bead="hub-a1f",
    run="run-hub-a1f",
    category="strategic_analysis",
    verdict=Verdict.LOCAL_ONLY,
    reasons=(Reason(Cause.INFRASTRUCTURE, "2 addresses of a private network"),),
    risk=Risk.HIGH,
    findings=tuple(
        finding(HOME, value, "private-ip", FindingClass.INFRASTRUCTURE, Severity.BLOCK)
        for value in ("10.0.3.17", "10.0.3.18")
    ),
    deadline=NOW + timedelta(minutes=90),
)
SHORT = approval("ap-4", SHORT_BODY, reason="a definition", deadline=NOW + timedelta(minutes=95))
MEDIUM = replace(SHORT, id="ap-5", risk=Risk.MEDIUM, deadline=NOW + timedelta(minutes=96))
BODIES = {"ap-1": LOW_BODY, "ap-2": ASKED_BODY, "ap-3": HOME_BODY, "ap-4": SHORT_BODY, "ap-5": SHORT_BODY}
TEXTS = {"ap-2": ASKED, "ap-3": HOME}
GRANTS = (
    Grant(
        id="gr-1", category="deep_research", agent="romanov", provider="far", host=FAR.host, model=FAR.model,
        max_bytes=16_000, max_uses=3, uses=1, until=NOW + timedelta(minutes=42), made_by="operator",
        made_at=NOW - timedelta(minutes=18),
    ),
    Grant(
        id="gr-2", category="deep_research", agent="romanov", host=FAR.host, max_bytes=4_000, max_uses=1,
        until=NOW - timedelta(days=1), made_by="operator", made_at=NOW - timedelta(days=1, minutes=15),
        revoked_at=NOW - timedelta(days=1, minutes=5),
    ),
)  # fmt: skip
DENIED = approval(
    "ap-0", SHORT_BODY, agent="brew", bead="hub-c31", state=ApprovalState.DENIED, decided_by="operator",
    decided_at=NOW - timedelta(seconds=4), reason="the page is long",
)  # fmt: skip


class Desk(RecordingOperator):
    """Carries out what the operator decides on the approvals of a runtime, by compare-and-set, and records it."""

    def __init__(self, runtime: AskedRuntime) -> None:
        super().__init__()
        self.runtime = runtime
        self.decisions: list[tuple[str, Decision]] = []
        self.now = lambda: NOW

    def put(self, one: Approval, **changes: object) -> Approval:
        """Another state of an approval, in the next snapshot."""
        new = replace(one, version=one.version + 1, **changes)  # type: ignore[arg-type]
        outward = self.runtime.snapshot.outward
        all_ = tuple(new if each.id == new.id else each for each in outward.approvals)
        self.runtime.change(outward=replace(outward, approvals=all_))
        return new

    def _stored(self, id_: str, version: int, state: ApprovalState = ApprovalState.PENDING) -> Approval:
        one = next(each for each in self.runtime.snapshot.outward.approvals if each.id == id_)
        if one.state is not state or one.version != version:
            raise OperatorError(f"It is {one.state} already, by {one.decided_by or 'somebody'}.")
        return one

    async def approve(self, decision: Decision) -> Approval:
        one = self._stored(decision.approval, decision.version)
        if one.sha256 != decision.digest:
            raise OperatorError("These are other bytes than those that were shown.")
        self.decisions.append(("approve", decision))
        hold = None if one.risk is Risk.LOW else self.now() + timedelta(seconds=POLICY.hold_back_s)
        sent = self.now() if hold is None else None
        return self.put(
            one, state=ApprovalState.APPROVED, decided_by=decision.actor, decided_at=self.now(), hold_until=hold,
            sent_at=sent,
        )  # fmt: skip

    async def deny(self, decision: Decision) -> Approval:
        one = self._stored(decision.approval, decision.version)
        self.decisions.append(("deny", decision))
        return self.put(one, state=ApprovalState.DENIED, decided_by=decision.actor, decided_at=self.now())

    async def batch_deny(self, decisions) -> Batch:  # type: ignore[no-untyped-def]
        return Batch(tuple([await self.deny(decision) for decision in decisions]))

    async def batch_approve(self, decisions, typed_count: int) -> None:  # type: ignore[no-untyped-def]
        assert typed_count == len(decisions)
        for decision in decisions:
            await self.approve(decision)

    async def undo(self, id_: str, version: int) -> Approval:
        one = next(each for each in self.runtime.snapshot.outward.approvals if each.id == id_)
        self.calls.append(("undo", id_, version))
        return self.put(self._stored(id_, version, one.state), state=ApprovalState.PENDING, decided_by="",
                        decided_at=None, hold_until=None)  # fmt: skip

    async def redact(self, id_: str, version: int, digest: str) -> Approval:
        one = self._stored(id_, version)
        self.calls.append(("redact", id_, version, digest))
        body = read_body(self.runtime.bodies[id_])
        for value in ("10.0.3.17", "10.0.3.18"):
            body = body.replace(value, "[[HOST_1]]")
        self.put(one, state=ApprovalState.CANCELLED, decided_at=self.now(), decision_reason="redacted")
        new = replace(
            approval(f"{id_}r", body.encode()), replaces=id_, agent=one.agent, bead=one.bead, risk=Risk.MEDIUM,
            redacted={"infrastructure": 2},
        )  # fmt: skip
        self.runtime.bodies[new.id] = body.encode()
        outward = self.runtime.snapshot.outward
        self.runtime.change(outward=replace(outward, approvals=(*outward.approvals, new)))
        return new


class AskedRuntime(FrozenRuntime):
    """A frozen runtime with approvals and their payloads."""

    def __init__(self, *approvals: Approval, grants: tuple[Grant, ...] = GRANTS, **outward: object) -> None:
        super().__init__()
        self.operator = Desk(self)
        self.bodies = dict(BODIES)
        self.previous: dict[str, bytes] = {}
        view = OutwardView(
            guarded=True, providers=("far",), approvals=approvals, grants=grants, **outward,  # type: ignore[arg-type]
        )  # fmt: skip
        self.change(outward=view)

    def put(self, id_: str, **changes: object) -> Approval:
        """Change an approval behind the operator's back."""
        one = next(each for each in self.snapshot.outward.approvals if each.id == id_)
        return self.operator.put(one, **changes)

    async def payload(self, id_: str) -> PayloadShown:
        body = self.bodies.get(id_)
        if body is None:
            raise OperatorError("Its payload is not kept any more.")
        one = next(each for each in self.snapshot.outward.approvals if each.id == id_)
        parts = [NamedPart("bead.description", Part(TEXTS.get(id_, "")))]
        return PayloadShown(
            approval=id_,
            body=body,
            previous=self.previous.get(id_),
            headers=HEADERS,
            spots=spots(one.findings, parts, body),
        )


class Desktop(HouseScreen):
    """A first screen with nothing on it: cheap to paint where a test is about what lies over it."""


class BareConsole(Console):
    """The console over an empty first screen. Handling an event takes no time on its steady clock."""

    def moment(self, event_time: float) -> float:
        old = time.monotonic() - event_time
        return self.ticks() - (old if old > 20 else 0)

    def get_default_screen(self) -> HouseScreen:  # type: ignore[override]
        return Desktop()


class Clocks:
    """A wall clock and a steady one that stand still until a test moves them."""

    def __init__(self) -> None:
        self.passed = 1000.0

    def wall(self) -> datetime:
        return NOW + timedelta(seconds=self.passed - 1000.0)

    def ticks(self) -> float:
        return self.passed


def asked_world(*approvals: Approval, **outward: object):  # type: ignore[no-untyped-def]
    """The frozen world with these approvals in it."""
    return replace(WORLD, outward=AskedRuntime(*approvals, **outward).snapshot.outward)
