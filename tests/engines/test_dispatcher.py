"""The way a prompt takes: which engine, what happens when it fails, and what is never sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from b4tui.engines.dispatch.dispatcher import Dispatcher
from b4tui.engines.dispatch.placement import Nowhere, Placement
from b4tui.engines.types import (
    Done,
    FailureKind,
    Placed,
    Restarted,
    Text,
    Usage,
)
from b4tui.events import Locality
from b4tui.provenance import Provenance
from tests.engines.played import DOUBT, PROVEN, K, Played, World, failing, last, places


class TestAnAnswer:
    async def test_it_says_first_where_it_comes_from_and_how_long_it_waited(self) -> None:
        world = World(Played("one"))
        placed, text, usage, done = await world.ask()
        assert placed == Placed(
            engine="one", model="m", locality=Locality.ATTESTED, digest="d", profile=placed.profile, note=""
        )
        assert (text, done) == (Text("ok"), Done("stop"))
        assert usage.queue_seconds is not None
        assert world.worked == ["one"]

    async def test_the_model_is_asked_by_its_name_there_with_the_one_load_profile(self) -> None:
        world = World(Played("one"))
        table = {"one": world.settings.engines["one"].model_copy(update={"models": {"m": "org/m"}})}
        world.settings = world.settings.model_copy(update={"engines": table})
        around = world.dispatcher._around
        world.dispatcher = Dispatcher(world.settings, world.engines, around)
        await world.ask()
        [request] = world.engines["one"].requests
        assert (request.model, request.num_ctx) == ("org/m", 4096)


class TestRetries:
    async def test_a_full_queue_is_waited_for(self) -> None:
        world = World(Played("one", failing(K.BUSY), failing(K.BUSY)))
        events = await world.ask()
        assert isinstance(events[-1], Done)
        assert len(world.waits) == 2 and world.waits[0] < world.waits[1]
        assert not any(isinstance(event, Restarted) for event in events), "nothing had been heard"
        assert world.failed == []

    async def test_what_was_heard_of_a_broken_answer_is_void(self) -> None:
        world = World(Played("one", failing(K.CRASHED, Text("half"))))
        events = await world.ask()
        assert [type(event) for event in events] == [Placed, Text, Restarted, Placed, Text, Usage, Done]

    async def test_a_second_crash_ends_it_and_the_engine_is_told_of(self) -> None:
        world = World(Played("one", failing(K.CRASHED), failing(K.CRASHED)))
        assert last(await world.ask()).kind is K.CRASHED
        assert world.failed == [("one", K.CRASHED)]
        assert len(world.engines["one"].requests) == 2

    async def test_a_crash_of_a_server_that_is_gone_is_not_tried_again(self) -> None:
        world = World(Played("one", failing(K.CRASHED)))
        world.engines["one"].gone = True
        assert last(await world.ask()).kind is K.CRASHED
        assert len(world.engines["one"].requests) == 1

    @pytest.mark.parametrize("kind", [K.OVERFLOW, K.REFUSED, K.TOOL_FORMAT])
    async def test_a_request_at_fault_is_asked_once_of_one_engine(self, kind: FailureKind) -> None:
        world = World(Played("one", failing(kind)), Played("two"))
        assert last(await world.ask()).kind is kind
        assert (len(world.engines["one"].requests), world.engines["two"].requests, world.failed) == (1, [], [])


class TestFallback:
    async def test_the_next_engine_in_order_and_why(self) -> None:
        world = World(Played("one", failing(K.TIMEOUT, Text("h"))), Played("two"))
        events = await world.ask()
        assert places(events) == ["one", "two"]
        assert [event.note for event in events if isinstance(event, Placed)] == ["", "instead of one: it was timeout"]
        assert isinstance(events[-1], Done)
        assert (world.failed, world.worked) == ([("one", K.TIMEOUT)], ["two"])

    async def test_an_engine_that_is_down_is_passed_over_and_used_again_when_it_is_back(self) -> None:
        world = World(Played("one"), Played("two"))
        world.down["one"] = "one does not answer"
        assert places(await world.ask()) == ["two"]
        world.down.clear()
        assert places(await world.ask()) == ["one"]

    async def test_out_of_memory_is_answered_on_the_cpu_and_said(self) -> None:
        world = World(Played("one", failing(K.OUT_OF_MEMORY)), Played("two"))
        events = await world.ask()
        gpu, cpu = (event for event in events if isinstance(event, Placed))
        assert (cpu.engine, cpu.note) == ("one", "on the CPU, slower: it was out_of_memory")
        assert gpu.profile != cpu.profile
        assert [request.options for request in world.engines["one"].requests] == [{}, {"num_gpu": 0}]
        await world.ask()
        assert world.engines["one"].requests[-1].options == {"num_gpu": 0}, "it stays there"
        world.dispatcher.placer.back_to_gpu()
        await world.ask()
        assert world.engines["one"].requests[-1].options == {}, "until the GPU is back"

    async def test_out_of_memory_on_the_cpu_too_goes_on_elsewhere(self) -> None:
        world = World(Played("one", failing(K.OUT_OF_MEMORY), failing(K.OUT_OF_MEMORY)), Played("two"))
        assert places(await world.ask()) == ["one", "one", "two"]

    async def test_an_engine_that_cannot_leave_the_gpu_is_left(self) -> None:
        world = World(Played("one", failing(K.GPU), kind="vllm"), Played("two"))
        assert places(await world.ask()) == ["one", "two"]

    async def test_a_role_that_names_an_engine_gets_that_one_first(self) -> None:
        world = World(Played("one"), Played("two"))
        assert places(await world.ask(engine="two")) == ["two"]
        world.down["two"] = "down"
        assert places(await world.ask(engine="two")) == ["one"]

    async def test_an_engine_without_an_order_is_used_by_its_name_only(self) -> None:
        world = World(Played("one"), Played("two"))
        world.settings.engines["two"] = world.settings.engines["two"].model_copy(update={"order": 0})
        world.down["one"] = "one is down"
        assert last(await world.ask()).message == "one is down"
        assert places(await world.ask(engine="two")) == ["two"]

    async def test_the_reasons_of_all_engines_are_told(self) -> None:
        world = World(Played("one", failing(K.TIMEOUT)), Played("two"))
        world.down["two"] = "two does not answer"
        assert last(await world.ask()).message == "it was timeout"
        world.down["one"] = "one does not answer"
        assert last(await world.ask()).message == "one does not answer; two does not answer"


class TestLocality:
    async def test_private_text_goes_to_no_unattested_engine(self) -> None:
        world = World(Played("one"))
        world.engines["one"].known = replace(
            world.engines["one"].known, locality=Locality.UNATTESTED, proofs=(*PROVEN, *DOUBT)
        )
        failure = last(await world.ask())
        assert failure.kind is K.UNATTESTED
        assert "its cloud is on" in failure.message and "OLLAMA_NO_CLOUD=1" in failure.message
        assert world.engines["one"].requests == []

    async def test_public_text_may(self) -> None:
        world = World(Played("one"))
        world.engines["one"].known = replace(world.engines["one"].known, locality=Locality.UNATTESTED, proofs=DOUBT)
        assert isinstance((await world.ask(Provenance.PUBLIC))[-1], Done)

    async def test_all_text_may_where_the_operator_lifted_the_rule(self) -> None:
        world = World(Played("one"), require_attested=False)
        world.engines["one"].known = replace(world.engines["one"].known, locality=Locality.UNATTESTED, proofs=DOUBT)
        assert isinstance((await world.ask())[-1], Done)

    @pytest.mark.parametrize("required", [True, False])
    async def test_nothing_goes_to_a_remote_model_or_to_one_that_changed(self, required: bool) -> None:
        world = World(Played("one"), require_attested=required)
        one = world.engines["one"]
        for known, kind in (
            (replace(one.known, locality=Locality.REMOTE, proofs=DOUBT), K.REMOTE),
            (replace(one.known, locality=Locality.UNATTESTED, digest="new", pinned="old", proofs=DOUBT), K.UNATTESTED),
        ):
            one.known = known
            assert last(await world.ask(Provenance.PUBLIC)).kind is kind
        assert one.requests == []

    async def test_an_attested_engine_is_preferred_to_one_in_doubt(self) -> None:
        world = World(Played("one"), Played("two"))
        world.engines["one"].known = replace(world.engines["one"].known, locality=Locality.UNATTESTED, proofs=DOUBT)
        assert places(await world.ask()) == ["two"]


class TestAPlace:
    async def test_before_a_run_it_knows_the_context_the_server_has(self) -> None:
        place = await World(Played("one")).place()
        assert isinstance(place, Placement)
        assert (place.engine, place.context, place.profile.num_ctx) == ("one", 2048, 4096)

    async def test_without_an_engine_it_says_what_to_do(self) -> None:
        world = World(Played("one"))
        world.settings.engines["one"] = world.settings.engines["one"].model_copy(update={"order": 0})
        place = await world.place()
        assert isinstance(place, Nowhere)
        assert "ollama serve" in place.failure.message and "model_file" in place.failure.message
