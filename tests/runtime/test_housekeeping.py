"""What has to be done now and then: the repository stays small however many changes a board sees."""

from __future__ import annotations

import asyncio

from b4tui.board.discover import open_hub
from b4tui.board.git import git
from b4tui.runtime.housekeeping import LOOSE_OBJECTS, tidy


def objects(hub) -> dict[str, int]:
    """Git's own count: `count` loose ones, `in-pack` packed ones."""
    rows = (line.split(": ") for line in git(hub, ["count-objects", "-v"]).text.splitlines())
    return {name: int(number) for name, number in rows}


async def test_loose_objects_are_packed_although_commits_never_stop_for_it(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    for number in range(3 * LOOSE_OBJECTS):
        (world.hub / f"{number}.txt").write_text(f"{number}\n")
    git(world.hub, ["add", "."])
    git(world.hub, ["-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "--quiet", "-m", "many"])
    assert objects(world.hub)["count"] > LOOSE_OBJECTS
    task = asyncio.create_task(tidy(open_hub(world.hub), every_s=0.05))
    await world.until(lambda: objects(world.hub)["count"] == 0, "git packs")
    assert objects(world.hub)["in-pack"] > 3 * LOOSE_OBJECTS
    task.cancel()
    assert git(world.hub, ["fsck"]).code == 0
