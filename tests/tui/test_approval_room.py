"""An approval where there is little room: what counts as seen was shown, and nothing covers what decides."""

from dataclasses import replace

from approving import approving, quiet, read_all, screen_text
from driving import settle, strike
from frozen_approvals import LOW, SHORT, AskedRuntime, approval, body_of

from b4tui.escalation.types import Risk


def rows_of(app, selector: str) -> set[int]:
    region = app.screen.query_one(selector).region
    return set(range(region.y, region.bottom))


class TestASmallTerminal:
    async def test_decides_nothing_while_the_question_cannot_be_seen(self, until) -> None:
        async with approving(SHORT, until=until) as (app, runtime, clocks, pilot):
            await quiet(app, clocks, until)
            await read_all(app, pilot, until)
            await pilot.resize_terminal(58, 18)
            await until(lambda: "Too small" in screen_text(app), "it says so")
            for _ in range(4):
                await settle(pilot)
                clocks.passed += 1
                app.screen.tick()
            await strike(pilot, "A", "enter", "d")
            assert not runtime.operator.decisions
            await pilot.resize_terminal(80, 24)
            await until(lambda: "Too small" not in screen_text(app), "there is room again")
            await quiet(app, clocks, until)
            await strike(pilot, "A")
            assert [verb for verb, _ in runtime.operator.decisions] == ["approve"]

    async def test_no_character_is_lost_under_the_scrollbar(self, until) -> None:
        runtime = AskedRuntime(SHORT, approval("ap-9", body := body_of("x" * 3000)))
        runtime.bodies["ap-9"] = body
        async with approving(runtime=runtime, until=until) as (app, _runtime, _clocks, pilot):
            await strike(pilot, "right_square_bracket")
            await until(lambda: app.screen.approval_id == "ap-9" and app.screen.complete, "the long one is open")
            pane = app.screen.view.pane
            await until(lambda: pane.page.count > pane.size.height and app.screen.view.seen.share > 0, "it scrolls")
            assert max(row.end - row.start for row in pane.page.rows) == pane.room


class TestTheFacts:
    async def test_the_whole_risk_is_on_the_smallest_screen(self, until) -> None:
        words = ("parts of it come from internal sources", "nothing was sent to it before")
        risky = replace(SHORT, risk=Risk.MEDIUM, risk_words=words, redacted={"personal": 1})
        for size in ((80, 24), (62, 20)):
            async with approving(risky, size=size, until=until) as (app, _runtime, _clocks, _pilot):
                facts = [line for y, line in enumerate(screen_text(app).splitlines()) if y in rows_of(app, "#asked")]
                told = " ".join(" ".join(facts).split())
                assert "nothing was sent" in told and "before" in told
                assert "redacted" in told, "and what comes after it is not pushed out"

    async def test_a_tall_screen_cuts_none(self, until) -> None:
        why = "because of " + "one thing and another and " * 4 + "a last one"
        async with approving(replace(SHORT, reason=why), size=(80, 40), until=until) as (app, *_):
            await until(lambda: "a last one" in screen_text(app), "all of the reason is there")


class TestAToast:
    async def test_leaves_what_decides_uncovered(self, until) -> None:
        async with approving(LOW, notifications=True, until=until) as (app, _runtime, clocks, _pilot):
            await quiet(app, clocks, until)
            app.say("a word " * 8)
            await until(lambda: "a word" in screen_text(app), "it is told")
            covered = rows_of(app, "Toast")
            assert not covered & (rows_of(app, "#waits") | rows_of(app, "#decide") | rows_of(app, "KeyBar"))

    async def test_what_lies_under_it_was_not_seen(self, until) -> None:
        async with approving(LOW, notifications=True, until=until) as (app, _runtime, clocks, pilot):
            await quiet(app, clocks, until)
            app.say("a word")
            await until(lambda: "a word" in screen_text(app), "it is told")
            await strike(pilot, "space")
            seen = app.screen.view.seen
            page, bottom = app.screen.view.pane.page, app.screen.view.pane.rows_in_view[1] - 1
            assert seen.next_unseen() <= page.rows[bottom].start, "it counts what is covered"
            app.clear_notifications()
            await until(lambda: "a word" not in screen_text(app), "it is gone")
            await until(lambda: seen.next_unseen() > page.rows[bottom].start, "what is in view counts now")
