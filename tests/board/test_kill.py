"""A writer is killed a hundred times at random points: the board is always whole, and log and file agree."""

from __future__ import annotations

import json
import os
import random
import signal
import time

KILLS = 100
ROWS = 40
FIRST = "hub-00"


def test_killed_at_any_point(classic_hub) -> None:
    rows = [{"id": f"hub-{number:02}", "title": "t" * 500, "status": "open", "n": number} for number in range(ROWS)]
    classic_hub.put(b"".join(json.dumps(row).encode() + b"\n" for row in rows))
    dice = random.Random(20260501)
    counts = dict.fromkeys((row["id"] for row in rows), 0)
    write_s = seconds_of_a_write(classic_hub)
    counts[FIRST] = 1
    interrupted = 0
    for number in range(KILLS):
        child = os.fork()
        if child == 0:
            write_until_killed(classic_hub, dice.randrange(1 << 30))
        time.sleep(dice.uniform(0.05, 2.5) * write_s)  # the moment of the kill, not a wait for anything
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        parsed = [json.loads(line) for line in classic_hub.file.read_bytes().splitlines()]
        assert [(row["id"], row["title"], row["n"]) for row in parsed] == [
            (row["id"], row["title"], row["n"]) for row in rows
        ], f"kill {number}"
        for row in parsed:
            written = len(row.get("comments", ()))
            assert written >= counts[row["id"]], "a change that was there is gone"
            counts[row["id"]] = written
        interrupted += recovered(classic_hub)
        assert not list(classic_hub.file.parent.glob(".*part"))
    assert sum(counts.values()) > KILLS / 10, "the writers were killed before they could write"
    assert interrupted > 0, "no kill hit the time between the write and its commit"
    subjects = classic_hub.subjects()
    assert len([subject for subject in subjects if subject.endswith(": comment")]) == sum(counts.values())
    classic_hub.git("fsck", "--no-dangling")


def seconds_of_a_write(hub) -> float:
    """How long a change takes on this machine now, its commit included."""
    store = hub.store()
    began = time.monotonic()
    store.comment(FIRST, "undisturbed", "Amy")
    return time.monotonic() - began


def recovered(hub) -> int:
    """Start anew; whether that found a change without its commit."""
    warnings: list[str] = []
    # A git that the killed writer started may still be at work and hold the lock: the next start then waits for it.
    deadline = time.monotonic() + 60
    late = 0
    while True:
        pending = list((hub.root / ".git").glob("b4tui-board-*.pending"))
        hub.store(warn=warnings.append).load()
        left = list((hub.root / ".git").glob("b4tui-board-*.pending"))
        late = late or int(bool(pending))
        if not left:
            break
        assert time.monotonic() < deadline, warnings
        time.sleep(0.005)
    assert hub.committed() == hub.file.read_bytes()
    return late


def write_until_killed(hub, seed: int) -> None:
    try:
        dice = random.Random(seed)
        store = hub.store()
        while True:
            store.comment(f"hub-{dice.randrange(ROWS):02}", f"text {seed}", "Amy")
    finally:
        os._exit(1)
