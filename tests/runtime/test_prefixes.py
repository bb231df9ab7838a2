"""Prompts as the server sees them: what a prefix cache can serve again stays the same, byte for byte."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from typing import Any

from b4tui.demo.faults import FaultKind
from b4tui.demo.script import Call, Step

STEPS = (
    Step(say="I look.", calls=(Call(tool="read", path="."),)),
    Step(calls=(Call(tool="write", path="done.txt", content="ä\n"), Call(tool="read", path="done.txt"))),
    Step(say="I only talk."),
    Step(calls=(Call(tool="finish", summary="wrote it", evidence="done.txt has one line"),)),
)


def bodies(world) -> dict[str, list[dict[str, Any]]]:
    """The chats of each bead, in order."""
    found = defaultdict(list)
    for exchange in world.server.chats:
        found[exchange.bead].append(exchange.body)
    return found


def raw(part: object) -> str:
    """A part of a body with its keys in the order in which they came."""
    return json.dumps(part, ensure_ascii=True)


async def test_the_system_message_and_the_tools_are_the_same_in_all_steps_and_runs_of_an_agent(
    make_world, a_row, a_script
):
    rows = [a_row("w-1", "Fix it"), a_row("w-2", "Fix that")]
    world = await make_world(rows, tuple(a_script(row["id"], *STEPS) for row in rows))
    world.server.faults.add(FaultKind.TOOL_ERROR, bead="w-2", times=1)
    await world.run_until_idle()
    asked = [body for chats in bodies(world).values() for body in chats]
    assert len(asked) == 2 * len(STEPS) + 1
    assert len({raw(body["messages"][0]) for body in asked}) == 1
    assert len({raw(body["tools"]) for body in asked}) == 1
    loaded = {raw([body["model"], body["keep_alive"], body["options"]["num_ctx"], body["shift"]]) for body in asked}
    assert len(loaded) == 1, "and the model is loaded in one way"


async def test_a_conversation_only_grows_at_its_end(make_world, a_row, a_script):
    world = await make_world([a_row("w-1", "Fix it")], (a_script("w-1", *STEPS),))
    world.server.faults.add(FaultKind.CUT, times=1, after=1)
    await world.run_until_idle()
    [chats] = bodies(world).values()
    assert len(chats) == len(STEPS) + 1, "one was asked again"
    for before, after in itertools.pairwise(chats):
        old, new = (raw(body["messages"]).removesuffix("]") for body in (before, after))
        assert new == old or new.startswith(old + ", ")


async def test_two_agents_differ_in_who_they_are_and_each_keeps_its_own(make_world, a_row, a_script):
    rows = [a_row("w-1", "Fix it"), a_row("w-2", "Research: caches"), a_row("w-3", "Fix that")]
    world = await make_world(rows, tuple(a_script(row["id"], *STEPS) for row in rows))
    await world.run_until_idle()
    system = {bead: {raw(body["messages"][0]) for body in chats} for bead, chats in bodies(world).items()}
    assert all(len(said) == 1 for said in system.values())
    assert system["w-1"] == system["w-3"] != system["w-2"]
