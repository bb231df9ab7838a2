"""How the console looks, per size and theme. After a wanted change: `pytest tests/snapshots --snapshot-update`."""

from dataclasses import replace

import pytest
from frozen_approvals import DENIED, HIGH, LOW, SHORT, STAYS, AskedRuntime, BareConsole, Clocks, asked_world
from frozen_ledger import frozen_ledger
from frozen_machines import NO_GPU, RICH, TWO_GPUS, UNPROVEN
from frozen_world import EMPTY, WORLD, FrozenRuntime, clock

from b4tui.config import TuiConfig
from b4tui.tui.app import Console
from b4tui.tui.screens.approval_steps import typed_host

WIDE, SMALL = (160, 45), (80, 24)


@pytest.fixture(autouse=True)
def _one_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()


def console(theme: str = "b4-dark", world=WORLD) -> Console:
    app = Console(FrozenRuntime(world), TuiConfig(theme=theme, bell=False), clock=clock)
    app.animation_level = "none"
    return app


def asked(*approvals, theme: str = "b4-dark") -> Console:
    """A console whose steady clock stands still until a picture is about to be taken."""
    clocks = Clocks()
    settings = TuiConfig(theme=theme, bell=False)
    kept = {"far": "30 days, not used for training"}
    app = BareConsole(AskedRuntime(*approvals), settings, clock=clock, ticks=clocks.ticks, retention=kept)
    app.animation_level = "none"
    app.clocks = clocks
    # Words that go away by themselves come and go when they will: they are in no picture.
    app.notify = lambda *words, **more: None
    return app


async def settled(pilot) -> None:
    """Wait until the first screen shows what it will show."""
    await pilot.pause()
    await pilot.pause()


class TestDashboard:
    @pytest.mark.parametrize("theme", ["b4-dark", "b4-light", "b4-high-contrast"])
    def test_wide(self, snap_compare, theme: str) -> None:
        assert snap_compare(console(theme), terminal_size=WIDE, run_before=settled)

    def test_small(self, snap_compare) -> None:
        assert snap_compare(console(), terminal_size=SMALL, run_before=settled)

    def test_smallest(self, snap_compare) -> None:
        assert snap_compare(console(), terminal_size=(60, 20), run_before=settled)

    def test_too_small(self, snap_compare) -> None:
        assert snap_compare(console(), terminal_size=(50, 12), run_before=settled)

    def test_before_the_board_is_read(self, snap_compare) -> None:
        assert snap_compare(console(world=EMPTY), terminal_size=SMALL, run_before=settled)

    def test_filtered(self, snap_compare) -> None:
        async def typed(pilot) -> None:
            await pilot.press("slash", *"agent:pltops")
            for blink in pilot.app.query("Input"):
                blink.cursor_blink = False
            await settled(pilot)

        assert snap_compare(console(), terminal_size=WIDE, run_before=typed)


class TestBead:
    @pytest.mark.parametrize("size", [WIDE, SMALL])
    def test_live(self, snap_compare, size) -> None:
        async def opened(pilot) -> None:
            await settled(pilot)
            pilot.app.open_bead("hub-77c")
            await settled(pilot)
            pilot.app.screen.tick()
            await settled(pilot)

        assert snap_compare(console(), terminal_size=size, run_before=opened)


class TestMachine:
    async def opened(self, pilot) -> None:
        """The sections find their heights when their first lines are there."""
        for _ in range(4):
            await settled(pilot)

    @pytest.mark.parametrize("theme", ["b4-dark", "b4-light", "b4-high-contrast"])
    def test_wide(self, snap_compare, theme: str) -> None:
        assert snap_compare(console(theme, RICH), press=["g"], terminal_size=WIDE, run_before=self.opened)

    def test_two_cards_and_an_orphan(self, snap_compare) -> None:
        assert snap_compare(console(world=TWO_GPUS), press=["g"], terminal_size=WIDE, run_before=self.opened)

    def test_no_card(self, snap_compare) -> None:
        assert snap_compare(console(world=NO_GPU), press=["g"], terminal_size=WIDE, run_before=self.opened)

    def test_nothing_proven_local(self, snap_compare) -> None:
        assert snap_compare(console(world=UNPROVEN), press=["g"], terminal_size=WIDE, run_before=self.opened)

    @pytest.mark.parametrize("section", range(1, 7))
    def test_small(self, snap_compare, section: int) -> None:
        keys = ["g", str(section)]
        assert snap_compare(console(world=TWO_GPUS), press=keys, terminal_size=SMALL, run_before=self.opened)

    def test_refused_on_the_dashboard(self, snap_compare) -> None:
        assert snap_compare(console(world=UNPROVEN), terminal_size=WIDE, run_before=self.opened)

    def test_fallen_back_on_the_dashboard(self, snap_compare) -> None:
        moved = replace(RICH.runs["hub-77c"], note="on the CPU: out of GPU memory")
        world = replace(RICH, runs={**RICH.runs, "hub-77c": moved})
        assert snap_compare(console(world=world), terminal_size=SMALL, run_before=self.opened)


