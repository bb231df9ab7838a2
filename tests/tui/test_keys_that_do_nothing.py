"""A key that does nothing now says why, in the help and when it is struck; and saying so decides and arms nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from approving import approving, quiet, screen_text
from driving import settle, strike
from frozen_approvals import DENIED, GRANTS, HIGH, LOW, SHORT, STAYS
from frozen_world import NOW, WORLD

from b4tui.escalation.types import ApprovalState
from b4tui.runtime.operator import Verb, applies, why_not
from b4tui.runtime.snapshot import Columns
from b4tui.tui.outward.arming import Arming
from b4tui.tui.outward.deciding import Standing, in_room
from b4tui.tui.outward.why_not import of_many, of_one
from b4tui.tui.screens.approvals import ApprovalsScreen
from b4tui.tui.screens.grant_form import GrantFormScreen
from b4tui.tui.screens.grants import GrantsScreen
from b4tui.tui.screens.help import keys_of
from b4tui.tui.screens.machine import MachineScreen

ARMED = Arming(quiet_s=0.6, armed=True, painted_at=0.0, why="")
AGAIN = ARMED.disturbed("you were elsewhere")


def standing(one=LOW, **more) -> Standing:
    fields = {
        "approval": one,
        "now": NOW,
        "arming": ARMED,
        "share": 0.42,
        "whole": False,
        "problem": "",
        "busy": False,
        "others": False,
    }
    return Standing(**{**fields, **more})


def told(app) -> list[str]:
    return [str(notice.message) for notice in app._notifications]


class TestAtAnApproval:
    @pytest.mark.parametrize(
        ("action", "at", "why"),
        [
            ("approve", standing(), "58 % not seen yet; space reads on"),
            ("approve", standing(share=0.999), "1 % not seen yet; space reads on"),
            ("approve", standing(STAYS), "the gate keeps it here; e redacts"),
            ("approve", standing(replace(STAYS, findings=())), "the gate keeps it here"),
            ("approve", standing(problem="gone"), "what cannot be shown cannot be approved"),
            ("deny", standing(arming=Arming(quiet_s=0.6)), "it was just opened; keep still for a moment"),
            ("deny", standing(busy=True), "the last key is being carried out"),
            ("deny", standing(DENIED), "it is denied already"),
            ("deny", standing(now=LOW.deadline), "its time is over, so it stays here"),
            ("deny", standing(None), "it is being read still"),
            ("redact", standing(SHORT), "the gate found nothing in it"),
            ("call_public", standing(SHORT), "the gate found nothing in it"),
            ("acknowledge", standing(replace(LOW, seen_by="pat")), "it is marked as seen by pat already"),
            ("grant", standing(STAYS), "what stays here cannot be granted"),
            ("unseen", standing(whole=True), "all of it was seen"),
            ("other", standing(), "no other approval waits"),
            ("undo", standing(), "nothing can be taken back; it was too long ago, or it has left"),
        ],
    )
    def test_each_key_has_its_reason(self, action: str, at: Standing, why: str) -> None:
        assert of_one(action, at) == why

    @pytest.mark.parametrize(
        ("room", "said"),
        [
            (70, "Approve waits: 58 % not seen yet; space reads on, U goes there."),
            (60, "Approve waits: 58 % not seen yet; space reads on."),
            (45, "Approve waits: 58 % not seen yet."),
            (10, "Approve waits: 58 % not seen yet."),
        ],
    )
    def test_where_there_is_little_room_whole_clauses_are_left_out(self, room: int, said: str) -> None:
        assert in_room(standing().words, room).text == said

    def test_what_is_held_back_is_called_back_and_not_decided_again(self) -> None:
        held = replace(LOW, state=ApprovalState.APPROVED, hold_until=NOW + timedelta(seconds=3))
        assert of_one("deny", standing(held)) == "it was approved; u calls it back"

    async def test_approving_too_early_says_how_much_was_seen_over_nothing_that_is_to_be_read(self, until) -> None:
        async with approving(LOW, notifications=True, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "A")
            await until(lambda: "A does nothing now: " in screen_text(app), "it says why")
            assert "% not seen yet; space reads on." in screen_text(app)
            assert not runtime.operator.decisions
            assert told(app) == []
            await strike(pilot, "w")
            assert "does nothing now" not in screen_text(app), "the next key was another one"
            assert "Approve waits" in screen_text(app)

    async def test_that_nothing_can_be_taken_back_is_said_whole(self, until) -> None:
        async with approving(SHORT, size=(80, 24), until=until) as (app, _runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "u")
            await until(lambda: " u does nothing now: nothing can be taken back." in screen_text(app))

    async def test_it_is_said_for_a_moment_only(self, until) -> None:
        async with approving(STAYS, until=until) as (app, _runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "A")
            await until(lambda: "A does nothing now: the gate keeps it here; e redacts." in screen_text(app))
            clocks.passed += 5
            await until(lambda: "does nothing now" not in screen_text(app), "it is gone")

    async def test_it_is_not_said_any_more_once_the_key_would_decide(self, until) -> None:
        async with approving(SHORT, until=until) as (app, _runtime, clocks, pilot):
            await strike(pilot, "d")
            await until(lambda: "d does nothing now: it was just opened; keep still" in screen_text(app))
            await quiet(app, clocks, until)
            await until(lambda: app.screen.arming.armed, "it was quiet for long enough")
            await settle(pilot)
            assert "does nothing now" not in screen_text(app)

    async def test_saying_why_neither_arms_nor_shortens_the_quiet(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            for _ in range(3):
                await strike(pilot, "A", "d")
                assert "d does nothing now: it was just opened; keep still" in screen_text(app)
                clocks.passed += 0.5
                app.screen.tick()
            assert not app.screen.arming.armed
            assert not runtime.operator.decisions

    async def test_why_it_cannot_be_decided_does_not_hide_that_it_is_about_to_leave(self, until) -> None:
        held = replace(SHORT, state=ApprovalState.APPROVED, decided_by="operator", decided_at=NOW)
        held = replace(held, hold_until=NOW + timedelta(seconds=3))
        async with approving(held, until=until) as (app, _runtime, _clocks, pilot):
            await until(lambda: "Sending in 3 s" in screen_text(app), "it is held back")
            await strike(pilot, "A")
            assert "Sending in 3 s" in screen_text(app)


class TestInTheQueue:
    @pytest.mark.parametrize(
        ("action", "chosen", "marked", "arming", "why"),
        [
            ("approve_marked", LOW, 0, ARMED, "nothing is marked; space marks, enter opens one"),
            ("approve_marked", LOW, 1, AGAIN, "you were elsewhere; keep still for a moment"),
            ("deny", DENIED, 0, ARMED, "it is denied already"),
            ("deny", None, 0, ARMED, "nothing waits"),
            ("mark", DENIED, 0, ARMED, "it is denied already"),
            ("extend", DENIED, 1, AGAIN, "it is denied already"),
            ("acknowledge", replace(DENIED, seen_by="pat"), 1, ARMED, "it is denied already"),
            ("deny", DENIED, 1, AGAIN, "you were elsewhere; keep still for a moment"),
            ("acknowledge", replace(LOW, seen_by="pat"), 0, ARMED, "it is marked as seen by pat already"),
        ],
    )
    def test_each_key_has_its_reason(self, action, chosen, marked, arming, why) -> None:
        assert of_many(action, chosen, marked, arming) == why

    async def test_it_stands_in_the_line_below_the_rows(self, until) -> None:
        async with approving(DENIED, until=until) as (app, runtime, clocks, pilot):
            app.push_screen(ApprovalsScreen())
            await until(lambda: isinstance(app.screen, ApprovalsScreen) and app.screen.drawable, "the queue is there")
            await quiet(app, clocks, until)
            await strike(pilot, "A")
            assert "A does nothing now: nothing is marked" in screen_text(app)
            await strike(pilot, "d")
            assert "d does nothing now: it is denied already." in screen_text(app)
            assert not runtime.operator.decisions


class TestOnTheBoard:
    @pytest.mark.parametrize("verb", Verb)
    def test_a_verb_either_applies_or_says_why_it_does_not(self, verb: Verb) -> None:
        assert WORLD.board is not None
        for bead in WORLD.board.beads:
            assert (why_not(verb, WORLD, bead) == "") is (verb in applies(WORLD, bead)), bead

    async def test_a_key_that_is_held_says_it_once(self, console, until) -> None:
        async with console.run_test(size=(160, 45), notifications=True) as pilot:
            await until(lambda: "hub-a1f" in screen_text(console))
            await strike(pilot, "x", "x", "x")
            assert told(console) == ["x does nothing now: no agent has hub-a1f in hand."]

    async def test_there_is_nothing_to_copy_in_an_empty_column(self, console, runtime, until) -> None:
        async with console.run_test(size=(160, 45), notifications=True) as pilot:
            await until(lambda: "hub-a1f" in screen_text(console))
            runtime.change(columns=Columns())
            await until(lambda: "Nothing is ready" in screen_text(console), "it is empty")
            await strike(pilot, "y")
            assert told(console) == ["y does nothing now: there is no bead under the cursor."]

    async def test_there_is_nothing_to_copy_of_an_empty_pane(self, console, until, monkeypatch) -> None:
        copied: list[str] = []
        monkeypatch.setattr(console, "copy_to_clipboard", copied.append)
        async with console.run_test(size=(160, 45), notifications=True) as pilot:
            await until(lambda: "hub-a1f" in screen_text(console))
            console.open_bead("hub-a1f")
            await settle(pilot)
            await strike(pilot, "2")
            await until(lambda: "No run of this bead" in screen_text(console), "nothing was said")
            await strike(pilot, "Y")
            assert (told(console), copied) == (["There is nothing to copy here."], [])

    async def test_what_is_typed_into_a_filter_is_no_key(self, console, until) -> None:
        async with console.run_test(size=(160, 45), notifications=True) as pilot:
            await until(lambda: "hub-a1f" in screen_text(console))
            await strike(pilot, "slash", "x", "r")
            assert told(console) == []


class TestTheFootLine:
    async def test_names_the_key_that_reads_on_in_the_smallest_terminal_too(self, until) -> None:
        async with approving(HIGH, size=(60, 20), until=until) as (app, _runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await settle(pilot)
            foot = screen_text(app).splitlines()[-1]
            assert "␣ read on" in foot and foot.rstrip().endswith("? help")

    async def test_offers_no_way_to_where_the_operator_is(self, until) -> None:
        async with approving(SHORT, until=until) as (app, _runtime, _clocks, pilot):
            for key, place in (("a", ApprovalsScreen), ("g", MachineScreen)):
                await strike(pilot, key)
                await until(lambda place=place: isinstance(app.screen, place) and app.screen.drawable, "it is there")
                await settle(pilot)
                foot = screen_text(app).splitlines()[-1]
                assert ("a approvals" in foot, "g machine" in foot) == (key == "g", key == "a")

    async def test_offers_to_open_nothing_where_no_file_was_changed(self, console, until) -> None:
        async with console.run_test(size=(80, 24)) as pilot:
            await until(lambda: "hub-a1f" in screen_text(console))
            console.open_bead("hub-a1f")
            await settle(pilot)
            await strike(pilot, "3")
            await until(lambda: "no file was changed" in screen_text(console), "it says so")
            await settle(pilot)
            assert "open" not in screen_text(console).splitlines()[-1]


class TestTheHelp:
    async def test_has_a_reason_for_every_key_that_does_nothing(self, until) -> None:
        async with approving(SHORT, DENIED, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            seen = {key.id: why for _, keys in keys_of(app.screen) for key, why in keys if why is not None}
            assert seen["approval-redact"] == "the gate found nothing in it"
            assert all(seen.values()), seen
            for screen in (GrantFormScreen(SHORT), ApprovalsScreen(), GrantsScreen()):
                app.push_screen(screen)
                await until(lambda screen=screen: screen.is_current and screen.drawable, "it is there")
                await settle(pilot)
                assert all(why for _, keys in keys_of(screen) for _, why in keys if why is not None)
            runtime.change(outward=replace(runtime.snapshot.outward, grants=GRANTS[1:]))
            await until(lambda: GRANTS[0].id not in screen_text(app), "only a revoked one is listed")
            keys = {key.id: why for _, keys in keys_of(app.screen) for key, why in keys}
            assert keys["grants-revoke"] == "it holds no longer"

    async def test_writes_it_under_the_key(self, console, until) -> None:
        async with console.run_test(size=(80, 50)) as pilot:
            await until(lambda: "hub-a1f" in screen_text(console))
            console.open_bead("hub-a1f")
            await settle(pilot)
            seen = {key.id: why for _, keys in keys_of(console.screen) for key, why in keys if why is not None}
            assert all(seen.values()), seen
            await strike(pilot, "question_mark")
            await until(lambda: "Stop the run at this bead" in screen_text(console), "the help is painted")
            below = screen_text(console).split("Stop the run at this bead")[1].splitlines()[1]
            assert "not now: no agent has hub-a1f in hand" in below
