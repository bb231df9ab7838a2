"""A value that was found is on the screen of its payload, where it has to be judged, and in no other picture."""

from driving import settle, strike
from frozen_approvals import ASKED, HOME, STAYS, AskedRuntime, BareConsole, Clocks, approval, body_of, finding

from b4tui.config import TuiConfig
from b4tui.gate.types import FindingClass
from b4tui.tui.screens.approval import ApprovalScreen
from b4tui.tui.screens.dialogs import LineScreen

MAIL, ADDRESS = "anna@example.org", "10.0.3.17"
FOUND = approval(
    "ap-7", body_of(ASKED), findings=(finding(ASKED, MAIL, "mail-address", FindingClass.PERSONAL),), bead="hub-a1f"
)


async def test_what_was_found_is_in_no_picture_but_its_payloads(until) -> None:
    assert MAIL in ASKED and ADDRESS in HOME
    clocks = Clocks()
    app = BareConsole(AskedRuntime(STAYS, FOUND), TuiConfig(bell=False), clock=clocks.wall, ticks=clocks.ticks)

    def shown() -> bool:
        return any(value in app.export_screenshot() for value in (MAIL, ADDRESS))

    async with app.run_test(size=(160, 45), notifications=True) as pilot:
        await until(lambda: app.screen_stack and app.screen.drawable, "the first screen is there")
        assert not shown(), "the dashboard"
        for key in ("g", "L", "F", "a"):
            await strike(pilot, key)
            await settle(pilot)
            assert not shown(), f"the screen of {key}"
            if key != "a":
                await strike(pilot, "escape")
        app.push_screen(ApprovalScreen(STAYS.id))
        await until(lambda: isinstance(app.screen, ApprovalScreen) and app.screen.complete, "the payload is there")
        await until(shown, "the payload is shown as it is")
        await until(lambda: app.screen.arming.painted_at is not None, "it was painted")
        clocks.passed += 1
        app.screen.tick()
        await strike(pilot, "n", "m")
        await until(lambda: isinstance(app.screen, LineScreen), "is it public?")
        question = "".join(span.text for row in app.screen.query("#question").first().lines for span in row.left)
        assert ADDRESS not in question