class TestRecord:
    async def opened(self, pilot) -> None:
        await settled(pilot)
        pilot.app.action_audit()
        for _ in range(50):
            await settled(pilot)
            if "whole" in str(pilot.app.screen.query_one("#chain").lines) and not pilot.app.screen._reader.wanted:
                break
        pilot.app.screen.catch_up()
        await settled(pilot)

    def recorded(self, folder) -> Console:
        app = console()
        app.runtime.ledger = frozen_ledger(folder)
        return app

    @pytest.mark.parametrize("size", [WIDE, SMALL])
    def test_newest_first(self, snap_compare, size, tmp_path) -> None:
        assert snap_compare(self.recorded(tmp_path), terminal_size=size, run_before=self.opened)

    def test_an_entry_with_its_payload(self, snap_compare, tmp_path) -> None:
        async def entered(pilot) -> None:
            await self.opened(pilot)
            pilot.app.screen.query_one("#rows").select("21")
            await pilot.press("enter")
            for _ in range(50):
                await settled(pilot)
                if "messages" in getattr(pilot.app.screen.query("#entry").first(), "text", str)():
                    break
            await settled(pilot)

        assert snap_compare(self.recorded(tmp_path), terminal_size=(100, 32), run_before=entered)


async def opened_and_quiet(pilot, *keys: str) -> None:
    """The queue's first row, opened, looked at, and no key for a while; then these keys."""
    await settled(pilot)
    for key in ("a", "enter", *keys):
        await pilot.press(key)
        await settled(pilot)
    pilot.app.clear_notifications()
    pilot.app.clocks.passed += 1
    pilot.app.screen.tick()
    await settled(pilot)


class TestApprovals:
    @pytest.mark.parametrize("size", [WIDE, SMALL])
    def test_the_queue(self, snap_compare, size) -> None:
        async def opened(pilot) -> None:
            await settled(pilot)
            await pilot.press("a", "j", "space")
            pilot.app.clear_notifications()
            await settled(pilot)

        app = asked(LOW, HIGH, STAYS, SHORT, DENIED)
        assert snap_compare(app, terminal_size=size, run_before=opened)

    @pytest.mark.parametrize(("size", "theme"), [(WIDE, "b4-high-contrast"), (SMALL, "b4-dark")])
    def test_of_high_risk_with_a_finding(self, snap_compare, size, theme: str) -> None:
        async def opened(pilot) -> None:
            await opened_and_quiet(pilot, "n")

        assert snap_compare(asked(HIGH, SHORT, theme=theme), terminal_size=size, run_before=opened)

    @pytest.mark.parametrize("size", [WIDE, SMALL])
    def test_all_of_it_seen(self, snap_compare, size) -> None:
        assert snap_compare(asked(SHORT), terminal_size=size, run_before=opened_and_quiet)

    @pytest.mark.parametrize("size", [WIDE, SMALL])
    def test_that_stays_here(self, snap_compare, size) -> None:
        async def opened(pilot) -> None:
            await opened_and_quiet(pilot, "n")

        assert snap_compare(asked(STAYS), terminal_size=size, run_before=opened)

    def test_the_second_step_of_high_risk(self, snap_compare) -> None:
        async def opened(pilot) -> None:
            await settled(pilot)
            pilot.app.screen.catch_up()
            pilot.app.push_screen(typed_host(HIGH))
            await settled(pilot)
            for blink in pilot.app.screen.query("Input"):
                blink.cursor_blink = False
            pilot.app.clear_notifications()
            await settled(pilot)

        assert snap_compare(asked(HIGH), terminal_size=SMALL, run_before=opened)

    @pytest.mark.parametrize("size", [WIDE, SMALL])
    def test_grants(self, snap_compare, size) -> None:
        async def opened(pilot) -> None:
            await settled(pilot)
            await pilot.press("a", "f")
            await settled(pilot)

        assert snap_compare(asked(), terminal_size=size, run_before=opened)

    def test_a_grant_in_the_making(self, snap_compare) -> None:
        async def opened(pilot) -> None:
            await opened_and_quiet(pilot, "f")

        assert snap_compare(asked(SHORT), terminal_size=SMALL, run_before=opened)

    @pytest.mark.parametrize("size", [WIDE, SMALL])
    def test_on_the_dashboard(self, snap_compare, size) -> None:
        assert snap_compare(console(world=asked_world(LOW, HIGH)), terminal_size=size, run_before=quietened)


async def quietened(pilot) -> None:
    """What was told of arrivals is gone."""
    await settled(pilot)
    pilot.app.clear_notifications()
    await settled(pilot)


class TestHelp:
    def test_over_the_dashboard(self, snap_compare) -> None:
        assert snap_compare(console(), press=["question_mark"], terminal_size=WIDE, run_before=settled)
