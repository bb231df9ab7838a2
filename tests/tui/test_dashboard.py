"""The dashboard under keys, mouse, changes of the world, and changes of size."""

from dataclasses import replace

import pytest
from driving import settle, strike
from frozen_approvals import LOW, AskedRuntime
from frozen_world import EMPTY, WORLD, FrozenRuntime, bead, clock

from b4tui.board.model import BoardState
from b4tui.config import TuiConfig
from b4tui.events import PAUSING, AgentState
from b4tui.runtime.snapshot import Columns
from b4tui.tui.app import Console
from b4tui.tui.screens.bead import BeadScreen
from b4tui.tui.screens.dashboard import DashboardScreen
from b4tui.tui.widgets.agents_panel import AgentsPanel
from b4tui.tui.widgets.board_column import BoardColumn
from b4tui.tui.widgets.key_bar import MOST_KEYS, KeyBar
from b4tui.tui.widgets.lines import Lines

WIDE, SMALL = (160, 45), (80, 24)


def board(app: Console) -> DashboardScreen:
    assert isinstance(app.screen, DashboardScreen)
    return app.screen


def screen_text(app: Console) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


async def ready(app: Console, until) -> None:
    await until(lambda: "hub-" in screen_text(app), "the board is painted")


class TestStartAndEnd:
    def test_a_tick_before_the_first_screen_and_after_the_last_does_nothing(self, console) -> None:
        assert not console.screen_stack
        console._poll()

    async def test_paints_before_the_runtime_starts_and_stops_it_on_the_way_out(self, console, runtime, until) -> None:
        assert not runtime.started
        async with console.run_test(size=WIDE):
            await until(lambda: runtime.started, "the runtime is started")
            assert not runtime.stopped
        assert runtime.stopped

    async def test_says_that_it_reads_the_board(self, until) -> None:
        app = Console(FrozenRuntime(EMPTY), TuiConfig(), clock=clock)
        async with app.run_test(size=WIDE):
            await until(lambda: "Reading the board" in screen_text(app), "the loading state is painted")

    async def test_a_runtime_that_cannot_start_is_told_not_fatal(self, runtime, until) -> None:
        async def broken() -> None:
            raise OSError("[/boom] no such hub")

        runtime.start = broken
        app = Console(runtime, TuiConfig(), clock=clock)
        async with app.run_test(size=WIDE, notifications=True):
            await until(lambda: "no such hub" in screen_text(app), "the failure is told")

    async def test_an_unknown_theme_falls_back_and_says_so(self, runtime, until) -> None:
        app = Console(runtime, TuiConfig(theme="neon"), clock=clock)
        async with app.run_test(size=WIDE, notifications=True):
            await until(lambda: "no theme neon" in screen_text(app), "the fallback is told")
            assert app.theme == "b4-dark"


