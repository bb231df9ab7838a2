"""What keeps a runtime alive: back-off, the board's reader, the supervisor, the bus."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from b4tui.agents.outcome import Outcome
from b4tui.board.store import BoardError, Busy
from b4tui.events import BoardFailed, RunOutcome, Warned
from b4tui.runtime.backoff import Backoff
from b4tui.runtime.bus import Bus
from b4tui.runtime.cooldowns import Cooldowns
from b4tui.runtime.settlement import Interruption, interrupted, plain, refused, settle
from b4tui.runtime.supervisor import supervised

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
QUICK = Backoff(first=0.01, most=0.02)


@given(st.floats(0.01, 60), st.floats(1, 600), st.integers(-3, 10_000), st.integers())
def test_a_wait_doubles_up_to_its_bound_with_jitter_downwards(first, most, failures, seed):
    delay = Backoff(first, most).delay(failures, Random(seed))
    full = min(first * 2.0 ** min(failures - 1, 60), most) if failures > 0 else 0.0
    assert 0.75 * full <= delay <= full


async def test_a_task_that_breaks_down_is_reported_and_started_again():
    told, calls = [], []

    async def body() -> None:
        calls.append(1)
        if len(calls) < 3:
            raise ValueError("a defect")

    await supervised("agent x", body, told.append, Random(1), QUICK)
    assert len(calls) == 3
    assert [type(event) for event in told] == [Warned, Warned]
    assert "agent x broke down (ValueError: a defect)" in told[0].reason


def test_events_keep_their_order_and_a_broken_subscriber_is_reported_once():
    bus, seen = Bus(), []

    def chain(event: BoardFailed) -> None:
        seen.append(event.reason)
        if event.reason == "one":
            bus.publish(BoardFailed(at=AT, reason="two"))

    def broken(event: BoardFailed) -> None:
        raise RuntimeError("no")

    ends = [bus.subscribe(chain), bus.subscribe(broken), bus.subscribe(lambda event: seen.append(event.reason + "!"))]
    bus.publish(BoardFailed(at=AT, reason="one"))
    assert seen[:4] == ["one", "one!", "two", "two!"]
    assert len(seen) == 6 and "failed on board_failed" in seen[-1]
    for end in ends:
        end()
        end()
    bus.publish(BoardFailed(at=AT, reason="three"))
    assert len(seen) == 6


def test_a_bead_that_was_reached_for_in_vain_is_left_alone_for_longer_each_time():
    clock = [100.0]
    cooldowns = Cooldowns(Backoff(1.0, 60.0), lambda: clock[0], Random(1))
    assert cooldowns.remaining("w-1") == 0
    cooldowns.hit("w-1")
    first = cooldowns.remaining("w-1")
    cooldowns.hit("w-1")
    assert 0 < first < cooldowns.remaining("w-1")
    clock[0] += 5
    assert cooldowns.remaining("w-1") == 0
    cooldowns.clear("w-1")
    assert cooldowns.remaining("w-1") == 0


def test_a_finished_run_closes_with_its_summary_and_evidence():
    short = settle(Outcome(kind=RunOutcome.FINISHED, steps=3, summary="did it", evidence="3 tests pass"), "r1", 1, 3)
    assert (short.close, short.reason, short.comment) == (True, "did it\nOutput: 3 tests pass", "")
    long = settle(Outcome(kind=RunOutcome.FINISHED, steps=3, summary="did it", evidence="a\nb\n" * 99), "r1", 1, 3)
    assert long.reason == "did it" and long.comment.startswith("Output: a\nb") and "Status: done" in long.comment


def test_what_fails_says_why_and_what_counts():
    failed = settle(Outcome(kind=RunOutcome.FAILED, steps=3, reason="the tests are red"), "r1", 2, 3)
    assert (failed.close, failed.counts) == (False, True) and "attempt 2 of 3" in failed.reason
    assert "Blocked:" in settle(Outcome(kind=RunOutcome.FAILED, steps=3), "r1", 3, 3).reason
    gave_up = settle(Outcome(kind=RunOutcome.FAILED, steps=1, reason="no file", gave_up=True), "r1", 1, 3)
    assert gave_up.hold == "the agent gave up: no file" and gave_up.reason.startswith("Blocked: no file")
    engine = settle(Outcome(kind=RunOutcome.ENGINE, steps=0, reason="503", retry_later=True), "r1", 3, 3)
    assert not engine.counts and "does not count" in engine.reason
    held = interrupted(Interruption("cancelled by the operator", hold=True), "r1")
    assert held.hold and not held.counts and held.kind is RunOutcome.CANCELLED
    done = settle(Outcome(kind=RunOutcome.FINISHED, steps=1, summary="did it"), "r1", 1, 3)
    assert "did it" in refused(done, "w-2 blocks it").reason and refused(done, "w-2 blocks it").hold


@given(st.text(alphabet=st.characters(), max_size=300))
def test_a_models_text_reaches_the_board_plain_and_bounded(text):
    said = plain(text + "\x1b]52;c;\x07\ud800\u202e", 200)
    assert len(said) <= 200
    assert all(char.isprintable() or char in "\n\t" for char in said)


class MoodyStore:
    """A real store whose writes and reads fail as often as it is told."""

    def __init__(self, store) -> None:
        self._store = store
        self.failing: dict[str, int] = {}

    def __getattr__(self, name):
        found = getattr(self._store, name)
        if self.failing.get(name, 0) > 0:
            self.failing[name] -= 1
            raise Busy(f"{name}: the board is locked")
        return found


@pytest.mark.parametrize("verb", ["load", "fingerprint", "claim", "close"])
async def test_a_board_that_is_busy_is_waited_for_and_nothing_is_lost(make_world, a_row, verb):
    world = await make_world([a_row("w-1", "Fix it")])
    store = MoodyStore(world.store())
    store.failing[verb] = 3
    runtime = world.runtime(store)
    await runtime.start()
    await world.until(lambda: world.bead("w-1").status == "closed", "the bead is done")
    await world.idle(runtime)
    assert any("locked" in event.reason for event in world.told("board_failed", "warned"))
    assert runtime.snapshot.board_error == ""
    assert len(world.told("bead_closed")) == 1


async def test_a_board_that_cannot_be_written_at_the_end_keeps_its_claim_for_the_next_start(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    store = MoodyStore(world.store())
    store.failing["close"] = store.failing["release"] = 1_000
    runtime = world.runtime(store)
    await runtime.start()
    await world.until(lambda: bool(world.told("board_failed")), "the close fails")
    await asyncio.wait_for(runtime.stop("enough"), 20)
    assert world.bead("w-1").status == "in_progress"
    await world.run_until_idle()
    assert world.bead("w-1").status == "closed"
    assert "interrupted" in world.bead("w-1").comments[0].text


async def test_a_defect_in_the_store_does_not_kill_an_agent(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])
    store = world.store()
    claim, calls = store.claim, []

    def broken(*args):
        calls.append(args)
        if len(calls) == 1:
            raise ZeroDivisionError("a defect")
        return claim(*args)

    store.claim = broken
    runtime = world.runtime(store)
    await runtime.start()
    await world.until(lambda: world.bead("w-1").status == "closed", "the bead is done")
    assert any("agent codemonkey broke down" in event.reason for event in world.told("warned"))


async def test_an_unreadable_board_is_said_once_and_read_when_it_is_mended(make_world, a_row):
    world = await make_world([a_row("w-1", "Fix it")])

    class Absent(MoodyStore):
        gone = True

        def load(self):
            if self.gone:
                raise BoardError("the board is gone; bring it back")
            return self._store.load()

    store = Absent(world.store())
    runtime = world.runtime(store)
    await runtime.start()
    await world.until(lambda: runtime.snapshot.board_error != "", "the failure shows")
    assert not runtime.snapshot.loading
    store.gone = False
    await world.until(lambda: world.bead("w-1").status == "closed", "the bead is done")
    assert len(world.told("board_failed")) == 1
