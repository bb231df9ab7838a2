"""The console on the real runtime: the demo's hub, the simulated model server, real HTTP, real git."""

from driving import strike

from b4tui.board.discover import open_hub
from b4tui.board.stores import open_store
from b4tui.config import TuiConfig
from b4tui.demo.run import demo_world
from b4tui.engines.opening import open_engines
from b4tui.runtime.runtime import Runtime
from b4tui.telemetry.sampler import Sampler
from b4tui.tui.app import Console
from b4tui.tui.screens.bead import BeadScreen
from b4tui.tui.widgets.stream_pane import StreamPane


def screen_text(app: Console) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


async def test_agents_are_seen_at_work_and_a_bead_to_its_end(until) -> None:
    async with demo_world(speed=20) as world:
        runtime = Runtime(
            world.settings,
            open_store(open_hub(world.hub)),
            open_engines(world.settings, pins=world.pins),
            simulated=True,
            sampler=Sampler(0.2, gpu=True),
        )
        app = Console(runtime, TuiConfig(bell=False))
        async with app.run_test(size=(160, 45)) as pilot:
            await until(lambda: " SIMULATED " in screen_text(app), "the header says that models are simulated")
            await until(lambda: runtime.snapshot.runs, "an agent is at work")
            bead = next(iter(runtime.snapshot.runs))
            app.open_bead(bead)
            await until(lambda: isinstance(app.screen, BeadScreen) and app.screen.drawable, "the bead is open")
            await until(lambda: app.screen.query_one(StreamPane).stream.blocks, "its agent is heard")
            await until(lambda: runtime.snapshot.runs[bead].outcome is not None, "its run ends")
            for key, wanted in (("5", "IN GIT"), ("6", "WHOSE?"), ("3", "+")):
                await strike(pilot, key)
                await until(lambda wanted=wanted: wanted in screen_text(app), f"{wanted} is shown")
            await strike(pilot, "escape", "p")
            await until(lambda: "paused" in screen_text(app), "the agents are paused")
        assert not any(view.bead for view in runtime.snapshot.agents)
