"""Waiting with a bound: only waiting counts, and being cancelled is not the same as being late."""

from __future__ import annotations

import asyncio

import pytest

from b4tui.engines.patience import Patience

pytestmark = pytest.mark.usefixtures("own_time")


async def never() -> None:
    await asyncio.Event().wait()


async def now(value: int = 1) -> int:
    return value


async def test_what_comes_in_time_is_passed_on():
    patience = Patience(60)
    assert [await patience.wait(now(value)) for value in range(3)] == [0, 1, 2]
    patience.close()


async def test_what_does_not_come_is_late():
    patience = Patience(0.01)
    with pytest.raises(TimeoutError):
        await patience.wait(never())
    assert patience.left <= 0


async def test_without_patience_even_a_step_that_suspends_once_is_late():
    with pytest.raises(TimeoutError):
        await Patience(0).wait(never())
    with pytest.raises(TimeoutError):
        await Patience(-1).wait(never())


async def test_a_long_reader_costs_no_patience():
    patience = Patience(0.2)
    await patience.wait(now())
    await asyncio.sleep(0.3)  # the reader's own time
    assert await patience.wait(now(2)) == 2
    patience.close()


async def test_new_patience_moves_the_end_both_ways():
    patience = Patience(0.01)
    await patience.wait(now())
    patience.left = 60
    arrived = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, arrived.set)
    await patience.wait(arrived.wait())
    patience.left = 0.01
    with pytest.raises(TimeoutError):
        await patience.wait(never())


async def test_one_who_is_cancelled_is_not_late():
    patience = Patience(60)
    waiting = asyncio.create_task(patience.wait(never()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    patience.close()


async def test_one_who_was_late_can_still_be_cancelled():
    begun = asyncio.Event()

    async def late_and_then_waiting() -> None:
        with pytest.raises(TimeoutError):
            await Patience(0.01).wait(never())
        begun.set()
        await never()

    task = asyncio.create_task(late_and_then_waiting())
    await begun.wait()
    assert task.cancelling() == 0
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_time_out_around_it_is_told_from_its_own():
    patience = Patience(60)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01) as outer:
            await patience.wait(never())
    assert outer.expired()
    patience.close()


async def test_what_the_step_raises_is_passed_on():
    async def broken() -> None:
        raise ConnectionError("gone")

    patience = Patience(60)
    with pytest.raises(ConnectionError, match="gone"):
        await patience.wait(broken())
    patience.close()


async def test_a_step_that_makes_an_error_of_being_cancelled_is_late_all_the_same():
    async def stubborn() -> None:
        try:
            await never()
        except asyncio.CancelledError:
            raise ConnectionError("closed") from None

    with pytest.raises(TimeoutError):
        await Patience(0.01).wait(stubborn())
