"""Agents pull, claim, run and close beads: the runtime on a real hub and a simulated server over real HTTP."""

from __future__ import annotations

import asyncio
import subprocess

import pytest

from b4tui.board.model import Changes
from b4tui.demo.faults import FaultKind
from b4tui.demo.script import Call, Step
from b4tui.events import AgentState, EngineStatus, RunOutcome

FINISH = Call(tool="finish", summary="done", evidence="")


async def test_a_bead_is_claimed_done_and_closed_with_a_commit_for_each_change(make_world, a_row):
    world = await make_world([a_row("w-1", "Script: prune images")])
    runtime = await world.run_until_idle()
    bead = world.bead("w-1")
    assert (bead.status, bead.assignee) == ("closed", "codemonkey")
    assert bead.close_reason == "wrote w-1\nOutput: done.txt has one line"
    assert len(world.commits("w-1")) == 2
    assert git_clean(world)
    assert [change.path for change in runtime.folder("w-1").changes()] == ["done.txt"]
    kinds = [piece.kind for piece in runtime.transcript("w-1").since(0)[2]]
    assert kinds[0] == "step" and {"text", "call", "result", "note"} <= set(kinds)


def git_clean(world) -> bool:
    """Nothing is left over in the repository, b4tui's own folder included."""
    command = ["git", "-C", str(world.hub), "status", "--porcelain"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout == ""


async def test_the_first_event_is_the_start_and_the_last_is_the_stop(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    await world.run_until_idle()
    names = [type(event).__name__ for event in world.events]
    assert names[0] == "RuntimeStarted" and names[-1] == "RuntimeStopped"
    order = [name for name in names if name in ("BeadRouted", "BeadClaimed", "RunStarted", "BeadClosed", "RunFinished")]
    assert order == ["BeadRouted", "BeadClaimed", "RunStarted", "BeadClosed", "RunFinished"]


async def test_every_agent_gets_its_own_beads_and_does_one_at_a_time(make_world, a_row):
    rows = [a_row(f"w-{n}", f"Fix number {n}") for n in range(4)] + [a_row("w-9", "Research: caches")]
    world = await make_world(rows)
    await world.run_until_idle()
    assert {item["id"]: world.bead(item["id"]).assignee for item in rows} == {
        **{f"w-{n}": "codemonkey" for n in range(4)},
        "w-9": "romanov",
    }
    holding: dict[str, str] = {}
    for event in world.told("run_started", "run_finished"):
        if type(event).__name__ == "RunStarted":
            assert event.agent not in holding
            holding[event.agent] = event.bead
        else:
            assert holding.pop(event.agent) == event.bead


async def test_a_bead_that_becomes_ready_when_another_closes_is_done_without_waiting_for_a_poll(make_world, a_row):
    waits = [{"issue_id": "w-2", "depends_on_id": "w-1", "type": "blocks", "created_at": "2026-01-02T03:04:05Z"}]
    rows = [a_row("w-1", "Fix the base"), a_row("w-2", "Fix the roof", dependencies=waits)]
    long = {"policy": {"poll": {"interval_s": 600.0, "max_interval_s": 600.0}}}
    world = await make_world(rows, overrides=long)
    await world.run_until_idle()
    assert world.bead("w-2").status == "closed"


async def test_beads_of_people_and_of_strangers_are_never_claimed(make_world, a_row):
    rows = [
        a_row("w-1", "Fix it", assignee="somebody"),
        a_row("w-2", "Fix that", labels=["human"]),
        a_row("w-3", "Fix this"),
    ]
    world = await make_world(rows)
    runtime = await world.run_until_idle()
    assert [world.bead(item["id"]).status for item in rows] == ["open", "open", "closed"]
    assert set(runtime.snapshot.routes) == set()
    assert {exchange.bead for exchange in world.server.chats} == {"w-3"}


async def test_a_change_on_the_board_wakes_the_agents_within_a_moment(make_world, a_row, a_script):
    long = {"policy": {"poll": {"interval_s": 600.0, "max_interval_s": 600.0}}}
    world = await make_world([a_row("w-1", "Fix it", status="deferred")], overrides=long)
    runtime = world.runtime()
    await runtime.start()
    await world.idle(runtime)
    store = world.store()
    await asyncio.to_thread(store.update, "w-1", Changes(status="open"), "operator")
    await world.until(lambda: world.bead("w-1").status == "closed", "the bead is done")


async def test_a_bead_that_the_agent_gives_up_waits_for_the_operator_at_once(make_world, a_row, a_script):
    gives_up = Step(calls=(Call(tool="finish", summary="the tests are red", evidence="", success=False),))
    world = await make_world([a_row("w-1", "Fix it")], (a_script("w-1", gives_up),))
    runtime = await world.run_until_idle()
    bead = world.bead("w-1")
    assert (bead.status, bead.assignee) == ("open", "")
    (comment,) = bead.comments
    assert comment.author == "codemonkey"
    assert comment.text.startswith("Blocked: the tests are red") and "waits for the operator" in comment.text
    assert runtime.snapshot.attempts_spent == {"w-1"}
    await world.run_until_idle()
    assert len(world.bead("w-1").comments) == 1  # a restart does not forget


async def test_a_bead_whose_runs_fail_goes_back_with_a_comment_each_until_its_attempts_are_spent(
    make_world, a_row, a_script
):
    talks = Step(say="I would rather talk.")
    world = await make_world(
        [a_row("w-1", "Fix it")],
        (a_script("w-1", talks),),
        overrides={"policy": {"limits": {"format_errors": 1}, "poll": {"interval_s": 0.2, "max_interval_s": 1.0}}},
    )
    runtime = await world.run_until_idle()
    bead = world.bead("w-1")
    assert (bead.status, bead.assignee) == ("open", "")
    assert [comment.author for comment in bead.comments] == ["codemonkey"] * 3
    assert "attempt 1 of 3" in bead.comments[0].text
    assert "waits for the operator" in bead.comments[2].text
    assert runtime.snapshot.attempts_spent == {"w-1"}


@pytest.mark.parametrize("model", ["absent", "alias:cloud"])
async def test_without_the_model_nothing_is_claimed_and_the_reason_is_said(model, make_world, a_row):
    role = {"model": model, "engine": "ollama"}
    world = await make_world([a_row("w-1", "Fix it")], overrides={"roles": {"workhorse": role}})
    runtime = world.runtime()
    await runtime.start()
    view = {view.key: view for view in runtime.snapshot.agents}
    await world.until(lambda: any(model in event.reason for event in world.told("agent_changed")), "the reason")
    await world.idle(runtime)
    assert view["codemonkey"].model == model
    assert world.told("bead_claimed") == []
    assert world.bead("w-1").row["status"] == "open"
    assert world.commits("w-1") == []


async def test_a_local_name_for_a_remote_model_gets_no_prompt(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    world.server.faults.add(FaultKind.REMOTE_MODEL, times=1000, path="/api/tags")
    runtime = world.runtime()
    await runtime.start()
    await world.until(
        lambda: any("not computed here" in event.reason for event in world.told("agent_changed")),
        "the reason",
    )
    await world.idle(runtime)
    assert [exchange.path for exchange in world.server.requests if exchange.path == "/api/chat"] == []
    assert world.told("bead_claimed") == []


async def test_agents_wait_for_a_slot_and_say_so(make_world, a_row):
    rows = [a_row("w-1", "Fix it"), a_row("w-2", "Research: caches")]
    world = await make_world(rows, overrides={"engines": {"ollama": {"address": "", "slots": 1}}})
    world.settings = world.settings.model_copy(
        update={
            "engines": {"ollama": world.settings.engines["ollama"].model_copy(update={"address": world.server.address})}
        }
    )
    world.server.faults.add(FaultKind.SLOW, seconds=0.3)
    await world.run_until_idle()
    assert any(event.state is AgentState.WAITING for event in world.told("agent_changed"))
    assert [world.bead(item["id"]).status for item in rows] == ["closed", "closed"]


async def test_once_means_one_bead_for_each_agent(make_world, a_row):
    rows = [a_row(f"w-{n}", f"Fix number {n}") for n in range(3)]
    world = await make_world(rows)
    await world.run_until_idle(once=True)
    assert sorted(world.bead(item["id"]).status for item in rows) == ["closed", "open", "open"]


async def test_a_run_that_never_began_is_not_the_one(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    runtime = world.runtime(once=True, paused=True)
    await runtime.start()
    await world.until(lambda: runtime.snapshot.engines[0].status is EngineStatus.UP, "the engine is there")
    world.server.faults.add(FaultKind.BUSY, path="/api/tags", times=1)
    await runtime.operator.resume()
    await world.idle(runtime)
    assert world.server.faults.waiting == 0
    assert world.bead("w-1").status == "closed"


async def test_only_the_chosen_agents_work(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it"), a_row("w-2", "Research: caches")])
    runtime = await world.run_until_idle(agents=("romanov",))
    assert [world.bead(bead).status for bead in ("w-1", "w-2")] == ["open", "closed"]
    assert runtime.snapshot.routes["w-1"].agent == "codemonkey"


async def test_stop_gives_the_bead_back_in_the_middle_of_a_run(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    world.server.faults.add(FaultKind.HANG)
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: bool(world.server.chats), "the run asks the model")
    await asyncio.wait_for(runtime.stop("the operator left"), 20)
    bead = world.bead("w-1")
    assert (bead.status, bead.assignee) == ("open", "")
    assert "b4tui stopped in the middle of the work (the operator left)" in bead.comments[0].text
    assert [event.outcome for event in world.told("run_finished")] == [RunOutcome.CANCELLED]
    await runtime.stop("again")
    assert len(world.told("runtime_stopped")) == 1
    await world.run_until_idle()
    assert world.bead("w-1").status == "closed"  # and the stopped attempt did not count


async def test_a_bead_closed_by_somebody_else_meanwhile_is_left_as_it_is(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    world.server.faults.add(FaultKind.SLOW, seconds=0.5)
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: bool(world.server.chats), "the run asks the model")
    await asyncio.to_thread(world.store().close, "w-1", "did it by hand", "operator")
    await world.idle(runtime)
    assert world.bead("w-1").close_reason == "did it by hand"
    assert any("changed under codemonkey" in event.reason for event in world.told("warned"))
    assert not world.told("bead_closed")


async def test_an_engine_that_is_down_at_the_start_makes_the_agents_wait_without_a_claim(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    await world.server.down()
    runtime = world.runtime()
    await runtime.start()
    await world.until(
        lambda: all(agent.state is AgentState.BACKOFF for agent in runtime.snapshot.agents), "all agents wait"
    )
    assert world.bead("w-1").status == "open"
    assert not world.told("bead_claimed")
    await world.server.up()
    await world.idle(runtime)
    assert world.bead("w-1").status == "closed"
    statuses = [event.status for event in world.told("engine_changed")]
    assert statuses == [EngineStatus.DOWN, EngineStatus.UP]


async def test_an_engine_that_fails_does_not_cost_the_bead_an_attempt(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    world.server.faults.add(FaultKind.CUT, times=5, after=1)
    await world.run_until_idle()
    outcomes = [event.outcome for event in world.told("run_finished")]
    assert outcomes == [RunOutcome.ENGINE, RunOutcome.ENGINE, RunOutcome.FINISHED], "each run asks twice"
    bead = world.bead("w-1")
    assert bead.status == "closed" and "the model server failed" in bead.comments[0].text


async def test_a_failure_that_does_not_pass_by_itself_makes_only_that_agent_wait(make_world, a_row):
    rows = [a_row("w-1", "Fix it"), a_row("w-2", "Summarise https://example.invalid/post")]
    world = await make_world(rows, overrides={"roles": {"summarizer": {"engine": "ollama", "model": "absent"}}})
    runtime = world.runtime()
    await runtime.start()
    await world.until(lambda: world.bead("w-1").status == "closed", "the other agent's bead is done")
    await world.until(
        lambda: {agent.key: agent.state for agent in runtime.snapshot.agents}["brew"] is AgentState.BACKOFF,
        "brew waits",
    )
    assert runtime.snapshot.engines[0].status is EngineStatus.UP
