"""An approval that is open, and the way to read it: what the tests of the approval's screen share."""

import asyncio
from contextlib import asynccontextmanager

from driving import strike
from frozen_approvals import AskedRuntime, BareConsole, Clocks

from b4tui.config import TuiConfig
from b4tui.tui.screens.approval import ApprovalScreen

SIZE = (80, 24)


def screen_text(app) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


@asynccontextmanager
async def approving(*approvals, size=SIZE, runtime=None, notifications=False, until):
    """A console with the first of these approvals open, painted, and not a moment of quiet so far."""
    runtime = runtime or AskedRuntime(*approvals)
    clocks = Clocks()
    app = BareConsole(runtime, TuiConfig(bell=False), clock=clocks.wall, ticks=clocks.ticks)
    runtime.operator.now = clocks.wall
    async with app.run_test(size=size, notifications=notifications) as pilot:
        await until(lambda: app.screen_stack and app.screen.drawable, "the first screen is there")
        app.push_screen(ApprovalScreen(runtime.snapshot.outward.approvals[0].id))
        await until(lambda: isinstance(app.screen, ApprovalScreen) and app.screen.complete, "the payload is there")
        await painted(app, until)
        yield app, runtime, clocks, pilot


async def painted(app, until) -> None:
    await until(lambda: app.screen.arming.painted_at is not None, "it was painted")


async def quiet(app, clocks, until, seconds: float = 0.7) -> None:
    await painted(app, until)
    clocks.passed += seconds
    app.screen.tick()
    await asyncio.sleep(0)


async def read_all(app, pilot, until) -> None:
    for _ in range(40):
        if app.screen.view.seen.whole:
            return
        await strike(pilot, "space")
    raise AssertionError("it cannot be read to the end")
