"""A question leaves, or stays: from an agent's tool over gate, operator and door to a real TLS server, and back."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from b4tui.board.discover import open_hub
from b4tui.board.model import DISCOVERED_FROM, Changes, NewBead
from b4tui.board.stores import open_store
from b4tui.demo.cloud_server import SimulatedCloud
from b4tui.demo.run import DemoWorld, demo_world
from b4tui.escalation.types import Approval, ApprovalState, Decision, Grant, Risk
from b4tui.events import Event, RunStarted, event_name, now
from b4tui.gate.types import Verdict
from b4tui.outward_events import PrivateRead
from b4tui.provenance import Provenance
from b4tui.runtime.declining import OperatorError
from b4tui.runtime.opening import open_runtime
from b4tui.runtime.outside.traces import Traces
from b4tui.runtime.runtime import Runtime
from b4tui.runtime.state import StateFolder

QUIET = {"quiet_s": 0.01, "hold_back_s": 0.0, "undo_s": 0.0}
CLEAN, WITH_HOSTS = "hub-q1k", "hub-x4e"
HOST = "gpu-1.lab.internal"


@dataclass
class Job:
    """Romanov at work beside a simulated cloud."""

    world: DemoWorld
    runtime: Runtime
    events: list[Event] = field(default_factory=list)

    @property
    def cloud(self) -> SimulatedCloud:
        assert self.world.cloud is not None
        return self.world.cloud

    @property
    def received(self) -> bytes:
        """Every byte that reached the cloud."""
        return bytes(self.cloud.received)

    def told(self, name: str, bead: str = "") -> list[Any]:
        return [one for one in self.events if event_name(one) == name and bead in ("", getattr(one, "bead", ""))]

    async def until(self, true: Callable[[], Any], what: str) -> Any:
        deadline = time.monotonic() + 60
        while not (found := true()):
            assert time.monotonic() < deadline, f"{what} did not happen; the last events: {self.events[-5:]}"
            await asyncio.sleep(0.01)
        return found

    async def asked(self, bead: str, *, state: ApprovalState = ApprovalState.PENDING) -> Approval:
        """The approval of a bead's question, as the console sees it."""

        def found() -> Approval | None:
            known = self.runtime.snapshot.outward.approvals
            return next((one for one in known if one.bead == bead and one.state is state), None)

        return await self.until(found, f"a question of {bead}")

    async def approve(self, approval: Approval) -> None:
        await self.runtime.operator.approve(await self.decision(approval))

    async def decision(self, approval: Approval) -> Decision:
        return Decision(
            approval=approval.id,
            version=approval.version,
            digest=approval.sha256,
            actor="",
            seen_share=1.0,
            seconds=2.0,
            typed_host=approval.destination.host,
        )

    async def closed(self, bead: str) -> str:
        """Wait until a bead is closed; why."""
        [event, *_] = await self.until(lambda: self.told("bead_closed", bead), f"the end of {bead}")
        return event.reason

    def stopped(self) -> list[str]:
        """Where the guard let nobody through."""
        return [event.where for event in self.told("egress_refused")]

    def kinds(self) -> list[str]:
        ledger = self.runtime.ledger
        assert ledger is not None
        return [entry.kind for entry in ledger.entries(limit=1000)]


@asynccontextmanager
async def romanov(world: DemoWorld, *, paused: bool = False) -> AsyncIterator[Job]:
    """Romanov alone at work in a world."""
    runtime = open_runtime(
        world.settings,
        open_hub(world.hub),
        agents=("romanov",),
        simulated=True,
        paused=paused,
        pins=world.pins,
        around=world.around,
    )
    job = Job(world, runtime)
    runtime.subscribe(job.events.append)
    await runtime.start()
    try:
        yield job
    finally:
        await runtime.stop("the test is over")


@asynccontextmanager
async def a_job(*, paused: bool = False, **overrides: Any) -> AsyncIterator[Job]:
    policy = {"escalation": {**QUIET, **overrides.pop("escalation", {})}}
    async with (
        demo_world(speed=0, overrides={"policy": policy, **overrides}, cloud=True) as world,
        romanov(world, paused=paused) as job,
    ):
        yield job


