"""The queue, the way through it, reading a payload, grants, arrivals: what the keys of the approval screens do."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from driving import settle, strike
from frozen_approvals import (
    DENIED,
    GRANTS,
    HIGH,
    LOW,
    LOW_BODY,
    MEDIUM,
    SHORT,
    STAYS,
    AskedRuntime,
    BareConsole,
    Clocks,
    Desktop,
)
from frozen_world import NOW, WORLD, FrozenRuntime

from b4tui.config import TuiConfig
from b4tui.escalation.types import ApprovalState, Grant
from b4tui.outward_sections import EscalationPolicy
from b4tui.tui.app import Console
from b4tui.tui.commands import ConsoleCommands
from b4tui.tui.outward.exporting import export
from b4tui.tui.outward.reading import View
from b4tui.tui.screens.approval import ApprovalScreen
from b4tui.tui.screens.approval_steps import TypedScreen
from b4tui.tui.screens.approvals import ApprovalsScreen
from b4tui.tui.screens.bead import BeadScreen
from b4tui.tui.screens.grant_form import GrantFormScreen
from b4tui.tui.screens.grants import GrantsScreen


def screen_text(app) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


@asynccontextmanager
async def watching(*approvals, until, policy=None, size=(120, 30), **outward):
    """A console with these approvals, on its first screen."""
    runtime, clocks = AskedRuntime(*approvals, **outward), Clocks()
    app = BareConsole(runtime, TuiConfig(bell=True), policy=policy, clock=clocks.wall, ticks=clocks.ticks)
    runtime.operator.now = clocks.wall
    app.rung = 0
    app.bell = lambda: setattr(app, "rung", app.rung + 1)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(lambda: app.screen_stack and app.screen.drawable, "the first screen is there")
        app.clocks = clocks
        yield app, runtime, pilot


async def quiet(app, until) -> None:
    await until(lambda: app.screen.arming.painted_at is not None, "it was painted")
    app.clocks.passed += 0.7
    app.screen.tick()
    await asyncio.sleep(0)


def queue_is_there(app) -> bool:
    return isinstance(app.screen, ApprovalsScreen) and app.screen.drawable and bool(app.screen.list.keys)


async def open_queue(app, pilot, until) -> None:
    await strike(pilot, "a")
    await until(lambda: queue_is_there(app), "the queue is there")
    await quiet(app, until)


async def open_first(app, pilot, until) -> None:
    await open_queue(app, pilot, until)
    await strike(pilot, "enter")
    await until(lambda: isinstance(app.screen, ApprovalScreen) and app.screen.complete, "the first is open")
    await quiet(app, until)


def told(app) -> str:
    return " | ".join(str(notice.message) for notice in app._notifications)


class TestTheQueue:
    async def test_a_opens_it_and_a_returns(self, until) -> None:
        async with watching(LOW, STAYS, DENIED, until=until) as (app, _runtime, pilot):
            await open_queue(app, pilot, until)
            text = screen_text(app)
            assert text.index("low") < text.index("stays") < text.index("denied")
            await strike(pilot, "a")
            await until(lambda: isinstance(app.screen, Desktop), "back where they were")

    async def test_empty_it_says_what_will_be_here(self, until) -> None:
        async with watching(until=until) as (app, _runtime, pilot):
            await strike(pilot, "a")
            await until(lambda: "No approvals are pending" in screen_text(app), "it says so")

    async def test_one_key_denies_all_that_is_marked_and_one_takes_it_back(self, until) -> None:
        async with watching(LOW, HIGH, STAYS, SHORT, until=until) as (app, runtime, pilot):
            await open_queue(app, pilot, until)
            await strike(pilot, "space", "j", "v")
            assert app.screen.marks == {LOW.id, HIGH.id, STAYS.id}
            await strike(pilot, "d")
            await until(lambda: len(runtime.operator.decisions) == 3, "each has a record of its own")
            assert {verb for verb, _ in runtime.operator.decisions} == {"deny"}
            await until(lambda: len(app.snapshot.outward.pending) == 1, "they are denied")
            await strike(pilot, "u")
            await until(lambda: len(app.runtime.snapshot.outward.pending) == 4, "all three wait again")

    async def test_several_are_approved_when_each_was_read_and_their_number_is_typed(self, until) -> None:
        async with watching(SHORT, MEDIUM, HIGH, until=until) as (app, runtime, pilot):
            await open_queue(app, pilot, until)
            app.screen.list.select(SHORT.id)
            await strike(pilot, "asterisk", "A")
            assert "high risk" in app.screen.refused
            app.screen.list.select(HIGH.id)
            await strike(pilot, "space", "A")
            assert "are not read to the end" in app.screen.refused
            assert isinstance(app.screen, ApprovalsScreen)
            app.readings.of(SHORT.sha256, 4).add(0, 4)
            await strike(pilot, "A")
            await until(lambda: isinstance(app.screen, TypedScreen), "it asks for their number")
            assert screen_text(app).count(SHORT.sha256[:16]) == 2
            await strike(pilot, "3", "enter")
            assert not runtime.operator.decisions
            await strike(pilot, "backspace", "2", "enter")
            await until(lambda: len(runtime.operator.decisions) == 2, "both are approved")
            assert {one.seen_share for _, one in runtime.operator.decisions} == {1.0}

    async def test_it_is_inert_until_it_is_quiet_too(self, until) -> None:
        async with watching(LOW, until=until) as (app, runtime, pilot):
            await strike(pilot, "a", "d", "d")
            await until(lambda: isinstance(app.screen, ApprovalsScreen), "the queue is there")
            await strike(pilot, "d")
            assert not runtime.operator.decisions

    async def test_seen_extended_and_copied(self, until) -> None:
        async with watching(LOW, until=until) as (app, runtime, pilot):
            await open_queue(app, pilot, until)
            await strike(pilot, "s", "x")
            assert runtime.operator.calls == [("acknowledge", LOW.id, 1), ("extend", LOW.id, 1)]
            await strike(pilot, "c")
            assert app.clipboard == LOW.sha256

    async def test_who_looks_at_one_is_said_and_not_asked_for_again(self, until) -> None:
        async with watching(replace(LOW, seen_by="anna"), until=until) as (app, runtime, pilot):
            await open_queue(app, pilot, until)
            await until(lambda: screen_text(app).count("seen by anna") == 2, "row and foot say so")
            await strike(pilot, "s")
            assert not runtime.operator.calls
            await strike(pilot, "enter")
            await until(lambda: isinstance(app.screen, ApprovalScreen) and app.screen.complete, "it is open")
            await until(lambda: "seen by anna · deep research" in screen_text(app), "its screen says so too")


class TestReading:
    async def test_the_next_one_comes_and_then_the_place_they_came_from(self, until) -> None:
        async with watching(SHORT, MEDIUM, until=until) as (app, runtime, pilot):
            await open_first(app, pilot, until)
            await strike(pilot, "d")
            await until(lambda: app.screen.approval_id == MEDIUM.id and app.screen.complete, "the next one comes")
            await quiet(app, until)
            await strike(pilot, "u")
            await until(lambda: app.screen.approval_id == SHORT.id, "the last decision is taken back")
            assert ("undo", SHORT.id, 2) in runtime.operator.calls
            await strike(pilot, "right_square_bracket")
            assert app.screen.approval_id == MEDIUM.id
            for id_ in (MEDIUM.id, SHORT.id):
                await until(lambda id_=id_: app.screen.approval_id == id_ and app.screen.complete, "it is there")
                await quiet(app, until)
                await strike(pilot, "d")
            await until(lambda: isinstance(app.screen, ApprovalsScreen), "back where they were")

    async def test_search_wrap_bytes_and_changes(self, until) -> None:
        async with watching(LOW, until=until) as (app, runtime, pilot):
            runtime.previous[LOW.id] = LOW_BODY.replace(b"measurement 7", b"measurement seven")
            await open_first(app, pilot, until)
            view = app.screen.view
            await strike(pilot, "slash", *"MEASUREMENT 2", "enter")
            assert len(view.reading.found) == 11
            assert "measurement 2" in screen_text(app)
            assert not app.screen.arming.armed
            app.clocks.passed += 1
            await strike(pilot, "n", "n", "N", "escape")
            assert view.reading.wanted == ""
            assert isinstance(app.screen, ApprovalScreen)
            await strike(pilot, "h")
            assert "00000000  7b 22 6d 6f" in screen_text(app)
            seen = view.seen.share
            await strike(pilot, "space", "space")
            assert view.seen.share == seen
            await strike(pilot, "equals_sign")
            await until(lambda: "− - measurement seven" in screen_text(app), "what changed is shown")
            await strike(pilot, "equals_sign", "w", "right", "w")
            assert view.reading.view is View.TEXT

    async def test_what_was_read_of_these_bytes_is_kept_and_of_others_not(self, until) -> None:
        async with watching(LOW, HIGH, until=until) as (app, _runtime, pilot):
            await open_first(app, pilot, until)
            await strike(pilot, "space", "space")
            share = app.screen.view.seen.share
            await strike(pilot, "right_square_bracket")
            await until(lambda: app.screen.approval_id == HIGH.id and app.screen.complete, "another one")
            assert app.screen.view.seen.share < share
            await strike(pilot, "left_square_bracket")
            await until(lambda: app.screen.approval_id == LOW.id and app.screen.complete, "the first one")
            assert app.screen.view.seen.share >= share
            await strike(pilot, "U")
            await until(lambda: app.screen.view.seen.share > share, "it goes to what was not seen")

    async def test_the_exact_bytes_are_exported_for_the_operator_alone(self, until, tmp_path) -> None:
        async with watching(LOW, until=until) as (app, _runtime, pilot):
            await open_first(app, pilot, until)
            path = tmp_path / "payload"
            await export(app.runtime, LOW, path)
            assert path.read_bytes() == LOW_BODY
            assert path.stat().st_mode & 0o777 == 0o600
            assert not await app.carried_out(export(app.runtime, LOW, path), "")
            await until(lambda: "is there already" in told(app), "it says so")

    async def test_the_palette_lists_its_keys_but_none_that_decides(self, until) -> None:
        async with watching(LOW, until=until) as (app, _runtime, pilot):
            await open_first(app, pilot, until)
            titles = {hit.text async for hit in ConsoleCommands(app.screen).discover()}
            assert {"approval: search", "approval: changes", "approval: extend"} <= titles
            assert not {one for one in titles if "deny" in one or one.startswith("approval: approve")}


class TestGrants:
    async def test_are_made_on_a_screen_of_their_own_the_narrowest_first(self, until) -> None:
        async with watching(SHORT, until=until) as (app, runtime, pilot):
            await open_first(app, pilot, until)
            await strike(pilot, "f")
            await until(lambda: isinstance(app.screen, GrantFormScreen), "the form is there")
            await strike(pilot, "enter", "ctrl+s")
            assert not runtime.operator.calls
            await quiet(app, until)
            await strike(pilot, "right", "j", "right", "right", "ctrl+s")
            await until(lambda: isinstance(app.screen, ApprovalScreen), "back to the approval")
            ((verb, grant),) = runtime.operator.calls
            assert verb == "make_grant"
            assert isinstance(grant, Grant)
            assert (grant.until - NOW - timedelta(hours=1)).total_seconds() == pytest.approx(0, abs=5)
            assert grant.max_uses == 10

    async def test_are_not_made_beyond_the_operators_own_bounds(self, until) -> None:
        policy = EscalationPolicy(grant_uses=2)
        async with watching(SHORT, until=until, policy=policy) as (app, runtime, pilot):
            await open_first(app, pilot, until)
            await strike(pilot, "f")
            await until(lambda: isinstance(app.screen, GrantFormScreen), "the form is there")
            await quiet(app, until)
            await strike(pilot, "j", "right", "ctrl+s")
            assert "policy.escalation.grant_uses" in screen_text(app) and not runtime.operator.calls
            await strike(pilot, "left", "ctrl+s")
            await until(lambda: runtime.operator.calls, "the narrow one is made")

    async def test_are_not_offered_where_something_was_found(self, until) -> None:
        async with watching(HIGH, until=until) as (app, _runtime, pilot):
            await open_first(app, pilot, until)
            await strike(pilot, "f")
            assert isinstance(app.screen, ApprovalScreen)
            assert "no grant covers it" in told(app)

    async def test_are_listed_as_sentences_and_revoked(self, until) -> None:
        async with watching(LOW, until=until) as (app, runtime, pilot):
            await open_queue(app, pilot, until)
            await strike(pilot, "f")
            await until(lambda: isinstance(app.screen, GrantsScreen) and "gr-1" in screen_text(app), "they are listed")
            assert "may send up to 16,000 bytes of deep_research" in " ".join(screen_text(app).split())
            await strike(pilot, "x", "j", "x")
            assert runtime.operator.calls == [("revoke", GRANTS[0].id)]

    async def test_one_that_the_record_does_not_bear_out_is_said_to_be_unused_and_can_be_revoked(self, until) -> None:
        doubted = replace(GRANTS[0], doubt="it is not what entry 9 says of it", until=NOW - timedelta(days=1))
        async with watching(LOW, until=until, grants=(doubted,)) as (app, runtime, pilot):
            await open_queue(app, pilot, until)
            await strike(pilot, "f")
            await until(lambda: "the record says otherwise" in screen_text(app), "it is said")
            await strike(pilot, "x")
            assert runtime.operator.calls == [("revoke", "gr-1")]


class TestArrivals:
    async def test_a_row_a_word_and_the_bell_once_and_nothing_opens(self, until) -> None:
        async with watching(until=until) as (app, runtime, pilot):
            await until(lambda: app.rung == 1, "something else waits already")
            runtime.change(outward=replace(runtime.snapshot.outward, approvals=(LOW,)))
            await until(lambda: "Romanov asks to send 4.5 kB" in told(app), "it is told")
            assert app.rung == 2
            runtime.change(outward=replace(runtime.snapshot.outward, approvals=(LOW, HIGH, SHORT)))
            app.clocks.passed += 2
            await until(lambda: "2 approvals wait for you" in told(app), "several are one notice")
            assert app.rung == 3
            assert isinstance(app.screen, Desktop)
            app.clocks.passed += 3
            await settle(pilot)
            assert len(app._notifications) == 2
            assert "key-value" not in told(app)

    async def test_what_was_taken_back_is_not_announced_as_new(self, until) -> None:
        async with watching(LOW, until=until) as (app, runtime, pilot):
            await until(lambda: "asks to send" in told(app), "it is told")
            app.clear_notifications()
            runtime.put(LOW.id, state=ApprovalState.DENIED, decided_by="ops@tty2", decided_at=NOW)
            await until(lambda: not app.snapshot.outward.pending, "somebody denied it")
            app.clocks.passed += 2
            runtime.put(LOW.id, state=ApprovalState.PENDING, decided_by="", decided_at=None)
            await until(lambda: app.snapshot.outward.pending, "it waits again")
            await settle(pilot)
            assert "asks to send" not in told(app)

    async def test_an_end_that_comes_near_is_told_at_a_minute_and_at_a_quarter_of_one(self, until) -> None:
        near = replace(LOW, deadline=NOW + timedelta(seconds=50))
        async with watching(near, until=until) as (app, _runtime, _pilot):
            await until(lambda: "ends in 50 s" in told(app), "at a minute")
            app.clocks.passed += 40
            await until(lambda: "ends in 10 s" in told(app), "at a quarter")
            assert told(app).count("request ends") == 2

    async def test_idle_opens_one_only_when_nobody_types_and_it_decides_nothing(self, until) -> None:
        policy = EscalationPolicy(auto_open="idle")
        async with watching(LOW, until=until, policy=policy) as (app, runtime, pilot):
            await strike(pilot, "question_mark")
            app.clocks.passed += 5
            await settle(pilot)
            assert not isinstance(app.screen, ApprovalScreen)
            await strike(pilot, "escape")
            app.clocks.passed += 1
            await settle(pilot)
            assert isinstance(app.screen, Desktop)
            app.clocks.passed += 2
            await until(lambda: isinstance(app.screen, ApprovalScreen), "it opens")
            await strike(pilot, "enter", "A", "d")
            assert not runtime.operator.decisions
            app.clocks.passed += 0.1
            await strike(pilot, "escape")
            app.clocks.passed += 10
            await settle(pilot)
            assert isinstance(app.screen, Desktop)

    async def test_never_opens_none(self, until) -> None:
        async with watching(LOW, until=until) as (app, _runtime, pilot):
            app.clocks.passed += 60
            await settle(pilot)
            assert isinstance(app.screen, Desktop)


class TestOnTheBoard:
    async def test_the_card_and_the_agent_say_who_asks_and_w_goes_there(self, until) -> None:
        runtime = AskedRuntime(LOW)
        app = Console(runtime, TuiConfig(bell=False), clock=Clocks().wall)
        async with app.run_test(size=(160, 45)) as pilot:
            await until(lambda: app.screen_stack and app.screen.drawable and "▲ approval" in screen_text(app), "cards")
            text = screen_text(app)
            assert "▲ approval, Romanov, 3m" in text
            assert "▲ Romanov      asks" in text
            assert "cloud? a" in text
            assert "▲ 1 approval, oldest 3m, 1 more" in text
            await strike(pilot, "w")
            await until(lambda: isinstance(app.screen, ApprovalsScreen), "it goes there")

    async def test_a_run_is_released_after_a_question_that_lists_what_it_read(self, until) -> None:
        run = replace(WORLD.runs["hub-77c"], private_sources=("memory:memory/2026-03-05.md", "file:.env"))
        runtime = FrozenRuntime(replace(WORLD, runs={**WORLD.runs, "hub-77c": run}))
        app = BareConsole(runtime, TuiConfig(bell=False), clock=Clocks().wall)
        async with app.run_test(size=(120, 30)) as pilot:
            await until(lambda: app.screen_stack and app.screen.drawable, "the first screen is there")
            app.open_bead("hub-77c")
            await until(lambda: isinstance(app.screen, BeadScreen) and app.screen.drawable, "the bead is open")
            app.screen.catch_up()
            await strike(pilot, "R")
            await until(lambda: "memory:memory/2026-03-05.md" in screen_text(app), "what it read is listed")
            await strike(pilot, "enter")
            assert not runtime.operator.calls
            await strike(pilot, "R", "down", "enter")
            await until(lambda: runtime.operator.calls == [("release", "run-hub-77c")], "it is released")
            runtime.change(runs={**WORLD.runs, "hub-77c": replace(run, released=True)})
            await until(lambda: not app.screen.check_action("release", ()), "once is enough")


def test_states_have_a_sign_each() -> None:
    from b4tui.tui.outward.asking import STATES

    assert set(STATES) == set(ApprovalState)
    assert len({sign for sign, _ in STATES.values()}) == len(STATES)
