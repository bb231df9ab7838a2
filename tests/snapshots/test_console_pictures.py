"""How the console looks, per size and theme. After a wanted change: `pytest tests/snapshots --snapshot-update`."""

import pytest
from frozen_world import EMPTY, WORLD, FrozenRuntime, clock

from b4tui.config import TuiConfig
from b4tui.tui.app import Console

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


class TestHelp:
    def test_over_the_dashboard(self, snap_compare) -> None:
        assert snap_compare(console(), press=["question_mark"], terminal_size=WIDE, run_before=settled)
