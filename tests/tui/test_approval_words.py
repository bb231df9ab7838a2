"""What the approval screens say: what is true, once, and no key where it does nothing."""

from dataclasses import replace
from datetime import timedelta

from approving import approving, quiet, screen_text
from driving import settle, strike
from frozen_approvals import DENIED, GRANTS, HIGH, LOW, SHORT, STAYS
from frozen_world import NOW, WORLD

from b4tui.escalation.types import ApprovalState
from b4tui.outward_events import ApprovalAsked, ApprovalChanged
from b4tui.runtime.activity import in_words
from b4tui.runtime.snapshot import OutwardView
from b4tui.tui.app import Console
from b4tui.tui.commands import ConsoleCommands
from b4tui.tui.outward.queue import heading, row, told_of
from b4tui.tui.paint import Line, width_of
from b4tui.tui.questions import _quit_question
from b4tui.tui.screens.approval import ApprovalScreen
from b4tui.tui.screens.approvals import ApprovalsScreen, empty
from b4tui.tui.screens.audit import AuditScreen
from b4tui.tui.screens.grant_form import GrantFormScreen
from b4tui.tui.screens.grants import EMPTY, GrantsScreen
from b4tui.tui.widgets.header import header_line


def told(app: Console) -> str:
    return " | ".join(str(notice.message) for notice in app._notifications)


def plain_text(line: Line) -> str:
    return "".join(span.text for span in (*line.left, *line.right))


def offered(app: Console) -> set[str | None]:
    return {entry.binding.id for entry in app.screen.active_bindings.values() if entry.enabled}