class TestMoving:
    @pytest.mark.parametrize("size", [WIDE, SMALL])
    async def test_numbers_arrows_and_letters_go_to_columns(self, console, until, size) -> None:
        async with console.run_test(size=size) as pilot:
            await ready(console, until)
            for key, column in (
                ("2", "working"),
                ("l", "blocked"),
                ("right", "closed"),
                ("l", "ready"),
                ("h", "closed"),
            ):
                await strike(pilot, key)
                assert console.focused.id == f"column-{column}"
                assert board(console).column is console.focused

    async def test_j_k_and_arrows_move_the_cursor_and_stop_at_the_ends(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            seen = []
            for key in ("j", "down", "k", "G", "j", "<", "k"):
                await strike(pilot, key)
                seen.append(board(console).bead)
            assert seen == ["hub-b20", "hub-c31", "hub-b20", "hub-h86", "hub-h86", "hub-a1f", "hub-a1f"]

    async def test_w_goes_to_what_waits_for_the_operator(self, console, until) -> None:
        async with console.run_test(size=SMALL) as pilot:
            await ready(console, until)
            await strike(pilot, "4", "w")
            assert board(console).bead == "hub-b20"

    async def test_a_click_selects_and_a_second_one_opens(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await pilot.click("#column-ready", offset=(5, 4))
            assert board(console).bead == "hub-b20"
            await pilot.click("#column-ready", offset=(5, 4), times=2)
            await until(lambda: isinstance(console.screen, BeadScreen), "the bead is open")
            assert console.screen.bead_id == "hub-b20"

    async def test_a_click_on_a_tab_and_on_a_key_does_what_the_key_does(self, console, until) -> None:
        async with console.run_test(size=SMALL) as pilot:
            await ready(console, until)
            await pilot.click("#columns", offset=(18, 0))
            assert board(console).column.id == "column-working"
            await pilot.click(KeyBar, offset=(2, 0))
            await until(lambda: isinstance(console.screen, BeadScreen), "the bead is open")


class TestChangesOfTheWorld:
    async def test_the_cursor_stays_on_its_bead_when_the_board_changes(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "j", "j")
            order = ("hub-new", *reversed(WORLD.columns.ready))
            runtime.change(
                columns=replace(WORLD.columns, ready=order),
                board=replace(WORLD.board, beads={**WORLD.board.beads, "hub-new": bead("hub-new", "N")}, version="2"),
            )
            await until(lambda: "hub-new" in screen_text(console), "the change is painted")
            assert board(console).bead == "hub-c31"

    async def test_and_near_its_place_when_the_bead_is_gone(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "j", "j")
            runtime.change(columns=replace(WORLD.columns, ready=("hub-a1f", "hub-b20")))
            await until(lambda: board(console).bead == "hub-b20", "the cursor is on the last row")

    async def test_only_lines_that_differ_are_drawn_again(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE):
            await ready(console, until)
            drawn: list[str] = []
            for column in board(console).query(BoardColumn):
                column.refresh = lambda *regions, column=column, **_kw: drawn.append(column.id)
            pltops = replace(WORLD.runs["hub-77c"], tokens_per_s=99.0)
            runtime.change(runs={**WORLD.runs, "hub-77c": pltops})
            board(console).show(runtime.snapshot)
            assert set(drawn) == {"column-working"}

    async def test_going_back_from_a_bead_returns_to_its_row(self, console, until) -> None:
        async with console.run_test(size=SMALL) as pilot:
            await ready(console, until)
            await strike(pilot, "3", "j", "enter")
            await until(lambda: isinstance(console.screen, BeadScreen), "the bead is open")
            await strike(pilot, "escape")
            await until(lambda: isinstance(console.screen, DashboardScreen), "the board is back")
            assert (console.focused.id, board(console).bead) == ("column-blocked", "hub-c0a")

    async def test_the_bell_rings_once_for_what_is_new(self, runtime, until) -> None:
        app = Console(runtime, TuiConfig(bell=True), clock=clock)
        rung = []
        app.bell = lambda: rung.append(1)
        async with app.run_test(size=WIDE):
            await until(lambda: rung, "the bell rings for what waits")
            runtime.change(attempts_spent=frozenset({"hub-b20", "hub-c31"}))
            await until(lambda: len(rung) == 2, "the bell rings for what is new")
            runtime.change(attempts_spent=frozenset())
            await until(lambda: "nothing waits" in screen_text(app), "the calm header is painted")
            assert len(rung) == 2


class TestFiltering:
    async def test_leaves_what_matches_and_says_how_many(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "slash", *"agent:brew")
            await until(lambda: "READY 1 of 8" in screen_text(console), "the column counts what matches")
            assert "1 of 17 beads" in screen_text(console)
            await strike(pilot, "enter")
            assert board(console).bead == "hub-c31"

    async def test_says_what_is_wrong_and_keeps_the_results(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "slash", *"agnt:")
            await strike(pilot, "x")
            await until(lambda: "did you mean agent?" in screen_text(console), "the mistake is named")
            assert "READY 0 of 8" in screen_text(console)

    async def test_escape_unwinds_one_thing_at_a_time(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "slash", *"helm", "enter")
            assert board(console).filter.text == "helm"
            await strike(pilot, "5")
            assert isinstance(console.focused, AgentsPanel)
            await strike(pilot, "escape")
            assert not board(console).filter
            assert isinstance(console.focused, AgentsPanel)
            await strike(pilot, "escape")
            assert isinstance(console.focused, BoardColumn)
            await strike(pilot, "escape", "escape")
            assert isinstance(console.screen, DashboardScreen)

    async def test_a_filter_without_a_hit_differs_from_an_empty_column(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "slash", *"zzzz")
            await until(lambda: "0 of 8 match" in screen_text(console), "the empty result says why")


class TestVerbs:
    async def test_p_pauses_all_or_the_agent_under_the_cursor_and_resumes_them(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "p")
            await strike(pilot, "5", "j", "p", "j", "p")
            await until(lambda: len(runtime.operator.calls) == 3, "three verbs are done")
            assert runtime.operator.calls == [("pause", None), ("pause", "pltops"), ("resume", "romanov")]
            runtime.change(agents=tuple(replace(view, state=AgentState.PAUSED) for view in WORLD.agents))
            await until(lambda: all(v.state is AgentState.PAUSED for v in console.snapshot.agents))
            await strike(pilot, "1", "p")
            await until(lambda: runtime.operator.calls[-1] == ("resume", None), "all are resumed")

    async def test_p_takes_a_pause_back_that_waits_for_the_bead_in_hand(self, console, runtime, until) -> None:
        pausing = tuple(
            replace(view, reason=PAUSING) if view.bead else replace(view, state=AgentState.PAUSED)
            for view in WORLD.agents
        )
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            runtime.change(agents=pausing)
            await until(lambda: console.snapshot.agents == pausing)
            await strike(pilot, "p")
            await until(lambda: runtime.operator.calls == [("resume", None)], "all are resumed")

    async def test_r_is_offered_and_works_only_where_it_applies(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "r")
            assert "r retry" not in screen_text(console)
            await strike(pilot, "j")
            await until(lambda: "r retry" in screen_text(console), "retry is offered")
            await strike(pilot, "r")
            await until(lambda: runtime.operator.calls == [("retry", "hub-b20")], "retried")

    async def test_x_asks_and_the_harmless_answer_has_the_cursor(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "2", "x", "enter")
            await until(lambda: isinstance(console.screen, DashboardScreen), "the question is gone")
            assert runtime.operator.calls == []
            await strike(pilot, "x", "j", "enter")
            await until(lambda: runtime.operator.calls == [("cancel", "hub-77c")], "cancelled")

    async def test_n_makes_a_bead(self, console, runtime, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "n", "ctrl+s")
            await until(lambda: "needs a title" in screen_text(console), "what is missing is named")
            await strike(pilot, *"Fix it", "tab", *"Now", "tab", "1", "tab", *"a,b", "ctrl+s")
            await until(lambda: runtime.operator.calls, "the bead is made")
            (verb, new) = runtime.operator.calls[0]
            assert (verb, new.title, new.description, new.priority) == ("create", "Fix it", "Now", 1)
            assert new.labels == ("a", "b")

    async def test_y_copies_the_id_by_osc_52(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "j", "y")
            assert console.clipboard == "hub-b20"

    async def test_enter_on_an_agent_and_on_an_activity_opens_the_bead(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            for key, bead_id in (("5", "hub-52b"), ("6", "hub-77c")):
                await strike(pilot, key, "enter")
                await until(lambda: isinstance(console.screen, BeadScreen), "a bead is open")
                assert console.screen.bead_id == bead_id
                await strike(pilot, "escape")
                await until(lambda: isinstance(console.screen, DashboardScreen), "the board is back")

    async def test_a_verb_that_fails_is_told_in_words_without_markup(self, console, runtime, until) -> None:
        async def broken(*_args: object) -> None:
            raise RuntimeError("[/foo] [@click=app.quit]bang[/]")

        runtime.operator.retry = broken
        async with console.run_test(size=WIDE, notifications=True) as pilot:
            await ready(console, until)
            await strike(pilot, "j", "r")
            await until(lambda: "[@click=app.quit]bang" in screen_text(console), "the failure is told as it is")

    async def test_a_read_only_board_offers_no_new_bead(self, until) -> None:
        app = Console(FrozenRuntime(replace(WORLD, read_only="a backup")), TuiConfig(bell=False), clock=clock)
        async with app.run_test(size=WIDE) as pilot:
            await ready(app, until)
            await strike(pilot, "n")
            assert isinstance(app.screen, DashboardScreen)
            assert "n new" not in screen_text(app)


async def test_a_column_nobody_is_in_shows_what_comes_first(console, runtime, until) -> None:
    async with console.run_test(size=WIDE) as pilot:
        await ready(console, until)
        before = WORLD.columns
        runtime.change(columns=replace(before, working=(*before.closed, *before.blocked, *before.working)))
        await until(lambda: "WORKING 9" in screen_text(console), "the column has grown")
        await settle(pilot)
        working = console.screen.query_one("#column-working", BoardColumn)
        assert (working.cursor, working.scroll_offset.y) == (0, 0)


class TestSizes:
    @pytest.mark.parametrize("size", [WIDE, SMALL, (60, 20), (100, 30), (240, 70)])
    async def test_header_agents_machine_and_keys_are_there_at_every_size(self, console, until, size) -> None:
        async with console.run_test(size=size):
            await ready(console, until)
            text = screen_text(console)
            for wanted in ("beads-hub", "local", "▲ 1", "ollama", "Rotate", "CodeMonkey", "Brew", "24.0 GB", "help"):
                assert wanted in text, wanted
            assert 3 <= len(board(console).query_one(KeyBar)._actions) <= MOST_KEYS

    @pytest.mark.parametrize("size", [(59, 30), (80, 19), (20, 5), (1, 1)])
    async def test_below_the_smallest_size_a_clear_word_stands_there(self, console, until, size) -> None:
        async with console.run_test(size=size):
            if size[0] >= 50:
                await until(lambda: "The console needs 60x20" in screen_text(console), "the word is there")

    async def test_growing_and_shrinking_keeps_the_cursor(self, console, until) -> None:
        async with console.run_test(size=WIDE) as pilot:
            await ready(console, until)
            await strike(pilot, "j", "j")
            for size in ((80, 24), (30, 10), (100, 40), (60, 20), (160, 45)):
                await pilot.resize_terminal(*size)
                await settle(pilot)
            await until(lambda: "MACHINE" in screen_text(console), "the wide board is back")
            assert board(console).bead == "hub-c31"

    async def test_a_hundred_thousand_beads_are_a_few_widgets(self, until) -> None:
        beads = {f"hub-{number}": bead(f"hub-{number}", f"Bead {number}") for number in range(100_000)}
        many = replace(
            WORLD,
            board=BoardState(WORLD.board.hub, beads, version="9"),
            columns=Columns(ready=tuple(beads)),
            attempts_spent=frozenset(),
        )
        app = Console(FrozenRuntime(many), TuiConfig(bell=False), clock=clock)
        async with app.run_test(size=WIDE) as pilot:
            await until(lambda: "READY 100,000" in screen_text(app), "the board is painted")
            await strike(pilot, "G")
            assert board(app).bead == "hub-99999"
            assert len(app.screen.query("*")) < 60


async def test_themes_change_by_key_without_touching_the_style_sheets_again(console, until) -> None:
    async with console.run_test(size=WIDE) as pilot:
        await ready(console, until)
        seen = []
        for _ in range(3):
            await strike(pilot, "T")
            seen.append(console.theme)
        assert seen == ["b4-light", "b4-high-contrast", "b4-dark"]
        assert len(console.stylesheet.source) < 56


async def test_the_lists_post_no_message_while_the_world_changes_under_them(console, runtime, until) -> None:
    async with console.run_test(size=WIDE) as pilot:
        await ready(console, until)
        await strike(pilot, "G")
        moved = []
        board(console).on_lines_moved = moved.append
        runtime.change(columns=replace(WORLD.columns, ready=WORLD.columns.ready[:2]))
        await until(lambda: board(console).bead == "hub-b20", "the cursor follows")
        assert moved == []
        assert isinstance(console.focused, Lines)


class TestTheFootLine:
    async def test_names_the_approvals_however_little_room_there_is(self, until) -> None:
        app = Console(AskedRuntime(LOW), TuiConfig(bell=False), clock=clock)
        async with app.run_test(size=(80, 24)):
            await until(lambda: app.screen_stack and app.screen.drawable and "1 approval" in screen_text(app))
            await until(lambda: "w what waits" in screen_text(app), "something waits")
            foot = screen_text(app).split("\n")[-1]
            assert "a approvals" in foot
            assert "^p commands  ? help" in foot