class TestApproved:
    async def test_exactly_the_bytes_that_were_shown_arrive_and_the_answer_comes_back(self) -> None:
        async with a_job() as job:
            approval = await job.asked(CLEAN)
            shown = await job.runtime.payload(approval.id)
            assert not job.received
            await job.approve(approval)
            await job.closed(CLEAN)
            assert job.received.endswith(shown.body) and job.received.count(shown.body) == 1
            answers = [one for one in job.told("tool_finished", CLEAN) if one.tool == "ask_frontier"]
            assert [one.ok for one in answers] == [True] and "This answer is simulated" in answers[0].output
            await job.until(lambda: job.runtime.snapshot.outward.bytes_out == len(shown.body), "the count of bytes")

    async def test_the_ledger_knew_before_the_cloud_did(self) -> None:
        async with a_job() as job:
            await job.approve(await job.asked(CLEAN))
            await job.closed(CLEAN)
            kinds = [kind for kind in job.kinds() if kind.startswith(("approval", "payload", "escalation"))]
            assert kinds.index("approval_asked") < kinds.index("payload_sent") < kinds.index("escalation_answered")
            ledger = job.runtime.ledger
            assert ledger is not None and not ledger.verify().faults

    async def test_only_allow_listed_words_are_in_the_body(self) -> None:
        async with a_job() as job:
            approval = await job.asked(CLEAN)
            body = json.loads((await job.runtime.payload(approval.id)).body)
            assert set(body) <= {"model", "max_tokens", "temperature", "system", "messages", "stream"}
            assert "romanov" not in json.dumps(body).casefold() and CLEAN not in json.dumps(body)


class TestNotApproved:
    async def test_denied_nothing_leaves_and_the_agent_goes_on(self) -> None:
        async with a_job() as job:
            approval = await job.asked(CLEAN)
            await job.runtime.operator.deny(await job.decision(approval))
            await job.closed(CLEAN)
            assert not job.received
            [asked] = [one for one in job.told("tool_finished", CLEAN) if one.tool == "ask_frontier"]
            assert not asked.ok and "nothing was sent" in asked.output

    async def test_nobody_answers_it_expires_which_is_no_denial(self) -> None:
        async with a_job(escalation={"deadline_s": 0.3}) as job:
            await job.closed(CLEAN)
            assert not job.received
            states = {event.state for event in job.told("approval_changed", CLEAN)}
            assert "expired" in states and "denied" not in states

    async def test_a_run_that_is_cancelled_takes_its_question_along(self) -> None:
        async with a_job() as job:
            await job.asked(CLEAN)
            await job.runtime.operator.cancel(CLEAN)
            approval = await job.asked(CLEAN, state=ApprovalState.CANCELLED)
            assert approval.state is ApprovalState.CANCELLED and not job.received


class TestWhatTheGateFinds:
    async def test_hosts_stay_until_they_are_redacted_and_come_back_in_the_answer(self) -> None:
        async with a_job() as job:
            await job.runtime.operator.deny(await job.decision(await job.asked(CLEAN)))
            approval = await job.asked(WITH_HOSTS)
            assert approval.verdict is Verdict.LOCAL_ONLY
            assert {finding.part for finding in approval.findings} == {"the question"}
            fresh = await job.runtime.operator.redact(approval.id, approval.version, approval.sha256)
            assert fresh.verdict is Verdict.MAY_ESCALATE and fresh.replaces == approval.id
            await job.approve(fresh)
            await job.closed(WITH_HOSTS)
            assert job.received and HOST.encode() not in job.received and b"10.20.4.7" not in job.received

    async def test_what_was_found_is_in_no_record(self) -> None:
        async with a_job() as job:
            await job.runtime.operator.deny(await job.decision(await job.asked(CLEAN)))
            await job.asked(WITH_HOSTS)
            ledger = job.runtime.ledger
            assert ledger is not None
            told = "\n".join(str(entry.facts) for entry in ledger.entries(limit=1000))
            assert HOST not in told and "10.20.4.7" not in told


