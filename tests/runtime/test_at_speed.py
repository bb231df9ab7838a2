"""Eight agents at a hundred tokens a second: the snapshot is not made anew for each token."""

from __future__ import annotations

from datetime import UTC, datetime

from b4tui.events import RunStarted, TextStreamed

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


async def test_streamed_text_reaches_the_transcript_and_the_rates_but_not_every_snapshot(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    runtime = world.runtime(paused=True)
    await runtime.start()
    await world.until(lambda: runtime.snapshot.board is not None, "the board is read")
    publish = runtime.operator._publish
    runs = [{"run": f"r{n}", "bead": f"x-{n}", "agent": "codemonkey"} for n in range(8)]
    for who in runs:
        publish(RunStarted(at=AT, engine="ollama", model="m", context_limit=1, **who))
    before = runtime.snapshot
    for _ in range(1000):
        for who in runs:
            publish(TextStreamed(at=AT, text="x", **who))
    assert runtime.snapshot is before
    assert len(runtime.transcript("x-3").since(0)[2]) == 1000
    await world.until(lambda: sum(runtime.snapshot.runs["x-3"].rates) > 0, "a second's figure comes in")
    await runtime.stop("done")
