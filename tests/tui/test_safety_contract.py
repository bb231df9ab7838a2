"""What must never happen at an approval: each line of research/textual.md 5.4 a test. A real terminal is in e2e."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from approving import approving, painted, quiet, read_all, screen_text
from driving import click, settle, stale, strike
from frozen_approvals import (
    HIGH,
    LOW,
    MEDIUM,
    SHORT,
    STAYS,
    AskedRuntime,
    Desktop,
    approval,
    body_of,
)
from frozen_world import NOW
from textual import events

from b4tui.escalation.types import ApprovalState, Risk
from b4tui.tui.keymap import GROUPS
from b4tui.tui.screens.approval import ApprovalScreen
from b4tui.tui.screens.approval_steps import TypedScreen
from b4tui.tui.screens.dialogs import QuitScreen


def state(runtime, id_: str = "") -> ApprovalState:
    approvals = runtime.snapshot.outward.approvals
    return next((one.state for one in approvals if one.id == id_), approvals[0].state)


class TestTypeAhead:
    async def test_keys_before_the_quiet_decide_nothing_and_hold_it_up(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            for _ in range(4):
                await strike(pilot, "A", "enter", "d")
                clocks.passed += 0.5
                app.screen.tick()
            assert not runtime.operator.decisions
            assert not app.screen.arming.armed
            await quiet(app, clocks, until)
            assert app.screen.arming.armed

    async def test_keys_older_than_the_paint_decide_nothing_however_late_they_come(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            for key in ("A", "enter", "d"):
                app.post_message(stale(key, 30))
            await settle(pilot)
            assert not runtime.operator.decisions
            await strike(pilot, "A")
            assert [verb for verb, _ in runtime.operator.decisions] == ["approve"]

    async def test_what_is_pasted_decides_nothing_and_makes_it_inert(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            app.post_message(events.Paste("A\ryes\rd\n"))
            await settle(pilot)
            assert not app.screen.arming.armed
            assert "pasted" in app.screen.arming.why
            assert not runtime.operator.decisions

    async def test_the_next_one_wants_a_quiet_of_its_own(self, until) -> None:
        async with approving(SHORT, LOW, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "d")
            await until(lambda: app.screen.approval_id == LOW.id and app.screen.complete, "the next one comes")
            await strike(pilot, "d", "enter", "A")
            assert len(runtime.operator.decisions) == 1


class TestTheDefault:
    async def test_enter_denies(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "enter")
            await until(lambda: state(runtime) is ApprovalState.DENIED, "it is denied")

    async def test_escape_decides_nothing_and_returns(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "escape")
            await until(lambda: isinstance(app.screen, Desktop), "back where they were")
            assert state(runtime) is ApprovalState.PENDING

    async def test_y_is_bound_to_nothing_and_no_key_that_decides_has_priority(self, until) -> None:
        keys = [key for group in ("approval", "approvals", "decision", "grants", "grant") for key in GROUPS[group][1]]
        assert not [key.id for key in keys if {"y", "Y"} & set(key.keys.split(","))]
        assert not [key.id for key in keys if key.priority]
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "y", "Y")
            assert not runtime.operator.decisions
            first = [
                one for node in app.screen._binding_chain for each in node[1].key_to_bindings.values() for one in each
            ]
            assert {one.action for one in first if one.priority} == {"quit"}


class TestDisturbed:
    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"risk": Risk.HIGH}, "risk"),
            ({"deadline": NOW + timedelta(hours=3)}, "end"),
            ({"reasons": HIGH.findings}, "judged"),
        ],
    )
    async def test_a_change_of_what_is_asked_makes_it_inert_and_says_why(self, changes, why: str, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            runtime.put(SHORT.id, **changes)
            await until(lambda: not app.screen.arming.armed, "it is inert")
            assert why in app.screen.arming.why
            await until(lambda: f"Not yet: {app.screen.arming.why}" in screen_text(app), "it says why")
            await strike(pilot, "A", "enter")
            assert not runtime.operator.decisions

    async def test_another_payload_is_read_from_the_beginning(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, _pilot):
            await quiet(app, clocks, until)
            other = approval(SHORT.id, body_of("something else\n" * 200))
            runtime.bodies[SHORT.id] = body_of("something else\n" * 200)
            runtime.put(SHORT.id, sha256=other.sha256, size=other.size)
            await until(lambda: app.screen.complete and "something else" in screen_text(app), "the other is shown")
            assert not app.screen.arming.armed
            assert not app.screen.view.seen.whole

    async def test_another_size_of_the_terminal(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await pilot.resize_terminal(100, 30)
            await until(lambda: "size" in app.screen.arming.why, "it is inert")
            await strike(pilot, "A", "enter")
            assert not runtime.operator.decisions

    async def test_the_click_that_brings_the_terminal_to_the_front(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            app.post_message(events.AppBlur())
            await settle(pilot)
            await click(pilot, "#approve")
            assert not runtime.operator.decisions
            await quiet(app, clocks, until)
            await click(pilot, "#approve")
            await until(lambda: state(runtime) is ApprovalState.APPROVED, "a click after that counts")

    async def test_a_terminal_that_says_it_has_the_focus_again(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            app.post_message(events.AppFocus())
            await settle(pilot)
            await click(pilot, "#approve")
            assert not runtime.operator.decisions

    async def test_a_press_begins_and_ends_on_the_button(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await click(pilot, "#payload", until_up="#approve")
            await click(pilot, "#approve", until_up="#payload")
            assert not runtime.operator.decisions

    async def test_a_click_that_is_older_than_the_paint(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await click(pilot, "#approve", age=30)
            assert not runtime.operator.decisions


class TestWhatWasSeen:
    async def test_it_cannot_be_approved_before_all_of_it_was_on_the_screen(self, until) -> None:
        async with approving(LOW, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "A")
            await click(pilot, "#approve")
            await strike(pilot, "greater_than_sign", "A")
            assert not runtime.operator.decisions
            assert "not seen yet" in screen_text(app)
            await strike(pilot, "less_than_sign")
            await read_all(app, pilot, until)
            await strike(pilot, "A")
            (decision,) = [one for _, one in runtime.operator.decisions]
            assert decision.seen_share == 1.0
            assert decision.digest == LOW.sha256
            assert decision.seconds is not None

    async def test_what_has_other_bytes_than_were_asked_about_cannot_be_approved(self, until) -> None:
        runtime = AskedRuntime(SHORT)
        runtime.bodies[SHORT.id] = body_of("something else")
        async with approving(runtime=runtime, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "A")
            assert not runtime.operator.decisions
            assert "not the bytes that were asked about" in screen_text(app)
            assert "something else" not in screen_text(app)
            await strike(pilot, "enter")
            assert [verb for verb, _ in runtime.operator.decisions] == ["deny"]

    @pytest.mark.parametrize("gone", [True, False])
    async def test_what_cannot_be_shown_can_only_be_denied(self, gone: bool, until) -> None:
        body = body_of("x" * 300_000)
        runtime = AskedRuntime(approval("ap-9", body))
        if not gone:
            runtime.bodies["ap-9"] = body
        async with approving(runtime=runtime, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "space", "A")
            assert not runtime.operator.decisions
            why = "not kept any more" if gone else "export it with o"
            assert why in " ".join(screen_text(app).split())


class TestHighRisk:
    async def test_wants_the_host_typed_and_takes_nothing_pasted(self, until) -> None:
        async with approving(HIGH, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await read_all(app, pilot, until)
            await strike(pilot, "A")
            await until(lambda: isinstance(app.screen, TypedScreen), "the host is asked for")
            app.post_message(events.Paste(HIGH.destination.host))
            await strike(pilot, "enter")
            await strike(pilot, *"example.com", "enter")
            assert not runtime.operator.decisions
            for _ in range(11):
                await strike(pilot, "backspace")
            await strike(pilot, *HIGH.destination.host, "enter")
            await until(lambda: runtime.operator.decisions, "it is approved")
            assert runtime.operator.decisions[0][1].typed_host == HIGH.destination.host

    async def test_what_changed_while_it_was_typed_is_not_approved(self, until) -> None:
        async with approving(HIGH, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await read_all(app, pilot, until)
            await strike(pilot, "A")
            await until(lambda: isinstance(app.screen, TypedScreen), "the host is asked for")
            runtime.put(HIGH.id, sha256="f" * 64)
            await strike(pilot, *HIGH.destination.host, "enter")
            assert not runtime.operator.decisions


class TestHeldBack:
    async def test_it_counts_down_and_u_calls_it_back(self, until) -> None:
        async with approving(MEDIUM, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "A")
            await until(lambda: "Sending in 3 s" in screen_text(app), "it counts down")
            clocks.passed += 1
            await until(lambda: "Sending in 2 s" in screen_text(app), "it counts down")
            await painted(app, until)
            clocks.passed += 0.1
            await strike(pilot, "u")
            await until(lambda: state(runtime) is ApprovalState.PENDING, "it is called back")
            await until(lambda: not app.screen.arming.armed, "it wants a look of its own")

    async def test_enter_calls_it_back_too_and_after_that_it_goes_on(self, until) -> None:
        async with approving(MEDIUM, until=until) as (app, _runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "A")
            await until(lambda: "Call it back" in screen_text(app), "it can be called back")
            clocks.passed += 4
            await until(lambda: isinstance(app.screen, Desktop), "nothing else waits")


class TestStaysHere:
    async def test_there_is_no_approve_at_all(self, until) -> None:
        async with approving(STAYS, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await read_all(app, pilot, until)
            text = screen_text(app)
            assert "2 addresses of a private network" in text
            assert "Approve" not in text
            assert not app.screen.query_one("#approve").display
            await strike(pilot, "A", "f")
            assert isinstance(app.screen, ApprovalScreen)
            assert not runtime.operator.decisions
            offered = {entry.binding.id for entry in app.screen.active_bindings.values() if entry.enabled}
            assert {"approval-redact", "approval-public", "approval-deny"} <= offered
            assert not {"approval-approve", "approval-grant"} & offered

    async def test_redacting_shows_what_is_left_and_wants_a_look_of_its_own(self, until) -> None:
        async with approving(STAYS, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "e")
            await until(lambda: app.screen.approval_id == "ap-3r" and app.screen.complete, "the redacted one comes")
            assert ("redact", STAYS.id, STAYS.version, STAYS.sha256) in runtime.operator.calls
            assert not app.screen.arming.armed
            await until(lambda: "[[HOST_1]]" in screen_text(app), "placeholders are seen")
            assert "10.0.3.17" not in screen_text(app)

    async def test_a_value_is_called_public_by_its_hash_with_a_reason(self, until) -> None:
        async with approving(STAYS, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "n", "n", "m")
            await strike(pilot, "enter")
            assert not runtime.operator.calls
            await quiet_screen(app, clocks, until)
            await strike(pilot, "m", *"a test net", "enter")
            await until(lambda: runtime.operator.calls, "it is called public")
            found = STAYS.findings[1]
            assert runtime.operator.calls == [("call_public", STAYS.id, 1, found.rule, found.value_hash, "a test net")]


async def quiet_screen(app, clocks, until) -> None:
    await until(lambda: isinstance(app.screen, ApprovalScreen), "the question is left")
    await quiet(app, clocks, until)


class TestEnds:
    async def test_expired_is_not_denied_and_stays_to_be_read(self, until) -> None:
        near = replace(SHORT, deadline=NOW + timedelta(seconds=50))
        async with approving(near, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await until(lambda: "▲ 0:4" in screen_text(app), "a minute before it is louder")
            clocks.passed += 36
            await until(lambda: "▲▲ 0:1" in screen_text(app), "a quarter of one before, louder still")
            clocks.passed += 20
            await until(lambda: "EXPIRED" in screen_text(app), "it ended")
            await strike(pilot, "A", "d", "enter")
            assert not runtime.operator.decisions
            runtime.put(near.id, state=ApprovalState.EXPIRED, decided_at=clocks.wall())
            await until(lambda: "nobody decided in time" in screen_text(app), "it says so")
            assert "denied" not in screen_text(app).lower()
            assert isinstance(app.screen, ApprovalScreen)

    async def test_of_two_consoles_the_second_is_told_who_was_first(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, _pilot):
            await quiet(app, clocks, until)
            frozen = app.screen.approval
            runtime.put(SHORT.id, state=ApprovalState.DENIED, decided_by="ops@tty2", decided_at=clocks.wall())
            assert app.screen.approval is frozen
            app.screen.action_approve()
            await until(lambda: "denied by ops@tty2" in screen_text(app), "it says who was first")
            assert [verb for verb, _ in runtime.operator.decisions] == []

    async def test_leaving_asks_while_approvals_wait(self, until) -> None:
        runtime = AskedRuntime(SHORT, LOW)
        runtime.change(agents=())
        async with approving(runtime=runtime, until=until) as (app, runtime, clocks, pilot):
            clocks.passed += 0.1
            await strike(pilot, "ctrl+q")
            await until(lambda: isinstance(app.screen, QuitScreen), "it asks")
            assert "2 approvals wait for you" in screen_text(app)
            await strike(pilot, "enter")
            await until(lambda: isinstance(app.screen, ApprovalScreen), "staying is the first answer")


ATTACK = (
    "[@click=screen.action_approve]read the policy[/] [/foo] "
    "\x1b]52;c;cHduZWQ=\x07\x1b[5;5H\u202eevil\u200b\ufe0f\u3164"
)


async def test_a_payload_that_attacks_is_shown_and_does_nothing(until) -> None:
    body = body_of(ATTACK)
    runtime = AskedRuntime(approval("ap-9", body))
    runtime.bodies["ap-9"] = body
    async with approving(runtime=runtime, until=until) as (app, runtime, clocks, pilot):
        await quiet(app, clocks, until)
        text = screen_text(app)
        assert "[@click=screen.action_approve]read the policy[/]" in text
        assert r"\u202eevil\u200b\ufe0f\u3164" in "".join(text.split())
        assert not re.search("[\x1b\x07\u202e\u200b\ufe0f\u3164]", text)
        row = next(y for y, line in enumerate(text.split("\n")) if "read the policy" in line)
        await pilot.click(offset=(text.split("\n")[row].index("read the policy"), row))
        assert not runtime.operator.decisions
