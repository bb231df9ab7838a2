"""Make docs/console.svg: the console on the demo's hub, with its simulated models, at a moment when all are at work.

    python tools/screenshot.py [FILE] [--width 160] [--height 42] [--theme b4-dark]

Scripts, titles and order are the demo's and the same each time; clock, rates and the host's figures are of the moment.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import time
from collections.abc import Callable
from pathlib import Path

from b4tui.board.discover import open_hub
from b4tui.config import TuiConfig
from b4tui.demo.run import demo_world
from b4tui.escalation.guard import EgressGuard
from b4tui.events import AgentState
from b4tui.runtime.opening import open_runtime
from b4tui.runtime.snapshot import Snapshot
from b4tui.telemetry.sampler import Sampler
from b4tui.tui.app import Console
from b4tui.tui.cards import speed
from b4tui.tui.widgets.machine_panel import at_work

SPEED = 1.5
CLOSED = 8
"""Beads that are closed when the picture is taken."""
CELL = 12.2
"""Width of a cell in the SVG that Textual writes."""
FONT = "ui-monospace, 'SFMono-Regular', Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def worth_a_picture(snapshot: Snapshot) -> bool:
    """Some beads done, every agent has one in hand, one is heard, and one asks whether something may leave."""
    busy = [view for view in snapshot.agents if view.state in (AgentState.WORKING, AgentState.WAITING)]
    heard = [view for view in at_work(snapshot) if speed(snapshot, view.bead)]
    tools = [run for run in snapshot.runs.values() if run.outcome is None and run.last_tool]
    done = len(snapshot.columns.closed) >= CLOSED
    asks = bool(snapshot.outward.pending)
    return done and asks and len(busy) == len(snapshot.agents) and len(heard) >= 1 and len(tools) >= 2


def self_contained(svg: str) -> str:
    """The picture without fonts from elsewhere, and with every text placed by its own position alone.

    Not every viewer keeps the blanks that a text begins with, so they become a place further right.
    """

    def moved(match: re.Match[str]) -> str:
        before, x, between, blanks, rest = match.groups()
        return f'<text{before} x="{float(x) + len(blanks) // len("&#160;") * CELL:g}"{between}>{rest}</text>'

    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family:\s*[^;]+;", f"font-family: {FONT};", svg)
    svg = re.sub(r'<text([^>]*?) x="([\d.]+)"([^>]*)>((?:&#160;)+)([^<]*)</text>', moved, svg)
    svg = re.sub(r"<text[^>]*></text>\n?", "", svg)
    return re.sub(r' textLength="[\d.]+"', "", svg)


async def until(true: Callable[[], bool], within_s: float = 180.0) -> None:
    """Poll until this is so."""
    end = time.monotonic() + within_s
    while not true():
        if time.monotonic() > end:
            raise SystemExit("the demo never came to a moment worth a picture")
        await asyncio.sleep(0.05)


async def picture(width: int, height: int, theme: str) -> str:
    """The SVG."""
    guard = EgressGuard()
    guard.install()
    async with demo_world(speed=SPEED, cloud=True, guard=guard) as world:
        runtime = open_runtime(
            world.settings,
            open_hub(world.hub),
            simulated=True,
            pins=world.pins,
            around=world.around,
            sampler=Sampler(1.0, gpu=True),
        )
        app = Console(runtime, TuiConfig(theme=theme, bell=False))
        async with app.run_test(size=(width, height)) as pilot:
            await until(lambda: worth_a_picture(runtime.snapshot))
            await pilot.press("2", "home")
            await pilot.pause()
            return self_contained(app.export_screenshot(title="b4tui demo"))


def main() -> None:
    """Read the arguments and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("file", nargs="?", type=Path, default=Path(__file__).parent.parent / "docs" / "console.svg")
    parser.add_argument("--width", type=int, default=160)
    parser.add_argument("--height", type=int, default=42)
    parser.add_argument("--theme", default="b4-dark")
    chosen = parser.parse_args()
    svg = asyncio.run(picture(chosen.width, chosen.height, chosen.theme))
    chosen.file.parent.mkdir(parents=True, exist_ok=True)
    chosen.file.write_text(svg, encoding="utf-8")
    print(f"wrote {chosen.file} ({len(svg) // 1024} kB)")


if __name__ == "__main__":
    main()
