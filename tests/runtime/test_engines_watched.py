"""The watch on an engine, whether a role has one now, and how engines and lines are shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from b4tui.config import Settings, load
from b4tui.engines.dispatch.queue import Line
from b4tui.engines.dispatch.turns import RequestClass, Ticket
from b4tui.engines.interface import (
    Attestation,
    Health,
    LoadedModel,
    ModelInfo,
    Proof,
    ServerLoad,
)
from b4tui.engines.types import ChatRequest, Failure, FailureKind, StreamEvent
from b4tui.events import EngineStatus, Locality
from b4tui.runtime.backoff import Backoff
from b4tui.runtime.endpoints import ASKING, Endpoints
from b4tui.runtime.engine_views import with_lines, with_seen
from b4tui.runtime.engine_watch import EngineWatch, Rhythm, Seen, Wanted, least
from b4tui.runtime.snapshot import EngineView, Snapshot
from tests.waiting import until

QUICK = Backoff(first=0.01, most=0.02)
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PROVEN = Attestation(engine="one", model="m", locality=Locality.ATTESTED, digest="d")
DOUBT = (Proof(step="cloud off", holds=False, detail="its cloud is on", fix="switch it off"),)
UNPROVEN = replace(PROVEN, locality=Locality.UNATTESTED, proofs=DOUBT)


class FlakyEngine:
    """An engine that is up, and attested, when it is told to be."""

    kind = "ollama"

    def __init__(self, name: str = "one") -> None:
        self.name, self.address = name, f"http://{name}"
        self.up = True
        self.checks = 0
        self.known = replace(PROVEN, engine=name)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        raise AssertionError("a watch asks no model")
        yield

    async def attest(self, model: str, *, fresh: bool = False) -> Attestation:
        return replace(self.known, model=model)

    async def slots(self, model: str) -> int:
        return 3

    async def load(self) -> ServerLoad | None:
        return ServerLoad(running=1)

    async def health(self) -> Health:
        self.checks += 1
        return Health(up=self.up, version="1" if self.up else "", reason="" if self.up else "nobody answers")

    async def models(self) -> tuple[ModelInfo, ...]:
        return (ModelInfo(name="m:latest", size=7),)

    async def loaded(self) -> tuple[LoadedModel, ...]:
        return (LoadedModel(name="m:latest", vram=5),)

    async def aclose(self) -> None:
        return None


class Watched:
    """A watch at work, and what it told."""

    def __init__(self, engine: FlakyEngine, runs: Backoff = QUICK, required: bool = True, up_s: float = 0.01) -> None:
        self.engine = engine
        self.told: list[Any] = []
        self.seen: list[Seen] = []
        self.woken = 0
        wanted = Wanted(models=("m",), require_attested=required)
        rhythm = Rhythm(up_s=up_s, checks=QUICK, runs=runs)
        self.watch = EngineWatch(engine, wanted, rhythm, self.told.append, self.seen.append, self._woke, Random(1))

    def _woke(self) -> None:
        self.woken += 1

    async def __aenter__(self) -> Watched:
        self.task = asyncio.create_task(self.watch.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


class TestTheWatch:
    async def test_an_engine_is_told_of_only_when_it_changes(self) -> None:
        engine = FlakyEngine()
        async with Watched(engine) as watched:
            await until(lambda: engine.checks > 5)
            engine.up = False
            await until(lambda: not watched.watch.up and engine.checks > 10)
            assert watched.watch.unusable == "nobody answers"
            engine.up = True
            await until(lambda: watched.watch.up)
        states = [event.status for event in watched.told]
        assert states == [EngineStatus.UP, EngineStatus.DOWN, EngineStatus.UP]
        assert {event.locality for event in watched.told} == {Locality.ATTESTED}

    async def test_a_model_in_doubt_is_objected_to_and_agents_look_again_when_that_changes(self) -> None:
        engine = FlakyEngine()
        async with Watched(engine) as watched:
            assert watched.watch.objection("m") is None, "nothing is known yet"
            await until(lambda: watched.watch.up)
            assert watched.watch.objection("m") is None
            before = watched.woken
            engine.known = UNPROVEN
            await until(lambda: watched.woken > before)
            failure = watched.watch.objection("m")
            assert failure is not None and failure.kind is FailureKind.UNATTESTED
            assert "its cloud is on" in failure.message and "switch it off" in failure.message
        assert watched.told[-1].locality is Locality.UNATTESTED

    async def test_doubt_is_no_objection_where_the_operator_asks_for_no_proof(self) -> None:
        engine = FlakyEngine()
        engine.known = UNPROVEN
        async with Watched(engine, required=False) as watched:
            await until(lambda: watched.watch.up)
            assert watched.watch.objection("m") is None
            engine.known = replace(UNPROVEN, locality=Locality.REMOTE)
            await until(lambda: watched.watch.objection("m") is not None)

    async def test_answers_that_fail_on_a_healthy_server_wait_longer_each_time_and_count_once_together(self) -> None:
        async with Watched(FlakyEngine(), runs=Backoff(first=0.02, most=10.0)) as watched:
            watch, waits = watched.watch, []
            for _ in range(3):
                await until(lambda: watch.up)
                watch.failed("503")
                watch.failed("503")
                assert (watch.up, watch.unusable) == (False, "503")
                waits.append(watch.next_check_s)
            await until(lambda: watch.up)
            watch.worked()
            watch.failed("503")
            waits.append(watch.next_check_s)
        assert waits[0] < waits[1] < waits[2] and waits[3] < waits[1]

    async def test_one_that_fails_an_answer_and_then_the_check_went_down_once(self) -> None:
        engine = FlakyEngine()
        async with Watched(engine) as watched:
            await until(lambda: watched.watch.up)
            engine.up = False
            watched.watch.failed("nobody answers")
            checks = engine.checks
            await until(lambda: engine.checks > checks + 3)
        assert [event.status for event in watched.told] == [EngineStatus.UP, EngineStatus.DOWN]
        assert watched.told[-1].version == "1", "what it was stays known while it is down"

    async def test_it_looks_again_at_once_when_something_is_not_as_it_was_thought_to_be(self) -> None:
        engine = FlakyEngine()
        async with Watched(engine, up_s=3600.0) as watched:
            await until(lambda: watched.watch.up)
            engine.known = replace(UNPROVEN, locality=Locality.REMOTE)
            watched.watch.look_again()
            await until(lambda: watched.told[-1].locality is Locality.REMOTE)

    async def test_it_sees_what_the_engine_has_and_does(self) -> None:
        async with Watched(FlakyEngine()) as watched:
            await until(lambda: bool(watched.seen))
        seen = watched.seen[0]
        assert (seen.engine, seen.slots, seen.load, seen.sizes) == ("one", 3, ServerLoad(running=1), {"m": 7})
        assert seen.attestations["m"].locality is Locality.ATTESTED
        assert seen.loaded == (LoadedModel(name="m:latest", vram=5),)


def test_an_engines_badge_is_that_of_the_least_known_model_it_has():
    absent = replace(UNPROVEN, digest="")
    remote = replace(PROVEN, locality=Locality.REMOTE, digest="")
    assert least([]) is Locality.UNATTESTED
    assert least([PROVEN, absent]) is Locality.ATTESTED, "a model that is not there says nothing"
    assert least([PROVEN, UNPROVEN]) is Locality.UNATTESTED
    assert least([PROVEN, UNPROVEN, remote]) is Locality.REMOTE


def two_engines(**roles: Any) -> Settings:
    engines = {"one": {"order": 1}, "two": {"order": 2}, "ollama": {"order": 0}, "embedded": {"order": 0}}
    return load(use_user_file=False, overrides={"engines": engines, "roles": {"workhorse": {"model": "m", **roles}}})


class TestWhetherARoleHasAnEngine:
    def endpoints(self, settings: Settings, **watches: Watched) -> Endpoints:
        engines = {name: watched.engine for name, watched in watches.items()}
        return Endpoints(settings, engines, {name: watched.watch for name, watched in watches.items()})

    async def test_one_that_answers_is_enough(self) -> None:
        settings = two_engines()
        down, up = FlakyEngine("one"), FlakyEngine("two")
        down.up = False
        async with Watched(down) as one, Watched(up) as two:
            endpoints = self.endpoints(settings, one=one, two=two)
            first = endpoints.obstacle(settings.roles["workhorse"])
            assert first is not None and first.reason == ASKING and not first.hopeless
            await until(lambda: two.watch.up and one.watch.status is EngineStatus.DOWN)
            assert endpoints.obstacle(settings.roles["workhorse"]) is None
            up.known = UNPROVEN
            await until(lambda: endpoints.obstacle(settings.roles["workhorse"]) is not None)
            obstacle = endpoints.obstacle(settings.roles["workhorse"])
            assert obstacle is not None and not obstacle.hopeless
            assert "nobody answers" in obstacle.reason and "its cloud is on" in obstacle.reason

    async def test_engines_that_all_answer_and_all_object_leave_no_hope(self) -> None:
        settings = two_engines()
        engine = FlakyEngine("one")
        engine.known = UNPROVEN
        async with Watched(engine) as one:
            endpoints = self.endpoints(settings, one=one)
            await until(lambda: one.watch.up)
            obstacle = endpoints.obstacle(settings.roles["workhorse"])
            assert obstacle is not None and obstacle.hopeless

    def test_without_any_engine_it_says_what_to_do(self) -> None:
        settings = two_engines()
        obstacle = self.endpoints(settings).obstacle(settings.roles["workhorse"])
        assert obstacle is not None and obstacle.hopeless and "ollama serve" in obstacle.reason


class TestTheView:
    SNAPSHOT = Snapshot(hub="h", engines=(EngineView(name="one", address="http://one", status=EngineStatus.UP),))

    def test_a_model_is_shown_with_its_roles_profile_and_what_is_missing(self) -> None:
        settings = two_engines()
        seen = Seen(engine="one", attestations={"m": UNPROVEN}, slots=3, load=ServerLoad(waiting=2))
        [engine] = with_seen(self.SNAPSHOT, seen, settings).engines
        [model] = engine.models
        assert (model.name, model.roles, model.locality) == ("m", ("workhorse",), Locality.UNATTESTED)
        assert (model.reason, model.fix) == ("its cloud is on", "switch it off")
        assert len(model.profile) == 8
        assert (engine.queue.slots, engine.load) == (3, ServerLoad(waiting=2))

    def test_a_server_that_could_not_be_asked_is_the_reason(self) -> None:
        unknown = replace(UNPROVEN, proofs=(), failure=Failure(FailureKind.UNREACHABLE, "nobody there"))
        seen = Seen(engine="one", attestations={"m": unknown})
        [engine] = with_seen(self.SNAPSHOT, seen, two_engines()).engines
        assert engine.models[0].reason == "nobody there"

    def test_a_line_is_shown_with_ages_and_stays_as_it_is_while_nothing_changes(self) -> None:
        ticket = Ticket(
            number=1, agent="a", bead="w", model="m", request_class=RequestClass.SUMMARY, since=90.0, limit=1
        )
        lines = {"one": Line((ticket,), (replace(ticket, number=2, agent="b"),))}
        shown = with_lines(self.SNAPSHOT, lines, AT, 100.0)
        [running], [waiting] = shown.engines[0].queue.running, shown.engines[0].queue.waiting
        assert (running.agent, running.request_class, running.since) == ("a", "summary", AT - timedelta(seconds=10))
        assert waiting.agent == "b"
        assert with_lines(shown, lines, AT + timedelta(seconds=1.01), 101.0) is shown
        assert with_lines(shown, {"one": Line((), ())}, AT, 100.0).engines[0].queue.running == ()
