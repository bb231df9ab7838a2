"""Whatever a server does wrong: nothing hangs past its time-out, nothing is lost, and the screen names the cause."""

from __future__ import annotations

import asyncio

import pytest

from b4tui.demo.faults import FaultKind
from b4tui.engines.attestation.pins import Pins, pins_file
from b4tui.events import Locality, RunOutcome, now

# Only where the time-out is what ends the answer: a busy machine overruns it in any other.
SHORT = {FaultKind.HANG: {"first_token_timeout_s": 0.4}, FaultKind.SLOW_LORIS: {"idle_timeout_s": 0.4}}
# What happens again and again, and a word of the cause as the screen has it.
LASTING = {
    FaultKind.HANG: "no first token",
    FaultKind.BUSY: "busy",
    FaultKind.CRASH: "unexpectedly stopped",
    FaultKind.OUT_OF_MEMORY: "does not fit into memory",
    FaultKind.REDIRECT: "redirects elsewhere",
    FaultKind.ERROR_LINE: "unexpected EOF",
    FaultKind.NO_DONE: "broke off",
    FaultKind.CUT: "broke off",
    FaultKind.GARBAGE_LINE: "not UTF-8",
    FaultKind.SLOW_LORIS: "was silent",
}
HARMLESS = (FaultKind.SLOW, FaultKind.TOOL_ERROR, FaultKind.LEAKED_CALL)


async def world_with(make_world, a_row, fault: FaultKind, times: int):
    world = await make_world([a_row("w-1", "Fix it")])
    engine = world.settings.engines["ollama"].model_copy(update=SHORT.get(fault, {}))
    world.settings = world.settings.model_copy(update={"engines": {"ollama": engine}})
    world.server.faults.add(fault, times=times, after=1, seconds=0.1)
    return world


def on_screen(runtime) -> str:
    snapshot = runtime.snapshot
    said = [line.text for line in snapshot.activity]
    said += [view.reason for view in (*snapshot.engines, *snapshot.agents, *snapshot.runs.values())]
    said += [view.note for view in snapshot.runs.values()]
    return "\n".join(said)


@pytest.mark.parametrize("fault", LASTING)
async def test_a_fault_that_lasts_gives_the_bead_back_names_the_cause_and_passes(make_world, a_row, fault):
    world = await world_with(make_world, a_row, fault, times=1000)
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: bool(world.told("run_finished")), "the first run ends")
    assert world.told("run_finished")[0].outcome is RunOutcome.ENGINE
    assert LASTING[fault] in on_screen(runtime)
    world.server.faults.clear()
    await world.until(lambda: world.bead("w-1").status == "closed", "it is done when the fault is gone")
    assert runtime.snapshot.attempts_spent == frozenset()


async def test_a_model_that_was_caught_elsewhere_stays_stopped_until_the_operator_pins_it(make_world, a_row):
    world = await world_with(make_world, a_row, FaultKind.REMOTE_MODEL, times=1)
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: bool(world.told("run_finished")), "the first run ends")
    assert world.told("run_finished")[0].outcome is RunOutcome.ENGINE
    assert "not computed" in on_screen(runtime)
    await world.until(lambda: locality_of(runtime) is Locality.REMOTE, "the badge says so")
    asked = len(world.server.chats)
    (pin,) = [pin for pin in Pins(pins_file()).all() if pin.place == world.server.address and "coder" in pin.model]
    Pins(pins_file()).pin(pin.place, pin.model, pin.digest, now())
    await world.until(lambda: world.bead("w-1").status == "closed", "it is done when the operator trusts it again")
    assert asked == 1, "and not a word went there meanwhile"


def locality_of(runtime) -> Locality:
    (engine,) = runtime.snapshot.engines
    return engine.locality


@pytest.mark.parametrize("fault", HARMLESS)
async def test_a_fault_that_does_not_matter_costs_no_run(make_world, a_row, fault):
    world = await world_with(make_world, a_row, fault, times=1)
    await world.run_until_idle()
    assert [event.outcome for event in world.told("run_finished")] == [RunOutcome.FINISHED]
    assert world.bead("w-1").status == "closed"


async def test_a_storm_of_refusals_costs_every_agent_nothing_but_time(make_world, a_row):
    rows = [a_row(f"w-{n}", title) for n, title in enumerate(("Fix it", "Research: caches", "Summary: a page"))]
    world = await make_world(rows)
    world.server.faults.add(FaultKind.BUSY, times=25)
    await asyncio.wait_for(world.run_until_idle(), 60)
    assert {world.bead(item["id"]).status for item in rows} == {"closed"}
    assert world.server.faults.waiting == 0


@pytest.mark.parametrize(
    ("fault", "cause"), [(FaultKind.HUGE_LINE, "the model's window"), (FaultKind.ENDLESS, "went on after")]
)
async def test_an_answer_of_a_million_letters_is_ended_or_told_to_be_too_much(
    make_world, a_row, monkeypatch, fault, cause
):
    monkeypatch.setattr("b4tui.agents.answer.MAX_CHARS", 1_200_000)
    world = await make_world([a_row("w-1", "Fix it")])
    world.server.faults.add(fault, after=1)
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: bool(world.told("run_finished")), "the first run ends")
    assert cause in on_screen(runtime)
    transcript = runtime.transcript("w-1")
    assert transcript is not None and len(transcript.since(0)[2]) <= 4000
    await world.until(lambda: world.bead("w-1").status == "closed", "the next run does it")
