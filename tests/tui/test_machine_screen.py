"""The machine screen under keys, mouse, changes of the world, and changes of size."""

from dataclasses import replace
from datetime import timedelta

import pytest
from driving import settle, strike
from frozen_machines import NO_GPU, RICH, SAMPLE, TWO_GPUS
from frozen_world import EMPTY, NOW, FrozenRuntime, clock

from b4tui.config import TuiConfig
from b4tui.tui.app import Console
from b4tui.tui.commands import ConsoleCommands
from b4tui.tui.screens.bead import BeadScreen
from b4tui.tui.screens.dashboard import DashboardScreen
from b4tui.tui.screens.help import HelpScreen
from b4tui.tui.screens.machine import PANES, MachineScreen
from b4tui.tui.widgets.text_pane import TextPane

WIDE, SMALL, SMALLEST = (160, 45), (80, 24), (60, 20)


def screen_text(app: Console) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


def console_of(world=RICH) -> Console:
    return Console(FrozenRuntime(world), TuiConfig(bell=False), clock=clock)


async def opened(app: Console, pilot, until) -> MachineScreen:
    await until(lambda: app.screen_stack and isinstance(app.screen, DashboardScreen) and app.screen.drawable)
    await strike(pilot, "g")
    await until(
        lambda: isinstance(app.screen, MachineScreen) and "16 cores" in screen_text(app), "the machine is there"
    )
    return app.screen


class TestGoingThere:
    @pytest.mark.parametrize("back", ["escape", "g", "backspace"])
    async def test_g_opens_it_from_the_dashboard_and_leads_back_like_escape(self, back: str, until) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            await opened(app, pilot, until)
            await strike(pilot, back)
            await until(lambda: isinstance(app.screen, DashboardScreen), "the dashboard is back")

    async def test_from_a_bead_and_to_a_bead_it_is_never_opened_twice(self, until) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            await until(lambda: app.screen_stack and app.screen.drawable)
            app.open_bead("hub-77c")
            await until(lambda: isinstance(app.screen, BeadScreen) and app.screen.drawable)
            await strike(pilot, "g")
            await until(lambda: isinstance(app.screen, MachineScreen) and app.screen.drawable)
            app.open_bead("hub-52b")
            await until(lambda: isinstance(app.screen, BeadScreen) and app.screen.drawable)
            await strike(pilot, "g")
            await until(lambda: isinstance(app.screen, MachineScreen), "the machine below is returned to")
            await strike(pilot, "escape")
            await until(lambda: isinstance(app.screen, BeadScreen), "the first bead is back")
            assert app.screen.bead_id == "hub-77c"

    async def test_a_dialog_keeps_its_keys(self, until) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            await until(lambda: app.screen_stack and app.screen.drawable)
            await strike(pilot, "question_mark", "g")
            assert isinstance(app.screen, HelpScreen)

    async def test_a_g_that_is_typed_is_a_letter(self, until) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            await until(lambda: app.screen_stack and app.screen.drawable)
            await strike(pilot, "slash", "g")
            assert isinstance(app.screen, DashboardScreen)
            assert app.focused.value == "g"

    async def test_the_palette_and_the_help_name_it(self, until) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            await until(lambda: app.screen_stack and app.screen.drawable)
            hits = {hit.text async for hit in ConsoleCommands(app.screen).discover()}
            assert "go to: machine" in hits
            await opened(app, pilot, until)
            hits = {hit.text async for hit in ConsoleCommands(app.screen).discover()}
            assert {"go to: graphs", "go to: errors", "section: copy all"} <= hits
            await strike(pilot, "question_mark")
            await until(lambda: "Who holds which memory" in screen_text(app), "the help is painted")


class TestWhatIsSeen:
    async def test_everything_at_once_where_there_is_room(self, until) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            await opened(app, pilot, until)
            await until(lambda: "no answer yet" in screen_text(app), "all sections have their places")
            seen = screen_text(app)
            for part in ("1 GRAPHS", "2 MEMORY", "3 MODELS", "4 REQUESTS", "5 TOKENS", "6 ERRORS"):
                assert part in seen
            for part in ("RTX 4090", "32.1 GB more in RAM", "◆ attested", "interactive 1", "no answer yet", "refused"):
                assert part in seen

    @pytest.mark.parametrize("size", [SMALL, SMALLEST])
    async def test_one_section_after_the_other_where_there_is_not(self, size, until) -> None:
        app = console_of()
        async with app.run_test(size=size) as pilot:
            screen = await opened(app, pilot, until)
            wanted = ("RTX 4090", "Xorg", "◆ attested", "interactive", "no answer yet", "13:55:31")
            for number, part in enumerate(wanted, start=1):
                await strike(pilot, str(number))
                await until(lambda part=part: part in screen_text(app), f"{part} is painted")
                assert app.focused.id == PANES[number - 1][1:]
                shown = [pane.id for pane in screen.query(TextPane) if pane.region.area]
                assert shown == [app.focused.id]

    @pytest.mark.parametrize("size", [WIDE, SMALL])
    async def test_nothing_is_lost_what_does_not_fit_can_be_scrolled_to(self, size, until) -> None:
        app = console_of(TWO_GPUS)
        async with app.run_test(size=size) as pilot:
            screen = await opened(app, pilot, until)
            await strike(pilot, "2", "G")
            memory = screen.query_one("#memory", TextPane)
            assert "free" in memory.text().splitlines()[-1]
            await until(lambda: "26.0 GB  free" in screen_text(app), "the last line came into view")

    async def test_a_machine_without_a_card_has_a_useful_screen(self, until) -> None:
        app = console_of(NO_GPU)
        async with app.run_test(size=SMALL) as pilot:
            await opened(app, pilot, until)
            assert "no NVIDIA driver; running on CPU" in screen_text(app)
            assert "busiest 79 %" in screen_text(app)

    async def test_before_anything_was_measured(self, until) -> None:
        app = console_of(EMPTY)
        async with app.run_test(size=WIDE) as pilot:
            await until(lambda: app.screen_stack and app.screen.drawable)
            await strike(pilot, "g")
            await until(lambda: "Not measured yet" in screen_text(app), "it says so")

    async def test_a_change_of_size_lays_it_out_anew(self, until) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            await opened(app, pilot, until)
            await pilot.resize_terminal(*SMALL)
            await until(lambda: "[1 Graphs]" in screen_text(app), "one section is shown")
            await pilot.resize_terminal(*WIDE)
            await until(lambda: "6 ERRORS" in screen_text(app) and "Xorg" in screen_text(app), "all are shown")