class TestWhatIsPrivate:
    async def test_a_run_that_read_memory_says_nothing_outside(self) -> None:
        async with a_job(gate={"provenance": {"internal": []}}) as job:
            await job.closed(CLEAN)
            assert not job.received
            [refused] = job.told("escalation_refused", CLEAN)
            assert refused.kind == "local_only"
            assert {event.source for event in job.told("private_read", CLEAN)} >= {"memory:agents/romanov/MEMORY.md"}

    async def test_released_it_is_asked_about_as_private_and_no_grant_answers_for_the_operator(self) -> None:
        async with a_job(paused=True, gate={"provenance": {"internal": []}}) as job:
            operator = job.runtime.operator
            wanted = Grant(
                id="",
                category="deep_research",
                max_bytes=100_000,
                max_uses=9,
                until=now() + timedelta(hours=1),
                made_by="",
                made_at=now(),
            )
            while not job.runtime.snapshot.outward.grants:
                with suppress(OperatorError):  # the desk is still being opened
                    await operator.make_grant(wanted)
                await asyncio.sleep(0.01)
            released: list[asyncio.Task[None]] = []

            def release(event: Event) -> None:
                if isinstance(event, PrivateRead) and not released:
                    released.append(asyncio.create_task(operator.release(event.run)))

            job.runtime.subscribe(release)
            await operator.resume()
            approval = await job.asked(CLEAN)
            assert approval.provenance is Provenance.PRIVATE and approval.risk is Risk.HIGH
            assert not job.received

    async def test_what_a_private_run_left_is_private_for_those_after_it(self) -> None:
        """Its comments and files are there for a run that reads nothing private itself; so are the beads it made."""
        async with demo_world(speed=0, overrides={"policy": {"escalation": QUIET}}, cloud=True) as world:
            store = open_store(open_hub(world.hub))
            parent = store.create(NewBead(title="A plan"), "operator")
            store.add_dependency(CLEAN, parent.id, DISCOVERED_FROM, "operator")
            private = StateFolder(open_hub(world.hub)).private
            Traces(private).mark(parent.id)
            async with romanov(world) as job:
                await job.closed(CLEAN)
                assert not job.received and not job.told("approval_asked", CLEAN)
                [refused] = job.told("escalation_refused", CLEAN)
                assert "model, private" in refused.reason and refused.kind == "local_only"
                assert CLEAN in {path.name for path in private.iterdir()}


class TestLocalOnly:
    async def test_a_label_that_comes_while_the_run_is_under_way_counts(self) -> None:
        async with a_job(paused=True) as job:
            store = open_store(open_hub(job.world.hub))

            def label(event: Event) -> None:
                if isinstance(event, RunStarted) and event.bead == CLEAN:
                    store.update(CLEAN, Changes(add_labels=("local-only",)), "operator")

            job.runtime.subscribe(label)
            await job.runtime.operator.resume()
            await job.closed(CLEAN)
            assert not job.received and not job.told("approval_asked", CLEAN)

    async def test_no_tool_no_gate_no_question(self) -> None:
        async with a_job(escalation={"local_only": True}) as job:
            await job.closed(CLEAN)
            assert not job.received and not job.cloud.connections
            assert not [one for one in job.told("tool_called") if one.tool == "ask_frontier"]
            assert job.runtime.snapshot.outward.local_only

    async def test_the_beads_label_refuses_before_anything_is_built(self) -> None:
        async with a_job(paused=True) as job:
            store = open_store(open_hub(job.world.hub))
            store.update(CLEAN, Changes(add_labels=("local-only",)), "operator")
            await job.runtime.operator.resume()
            await job.closed(CLEAN)
            assert not job.received and not job.told("approval_asked", CLEAN)
            [refused] = job.told("escalation_refused", CLEAN)
            assert refused.kind == "local_only"