class TestWordsThatGoAway:
    async def test_who_looks_at_approvals_is_not_told_that_there_are_some(self, until) -> None:
        async with approving(SHORT, notifications=True, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            outward = runtime.snapshot.outward
            runtime.change(outward=replace(outward, approvals=(*outward.approvals, LOW)))
            await until(lambda: "2 of 2" in screen_text(app), "the screen says it")
            clocks.passed += 2
            await settle(pilot)
            assert told(app) == ""

    async def test_the_call_goes_away_when_the_operator_comes_and_covers_nothing_that_is_to_be_read(
        self, until
    ) -> None:
        async with approving(SHORT, notifications=True, until=until) as (app, _runtime, _clocks, _pilot):
            assert told(app) == "", "whatever called before it was open"
            app.pop_screen()
            app.say("▲ Romanov asks to send 133 B: a opens it.", calls=True)
            app.say("That failed.", wrong=True)
            await until(lambda: "opens it" in told(app), "it stays while they are elsewhere")
            app.push_screen(ApprovalScreen(SHORT.id))
            await until(lambda: told(app) == "That failed.", "they look at it: the call is gone, and nothing else")


class TestWhatIsNotThere:
    async def test_where_nothing_was_approved_before_the_way_back_is_whole_in_the_smallest_terminal(
        self, until
    ) -> None:
        async with approving(SHORT, size=(60, 20), until=until) as (app, _runtime, _clocks, pilot):
            await strike(pilot, "equals_sign")
            await until(lambda: "Nothing was approved for this run before." in screen_text(app), "it says so")
            told = " ".join(screen_text(app).replace("│", " ").split())
            assert "= shows the payload again." in told


class TestKeysThatDoNothing:
    async def test_undo_is_offered_while_there_is_something_to_undo(self, until) -> None:
        async with approving(SHORT, LOW, until=until) as (app, _runtime, clocks, pilot):
            await quiet(app, clocks, until)
            assert "approval-undo" not in offered(app)
            await strike(pilot, "d")
            await until(lambda: app.screen.approval_id == LOW.id, "the next one comes")
            await until(lambda: "u undo" in screen_text(app), "it is offered")
            clocks.passed += 20
            await until(lambda: "u undo" not in screen_text(app), "it is too late")

    async def test_what_was_decided_offers_no_decision_and_says_how_it_ended(self, until) -> None:
        async with approving(DENIED, until=until) as (app, _runtime, clocks, _pilot):
            app.push_screen(ApprovalsScreen())
            await until(lambda: isinstance(app.screen, ApprovalsScreen) and app.screen.drawable, "the queue is there")
            await quiet(app, clocks, until)
            await until(lambda: f"denied by {DENIED.decided_by}" in screen_text(app), "it says who decided")
            assert not {"approvals-deny", "approvals-mark", "approvals-extend"} & offered(app)

    async def test_the_next_one_is_named_while_there_is_one(self, until) -> None:
        async with approving(DENIED, LOW, size=(160, 45), until=until) as (app, runtime, _clocks, _pilot):
            await until(lambda: "] goes to the next one" in screen_text(app), "another one waits")
            assert "approval-other" in offered(app)
            runtime.change(outward=replace(runtime.snapshot.outward, approvals=(DENIED,)))
            await until(lambda: "esc returns." in screen_text(app), "none waits")
            assert not {"approval-other", "approval-before"} & offered(app)

    async def test_in_the_form_for_a_grant_nothing_is_opened(self, until) -> None:
        async with approving(SHORT, notifications=True, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "f")
            await until(lambda: isinstance(app.screen, GrantFormScreen) and app.screen.drawable, "the form is there")
            await quiet(app, clocks, until)
            assert "list-open" not in offered(app)
            await strike(pilot, "enter", "ctrl+s")
            await until(lambda: runtime.operator.calls, "it is made")
            await until(lambda: "this one still waits" in told(app), "and what it is not for is said")

    async def test_in_an_empty_queue_and_among_grants_nothing_is_opened(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, _clocks, pilot):
            await strike(pilot, "F")
            await until(lambda: isinstance(app.screen, GrantsScreen) and app.screen.drawable, "the grants are there")
            runtime.change(outward=replace(runtime.snapshot.outward, grants=GRANTS))
            await until(lambda: GRANTS[0].id in screen_text(app), "and one is listed")
            assert "list-open" not in offered(app)
            runtime.change(outward=replace(runtime.snapshot.outward, approvals=(SHORT,)))
            app.push_screen(ApprovalsScreen())
            await until(lambda: isinstance(app.screen, ApprovalsScreen), "the queue comes")
            assert "approvals-deny" not in offered(app), "it can be asked before its rows are there"
            await until(lambda: "list-open" in offered(app), "what waits can be opened")
            await until(lambda: "open" in screen_text(app).splitlines()[-1], "the foot line says so")
            runtime.change(outward=replace(runtime.snapshot.outward, approvals=()))
            await until(lambda: "open" not in screen_text(app).splitlines()[-1], "nothing waits, nothing is opened")

    async def test_while_something_is_looked_for_enter_denies_nothing_and_it_says_so(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await strike(pilot, "slash")
            await until(lambda: "enter looks for it" in screen_text(app), "it says what enter does")
            await strike(pilot, "x", "enter")
            await until(lambda: "enter looks for it" not in screen_text(app), "it is left")
            assert not runtime.operator.decisions


class TestThePlacesOfTheConsole:
    async def test_record_and_grants_have_a_key_each_and_are_found_by_what_they_are(self, until) -> None:
        async with approving(SHORT, until=until) as (app, _runtime, clocks, pilot):
            await quiet(app, clocks, until)
            for key, place in (("L", AuditScreen), ("F", GrantsScreen)):
                await strike(pilot, key)
                await until(lambda place=place: isinstance(app.screen, place), "it is there")
                clocks.passed += 1
                await strike(pilot, key)
                await until(lambda: isinstance(app.screen, ApprovalScreen), "back where they were")
            commands = ConsoleCommands(app.screen)
            for word, title in (("audit", "go to: record"), ("ledger", "go to: record"), ("standing", "go to: grants")):
                assert title in [hit.text async for hit in commands.search(word)]


class TestSentences:
    def test_a_row_keeps_its_columns_whatever_its_state(self) -> None:
        for width in (78, 156):
            place = plain_text(heading(width)).index("agent")
            for state in ApprovalState:
                one = replace(LOW, state=state)
                assert plain_text(row(one, WORLD, NOW, width))[place - 1 :].startswith(" Romanov"), state

    def test_the_header_counts_what_is_of_high_risk(self) -> None:
        waiting = replace(WORLD, outward=OutwardView(guarded=True, approvals=(LOW, HIGH, STAYS)))
        assert "▲ 3 approvals (1 high), oldest 3m" in plain_text(header_line(waiting, NOW, 160))

    def test_of_what_stays_here_no_row_names_a_price(self) -> None:
        assert "0.12 USD" in plain_text(row(LOW, WORLD, NOW, 156))
        assert "USD" not in plain_text(row(STAYS, WORLD, NOW, 156))

    def test_an_empty_queue_says_why_it_will_stay_empty(self) -> None:
        for outward, words in (
            (OutwardView(providers=("far",)), "Requests appear here"),
            (OutwardView(providers=("far",), local_only=True), "With --local-only nothing can leave"),
            (OutwardView(), "No cloud provider is configured"),
        ):
            assert words in "".join(plain_text(one) for one in empty(outward))

    def test_at_sixty_columns_nothing_is_cut(self) -> None:
        lines = empty(OutwardView(providers=("far",)), 57)
        assert all(width_of(one.left) <= 57 for one in (*lines, *EMPTY))
        assert "off this machine." in " ".join(plain_text(one) for one in lines)

    def test_how_often_a_grant_may_be_used(self) -> None:
        one = replace(GRANTS[0], max_uses=1, uses=0)
        assert one.sentence.endswith(", once at most")
        assert replace(one, max_uses=10, uses=3).sentence.endswith(", 10 times at most (3 used)")

    def test_how_it_ended_says_who_and_why(self) -> None:
        ended = replace(LOW, decided_at=NOW - timedelta(seconds=5), decided_by="ops@tty2", decision_reason="too much")
        assert told_of(replace(ended, state=ApprovalState.DENIED), NOW).text == "denied by ops@tty2, 5s ago: too much"
        expired = told_of(replace(ended, state=ApprovalState.EXPIRED, decided_by=""), NOW).text
        assert expired == "nobody decided in time, so it stayed here, 5s ago"

    def test_local_only_is_named_at_eighty_columns_too(self) -> None:
        for locked, word in ((True, "--local-only: 0 out"), (False, "local: 0 out")):
            world = replace(WORLD, outward=OutwardView(guarded=True, local_only=locked))
            assert f"● {word}" in plain_text(header_line(world, NOW, 80))

    def test_one_agent_has_one_run(self) -> None:
        assert "Its run is stopped" in _quit_question(1, 0)
        assert "Their runs are stopped" in _quit_question(2, 0)

    def test_the_activity_says_what_stays_and_how_requests_end(self) -> None:
        about = {"at": NOW, "approval": LOW.id, "run": LOW.run, "bead": LOW.bead, "agent": LOW.agent}
        asked = ApprovalAsked(
            **about, category=LOW.category, provider="far", host="api.example.com", model="deep-9", size=812,
            sha256=LOW.sha256, verdict=STAYS.verdict, risk="low", deadline=NOW, reason="why",
        )  # fmt: skip
        assert in_words(asked)[0] == "wanted to send 812 bytes to api.example.com, deep-9, which stay here: why"
        assert in_words(replace(asked, verdict=LOW.verdict))[0].startswith("asks to send 812 bytes")

        def ended(state: str, actor: str = "ops", reason: str = "") -> str:
            return in_words(ApprovalChanged(**about, state=state, actor=actor, reason=reason))[0]

        assert ended("denied", reason="not now") == "its request was denied by ops: not now"
        assert ended("expired", "") == "its request was not decided in time and stayed here"
        assert ended("pending", reason="seen, working on it") == "its request waits: seen, working on it (ops)"
