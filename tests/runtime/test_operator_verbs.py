"""What the operator can do, and that a verb which does not apply says so and changes nothing."""

from __future__ import annotations

import pytest

from b4tui.board.model import NewBead
from b4tui.demo.faults import FaultKind
from b4tui.events import AgentState, RunOutcome
from b4tui.runtime.operator import OperatorError, Verb, applies, is_running


async def started(world, **options):
    """A runtime that has read the board and knows its engine."""
    runtime = world.runtime(**options)
    await runtime.start()
    await world.until(lambda: runtime.snapshot.board is not None, "the board is read")
    return runtime


async def with_a_run_that_hangs(make_world, *rows, **options):
    world = await make_world(list(rows))
    world.server.faults.add(FaultKind.HANG)
    runtime = await started(world, **options)
    await world.until(lambda: is_running(runtime.snapshot, rows[0]["id"]) and bool(world.server.chats), "the run")
    return world, runtime


def state_of(runtime, key):
    return next(agent for agent in runtime.snapshot.agents if agent.key == key)


async def test_a_paused_agent_takes_no_new_bead_and_works_on_when_resumed(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    runtime = await started(world, paused=True)
    await world.idle(runtime)
    assert {agent.state for agent in runtime.snapshot.agents} == {AgentState.PAUSED}
    assert world.bead("w-1").status == "open"
    await runtime.operator.resume("CodeMonkey".lower())
    await world.until(lambda: world.bead("w-1").status == "closed", "the bead is done")
    assert state_of(runtime, "romanov").state is AgentState.PAUSED


async def test_a_pause_lets_the_running_bead_go_on_and_says_so(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it"), a_row("w-2", "Fix that")])
    world.server.faults.add(FaultKind.SLOW, seconds=0.5)
    runtime = await started(world)
    await world.until(lambda: bool(world.server.chats), "the run asks the model")
    await runtime.operator.pause()
    assert state_of(runtime, "codemonkey").reason == "pauses after this bead"
    await world.until(lambda: state_of(runtime, "codemonkey").state is AgentState.PAUSED, "the agent pauses")
    assert [world.bead(bead).status for bead in ("w-1", "w-2")] == ["closed", "open"]


async def test_cancel_gives_the_bead_back_and_holds_it_until_retry_even_over_a_restart(make_world, a_row):
    world, runtime = await with_a_run_that_hangs(make_world, a_row("w-1", "Fix it"))
    assert applies(runtime.snapshot, "w-1") == {Verb.COMMENT, Verb.CANCEL, Verb.ASSIGN}
    await runtime.operator.cancel("w-1")
    assert world.bead("w-1").status == "open"
    assert "cancelled by the operator" in world.bead("w-1").comments[0].text
    assert [event.outcome for event in world.told("run_finished")] == [RunOutcome.CANCELLED]
    assert runtime.snapshot.attempts_spent == {"w-1"}
    await world.idle(runtime)
    await runtime.stop("restart")
    again = await started(world)
    await world.idle(again)
    assert world.bead("w-1").status == "open"
    assert Verb.RETRY in applies(again.snapshot, "w-1")
    await again.operator.retry("w-1")
    await world.until(lambda: world.bead("w-1").status == "closed", "the bead is done")
    assert again.snapshot.attempts_spent == frozenset()


async def test_the_server_notices_a_cancelled_run(make_world, a_row):
    world, runtime = await with_a_run_that_hangs(make_world, a_row("w-1", "Fix it"))
    await runtime.operator.cancel("w-1")
    await world.until(lambda: world.server.chats[0].ending == "cancelled", "the stream is closed")


async def test_assign_is_a_label_that_others_see_and_a_restart_keeps(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it", labels=["agent:codemonkey", "keep"])])
    runtime = await started(world, paused=True)
    await runtime.operator.assign("w-1", "romanov")
    assert set(world.bead("w-1").labels) == {"agent:romanov", "keep"}
    assert runtime.snapshot.routes["w-1"].agent == "romanov"
    assert state_of(runtime, "romanov").queue == ("w-1",)
    await runtime.stop("restart")
    await world.run_until_idle()
    assert world.bead("w-1").assignee == "romanov"


async def test_assign_cancels_the_run_and_the_other_agent_takes_over_at_once(make_world, a_row):
    world, runtime = await with_a_run_that_hangs(make_world, a_row("w-1", "Fix it"))
    await runtime.operator.assign("w-1", "pltops")
    await world.until(lambda: world.bead("w-1").status == "closed", "the bead is done")
    assert world.bead("w-1").assignee == "pltops"
    assert "given to pltops by the operator" in world.bead("w-1").comments[0].text


async def test_the_operator_makes_comments_on_closes_and_reopens_beads(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    runtime = await started(world, paused=True, operator_name="pat")
    made = await runtime.operator.create(NewBead(title="Fix the door", labels=("human",)))
    assert world.bead(made).created_by == "pat"
    assert made in runtime.snapshot.board.beads
    await runtime.operator.comment(made, "the left one")
    assert [comment.text for comment in world.bead(made).comments] == ["the left one"]
    await runtime.operator.close(made, "not needed")
    assert world.bead(made).close_reason == "not needed"
    assert applies(runtime.snapshot, made) == {Verb.COMMENT, Verb.REOPEN}
    await runtime.operator.reopen(made, "it is needed")
    assert world.bead(made).status == "open"
    assert len(world.commits(made)) == 4


async def test_a_verb_that_does_not_apply_says_why(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it"), a_row("w-2", "Old", status="closed")])
    runtime = await started(world, paused=True)
    operator = runtime.operator
    for attempt in (
        operator.cancel("w-1"),
        operator.retry("w-1"),
        operator.reopen("w-1", "why not"),
        operator.close("w-2", "again"),
        operator.assign("w-2", "romanov"),
        operator.assign("w-1", "nobody"),
        operator.comment("w-1", "  \n"),
        operator.comment("w-404", "hello"),
        operator.pause("nobody"),
        operator.create(NewBead(title="   ")),
    ):
        with pytest.raises(OperatorError) as told:
            await attempt
        assert len(str(told.value)) > 15
    assert not world.commits("w-1") and not world.commits("w-2")


async def test_nothing_applies_to_a_bead_that_is_not_there(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    runtime = world.runtime()
    assert applies(runtime.snapshot, "w-1") == frozenset()  # not loaded yet
    with pytest.raises(OperatorError, match="not loaded yet"):
        await runtime.operator.cancel("w-1")
