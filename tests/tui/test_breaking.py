"""What happens when a part of the console breaks: the rest goes on where it can, and no value is ever told."""

import pytest
from approving import approving, quiet, screen_text
from driving import strike
from frozen_approvals import LOW, AskedRuntime, BareConsole, Clocks, Desktop

from b4tui.config import TuiConfig
from b4tui.tui.screens.approvals import ApprovalsScreen

SECRET = "the words of a payload \x1b]0;owned\x07"


def breaks(*_arguments: object) -> None:
    private = SECRET
    raise RuntimeError(private)


def console() -> BareConsole:
    clocks = Clocks()
    return BareConsole(AskedRuntime(LOW), TuiConfig(bell=False), clock=clocks.wall, ticks=clocks.ticks)


def told(app: BareConsole) -> list[str]:
    return [one.message for one in app._notifications if one.severity == "error"]


async def test_a_screen_that_cannot_be_drawn_is_left_and_the_console_goes_on(until, monkeypatch) -> None:
    monkeypatch.setattr(ApprovalsScreen, "show", breaks)
    app = console()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await until(lambda: app.screen_stack and app.screen.drawable, "the first screen is there")
        await strike(pilot, "a")
        await until(lambda: told(app), "it is told")
        await until(lambda: isinstance(app.screen, Desktop), "back on the first screen")
        (notice,) = told(app)
        assert "RuntimeError" in notice
        assert "test_breaking.py" in notice
        assert "payload" not in notice


async def test_a_payload_that_cannot_be_read_can_only_be_denied(until, monkeypatch) -> None:
    async def fails(_id: str) -> None:
        breaks()

    runtime = AskedRuntime(LOW)
    monkeypatch.setattr(runtime, "payload", fails)
    async with approving(runtime=runtime, until=until) as (app, runtime, clocks, pilot):
        await quiet(app, clocks, until)
        assert "cannot be read (RuntimeError)" in screen_text(app)
        assert "words of a payload" not in screen_text(app)
        await strike(pilot, "A", "enter")
        assert [verb for verb, _ in runtime.operator.decisions] == ["deny"]


async def test_what_is_printed_when_the_console_closes_names_places_and_no_values(until, monkeypatch) -> None:
    monkeypatch.setattr(Desktop, "tick", breaks)
    app = console()
    said: list[str] = []
    monkeypatch.setattr(app, "panic", lambda *texts: said.extend(map(str, texts)) or app._close_messages_no_wait())
    with pytest.raises(RuntimeError):
        async with app.run_test(size=(100, 30)):
            await until(lambda: said, "it closes")
    assert "test_breaking.py" in said[0]
    assert "RuntimeError" in said[0]
    assert "words of a payload" not in "".join(said)
    assert "\x1b" not in "".join(said)
    assert app.return_code == 1
