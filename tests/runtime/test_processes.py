"""Several b4tui on one hub, and b4tui that are killed: no bead is lost, none is done twice without saying so."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import Counter
from pathlib import Path

from b4tui.demo.faults import FaultKind
from b4tui.events import RunOutcome

PROGRAM = Path(__file__).with_name("runtime_process.py")


async def begin(world) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), str(world.hub), world.server.address, stdout=asyncio.subprocess.PIPE
    )


async def end(process: asyncio.subprocess.Process) -> list[dict]:
    """Wait for the process and return the events it printed."""
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return [json.loads(line) for line in out.splitlines()]


def first_questions(world) -> Counter:
    """How many runs of each bead began, by what the server was asked."""
    return Counter(
        chat.bead
        for chat in world.server.chats
        if not any(message["role"] == "assistant" for message in chat.body["messages"])
    )


async def test_a_bead_whose_process_was_killed_is_given_back_with_a_word_and_done(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    world.server.faults.add(FaultKind.HANG)
    process = await begin(world)
    await world.until(lambda: bool(world.server.chats), "the run asks the model")
    process.kill()
    await end(process)
    assert (world.bead("w-1").status, world.bead("w-1").assignee) == ("in_progress", "codemonkey")

    runtime = await world.run_until_idle()

    bead = world.bead("w-1")
    assert bead.status == "closed"
    assert "interrupted: b4tui ended in the middle of run" in bead.comments[0].text
    assert [event.outcome for event in world.told("run_finished")] == [RunOutcome.INTERRUPTED, RunOutcome.FINISHED]
    assert not list((runtime.hub.root / ".b4tui" / "claims").iterdir())


async def test_a_living_process_and_a_person_keep_what_they_hold(make_world, a_row):
    mine = a_row("w-2", "Fix that", status="in_progress", assignee="codemonkey")
    theirs = a_row("w-3", "Fix this", status="in_progress", assignee="somebody")
    world = await make_world([a_row("w-1", "Fix it"), mine, theirs])
    world.server.faults.add(FaultKind.HANG)
    process = await begin(world)
    await world.until(lambda: bool(world.server.chats), "the run asks the model")
    await world.run_until_idle()
    assert world.bead("w-1").status == "in_progress"
    assert [world.bead(bead).assignee for bead in ("w-2", "w-3")] == ["codemonkey", "somebody"]
    assert not world.told("bead_reopened")
    process.kill()
    await end(process)


async def test_two_processes_on_one_hub_do_each_bead_once(make_world, a_row):
    rows = [a_row(f"w-{n}", title) for n, title in enumerate(["Fix it", "Research: it", "Deploy it", "Plan it"] * 3)]
    world = await make_world(rows)
    events = await asyncio.gather(*[end(process) for process in [await begin(world), await begin(world)]])
    ids = [item["id"] for item in rows]
    assert {bead: world.bead(bead).status for bead in ids} == dict.fromkeys(ids, "closed")
    assert first_questions(world) == dict.fromkeys(ids, 1)
    assert {bead: len(world.commits(bead)) for bead in ids if bead != "w-1"} == {
        bead: 2 for bead in ids if bead != "w-1"
    }
    closed = Counter(event["bead"] for told in events for event in told if event["event"] == "bead_closed")
    assert closed == dict.fromkeys(ids, 1)


async def test_processes_killed_at_any_moment_lose_no_bead_and_repeat_none_in_silence(make_world, a_row):
    ids = [f"w-{letter}" for letter in "abcdef"]
    world = await make_world([a_row(bead, "Fix it") for bead in ids], speed=20)
    chance = random.Random(7)
    for _ in range(6):
        process = await begin(world)
        while (line := await process.stdout.readline()) and b'"bead_claimed"' not in line:
            pass
        await asyncio.sleep(chance.uniform(0.0, 0.3))  # the moment of the kill, not a wait for anything
        process.kill()
        await end(process)
    await end(await begin(world))
    interruptions = 0
    for bead_id in ids:
        bead = world.bead(bead_id)
        spent = sum("interrupted: b4tui ended" in comment.text for comment in bead.comments)
        interruptions += spent
        assert bead.status == "closed" or spent == 3, bead_id
        assert first_questions(world)[bead_id] <= spent + 1, bead_id
    assert interruptions >= 2  # some of the kills did strike a run
    status = await asyncio.create_subprocess_exec(
        "git", "-C", str(world.hub), "status", "--porcelain", stdout=asyncio.subprocess.PIPE
    )
    assert (await status.communicate())[0] == b""