class TestMoving:
    async def test_arrows_numbers_and_clicks_go_to_sections(self, until) -> None:
        app = console_of()
        async with app.run_test(size=SMALL) as pilot:
            await opened(app, pilot, until)
            for key, section in (
                ("l", "memory"),
                ("right", "models"),
                ("h", "memory"),
                ("5", "tokens"),
                ("6", "errors"),
            ):
                await strike(pilot, key)
                assert app.focused.id == section
            await strike(pilot, "right")
            assert app.focused.id == "graphs"
            await pilot.click("#tabs", offset=(14, 0))
            await until(lambda: app.focused.id == "memory", "a click chooses")

    async def test_enter_on_a_request_or_an_error_opens_its_bead_and_escape_returns(self, until) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            await opened(app, pilot, until)
            assert "↵ open" not in screen_text(app), "a graph is only read"
            for keys, bead in ((("4", "j"), "hub-77c"), (("6", "G"), "hub-e53")):
                await strike(pilot, *keys, "enter")
                await until(lambda: isinstance(app.screen, BeadScreen), "the bead is open")
                assert app.screen.bead_id == bead
                await strike(pilot, "escape")
                await until(lambda: isinstance(app.screen, MachineScreen), "the machine is back")

    async def test_enter_on_anything_else_does_nothing(self, until) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            await opened(app, pilot, until)
            for section in range(6):
                await strike(pilot, str(section + 1), "<", "enter")
                assert isinstance(app.screen, MachineScreen)

    async def test_capital_y_copies_the_section(self, until) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            await opened(app, pilot, until)
            await strike(pilot, "3", "Y")
            assert "digest ca06e9e4087c" in app.clipboard


class TestCost:
    async def test_only_lines_that_differ_are_drawn_again(self, until) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            screen = await opened(app, pilot, until)
            await until(lambda: "no answer yet" in screen_text(app), "all sections have their places")
            await settle(pilot)
            drawn: list[str] = []
            for pane in screen.query(TextPane):
                pane.refresh = lambda *regions, pane=pane, **_kw: drawn.append(pane.id)
            screen.show(app.snapshot)
            assert drawn == []
            faster = replace(RICH.tokens, agents={})
            app.runtime.change(tokens=faster)
            screen.show(app.runtime.snapshot)
            assert set(drawn) == {"tokens"}

    async def test_graphs_are_made_anew_only_for_a_new_sample(self, until, monkeypatch) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            screen = await opened(app, pilot, until)
            await until(lambda: "no answer yet" in screen_text(app), "all sections have their places")
            await settle(pilot)
            made: list[int] = []
            monkeypatch.setattr("b4tui.tui.screens.machine.history_lines", lambda *_args: made.append(1) or ())
            for _ in range(5):
                app.runtime.change(tokens=RICH.tokens)
                screen.show(app.runtime.snapshot)
            assert made == []
            app.runtime.change(machine=replace(SAMPLE, at=NOW))
            screen.show(app.runtime.snapshot)
            assert made == [1]

    async def test_nothing_is_made_while_it_is_not_open(self, until, monkeypatch) -> None:
        app = console_of()
        async with app.run_test(size=WIDE) as pilot:
            await opened(app, pilot, until)
            await strike(pilot, "escape")
            await until(lambda: isinstance(app.screen, DashboardScreen))
            made: list[int] = []
            for name in ("history_lines", "memory_lines", "model_lines", "request_rows", "token_lines", "trouble_rows"):
                monkeypatch.setattr(f"b4tui.tui.screens.machine.{name}", lambda *_args: made.append(1) or ())
            app.runtime.change(machine=replace(SAMPLE, at=NOW - timedelta(seconds=9)))
            await until(lambda: "10s old" in screen_text(app) or "9s old" in screen_text(app), "the dashboard follows")
            assert made == []
