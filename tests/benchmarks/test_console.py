"""The console's budgets: first paint, key to paint while agents stream, memory."""

import asyncio
import statistics
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest
from frozen_machines import TWO_GPUS
from frozen_world import HUB, NOW, WORLD, FrozenRuntime, bead, clock
from textual.events import Key

from b4tui.board.model import BoardState
from b4tui.config import TuiConfig
from b4tui.events import AgentState
from b4tui.runtime.snapshot import AgentView, Columns
from b4tui.runtime.transcript import Kind, Piece, Transcript
from b4tui.tui.app import Console

TUI_TESTS = Path(__file__).parent.parent / "tui"
AGENTS, RATE, SECONDS = 8, 100, 6


def world_of(count: int):
    beads = {f"hub-{n}": bead(f"hub-{n}", f"Bead number {n} of a large board", n % 5) for n in range(count)}
    ids = tuple(beads)
    quarter = count // 4
    columns = Columns(
        ready=ids[:quarter],
        working=ids[quarter : quarter + 8],
        blocked=ids[quarter + 8 : 2 * quarter],
        closed=ids[2 * quarter :],
    )
    board = BoardState(HUB, beads, version="1")
    return replace(WORLD, board=board, columns=columns, routes={}, blocked_by={}, attempts_spent=frozenset(), runs={})


async def first_paint(world) -> float:
    """Seconds from making the application until the cards are on the screen."""
    start = time.perf_counter()
    app = Console(FrozenRuntime(world), TuiConfig(bell=False), clock=clock)
    async with app.run_test(size=(160, 45)):
        await until(lambda: "hub-0" in _text(app))
        return time.perf_counter() - start


async def until(true) -> None:
    """Give the loop its turns until this is so."""
    end = time.perf_counter() + 30
    while not true():
        assert time.perf_counter() < end, "it never happened"
        await asyncio.sleep(0)


def _text(app: Console) -> str:
    strips = app.screen._compositor.render_strips() if app.screen_stack else []
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


@pytest.mark.parametrize("count", [10_000, 100_000])
def test_first_paint(benchmark, count: int) -> None:
    world = world_of(count)
    benchmark.pedantic(lambda: asyncio.run(first_paint(world)), rounds=5, warmup_rounds=1)
    assert benchmark.stats.stats.median < 1.0


class StreamingRuntime(FrozenRuntime):
    """Eight agents at work: every transcript gets tokens, and the snapshot a new revision eight times a second."""

    def __init__(self, world) -> None:
        beads = world.columns.working
        runs = {key: replace(WORLD.runs["hub-77c"], bead=key, run=f"run-{key}") for key in beads}
        agents = tuple(
            AgentView(key=f"a{n}", name=f"Agent {n}", state=AgentState.WORKING, model="m", bead=key)
            for n, key in enumerate(beads)
        )
        super().__init__(replace(world, runs=runs, agents=agents))
        self.transcripts = {key: Transcript() for key in beads}
        self.streamed = 0

    async def stream(self) -> None:
        start, revision = time.perf_counter(), 0
        while True:
            passed = time.perf_counter() - start
            while self.streamed < passed * RATE * AGENTS:
                told = list(self.transcripts.values())[self.streamed % AGENTS]
                told.add(Piece(Kind.TEXT, "word " if self.streamed % 97 else "line\n"))
                self.streamed += 1
            if int(passed * 8) > revision:
                revision = int(passed * 8)
                if revision % 8 == 0:
                    self.measure(revision // 8)
                rates = {
                    key: replace(run, tokens_per_s=80.0 + revision % 40) for key, run in self.snapshot.runs.items()
                }
                self.change(runs=rates)
            await asyncio.sleep(0.005)

    def measure(self, second: int) -> None:
        """A new sample of a machine with two cards, at the end of ten minutes of them; every figure is another."""
        newest = TWO_GPUS.machine
        gpus = tuple(
            replace(
                gpu, memory_used=gpu.memory_used + second * 10**8, utilisation=second % 100, temperature=60 + second
            )
            for gpu in newest.gpus
        )
        host = replace(newest.host, cpu=float(second % 100), memory_used=newest.host.memory_used + second * 10**8)
        sample = replace(newest, at=newest.at + timedelta(seconds=second), gpus=gpus, host=host)
        self.change(machine=sample, history=(*self.snapshot.history[1:], sample))


class Place(StrEnum):
    """Where the operator is, and so which keys move the cursor."""

    DASHBOARD = "dashboard"
    BEAD = "bead"
    MACHINE = "machine"


KEYS = {
    Place.DASHBOARD: ("down", "down", "up"),
    Place.BEAD: ("home", "end", "up"),
    Place.MACHINE: ("end", "home", "down"),
}


async def key_to_paint(place: Place) -> list[float]:
    """Seconds from a key's arrival until the changed lines were handed to the terminal, over `SECONDS`."""
    machine = ("machine", "history", "engines", "tokens")
    runtime = StreamingRuntime(replace(world_of(10_000), **{name: getattr(TWO_GPUS, name) for name in machine}))
    began = time.perf_counter()
    app = Console(runtime, TuiConfig(bell=False), clock=lambda: NOW + timedelta(seconds=time.perf_counter() - began))
    async with app.run_test(size=(160, 45)) as pilot:
        await pilot.pause()
        if place is Place.BEAD:
            app.open_bead(runtime.snapshot.columns.working[0])
            await pilot.pause()
        elif place is Place.MACHINE:
            app.action_machine()
            await until(lambda: app.focused is not None and "busiest" in _text(app))
        streaming = asyncio.create_task(runtime.stream())
        painted = asyncio.Event()
        display = app._display

        def shown(screen, renderable) -> None:
            display(screen, renderable)
            painted.set()

        app._display = shown
        times: list[float] = []
        keys = KEYS[place]
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            view = app.focused
            before = view.cursor
            start = time.perf_counter()
            app.post_message(Key(keys[len(times) % 3], None))
            await until(lambda view=view, before=before: view.cursor != before)
            painted.clear()
            await asyncio.wait_for(painted.wait(), 1)
            times.append(time.perf_counter() - start)
            await asyncio.sleep(0.03)
        streaming.cancel()
        assert runtime.streamed > 0.9 * RATE * AGENTS * SECONDS
    return times


@pytest.mark.parametrize("place", list(Place))
def test_key_to_paint_while_eight_agents_stream(benchmark, place: Place) -> None:
    times = benchmark.pedantic(lambda: asyncio.run(key_to_paint(place)), rounds=1)
    p95 = statistics.quantiles(times, n=20)[-1]
    benchmark.extra_info.update(
        keys=len(times), p50_ms=round(statistics.median(times) * 1000, 1), p95_ms=round(p95 * 1000, 1)
    )
    assert p95 < 0.050


MEMORY = """
import asyncio, sys
sys.path[:0] = [{here!r}, {tui!r}]
from test_console import world_of, first_paint
asyncio.run(first_paint(world_of({count})))
# Not ru_maxrss: a child inherits that from the process that forked it.
print(int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) // 1024)
"""


def test_memory_at_ten_thousand_beads(benchmark) -> None:
    program = MEMORY.format(here=str(Path(__file__).parent), tui=str(TUI_TESTS), count=10_000)

    def measured() -> int:
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        return int(done.stdout)

    megabytes = benchmark.pedantic(measured, rounds=1)
    benchmark.extra_info["rss_mb"] = megabytes
    assert megabytes < 150
