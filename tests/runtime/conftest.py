"""A small world for the runtime: a real git hub, the simulated Ollama over real HTTP, short waits."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from b4tui.board.discover import open_hub
from b4tui.board.model import Bead
from b4tui.board.store import BoardStore
from b4tui.board.stores import open_store
from b4tui.config import Settings, load
from b4tui.demo.script import Call, Script, Step
from b4tui.demo.server import SimulatedOllama
from b4tui.engines.interface import Engine
from b4tui.engines.opening import open_engines
from b4tui.events import Event, event_name
from b4tui.runtime.end_bounds import EndBounds
from b4tui.runtime.runtime import Runtime

CREATED = "2026-01-02T03:04:05Z"


def row(bead_id: str, title: str, **more: Any) -> dict[str, Any]:
    """A row as a classic tracker writes it."""
    return {
        "id": bead_id,
        "title": title,
        "status": "open",
        "priority": 2,
        "issue_type": "task",
        "created_at": CREATED,
        "updated_at": CREATED,
        **more,
    }


def script(bead_id: str, *steps: Step) -> Script:
    """The model writes a file and finishes, unless other steps are given."""
    usual = (
        Step(say="I write it.", calls=(Call(tool="write", path="done.txt", content=f"{bead_id}\n"),)),
        Step(calls=(Call(tool="finish", summary=f"wrote {bead_id}", evidence="done.txt has one line"),)),
    )
    return Script(bead=bead_id, steps=steps or usual)


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it says."""
    command = ["git", "-c", "user.name=test", "-c", "user.email=test@test.invalid", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def make_hub(folder: Path, rows: list[dict[str, Any]]) -> Path:
    """A git repository with a classic board of these rows."""
    (folder / ".beads").mkdir(parents=True)
    lines = [json.dumps(item, separators=(",", ":")) + "\n" for item in sorted(rows, key=lambda item: item["id"])]
    (folder / ".beads" / "issues.jsonl").write_text("".join(lines), encoding="utf-8")
    git(folder, "init", "--quiet", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "the board")
    return folder


@dataclass
class World:
    """A hub and a server, and runtimes on them that end with the test."""

    hub: Path
    server: SimulatedOllama
    settings: Settings
    events: list[Event] = field(default_factory=list)
    runtimes: list[Runtime] = field(default_factory=list)
    engines: list[Engine] = field(default_factory=list)

    def store(self) -> BoardStore:
        """A store of its own on the hub."""
        return open_store(open_hub(self.hub))

    def bead(self, bead_id: str) -> Bead:
        """The bead as the file has it now."""
        return self.store().load().beads[bead_id]

    def commits(self, bead_id: str) -> list[str]:
        """The subjects of the commits that name the bead, oldest first."""
        return [line for line in git(self.hub, "log", "--reverse", "--format=%s").splitlines() if bead_id in line]

    def runtime(self, store: BoardStore | None = None, **options: Any) -> Runtime:
        """A runtime whose events are kept in `events`."""
        engines = open_engines(self.settings, {})
        self.engines += engines.values()
        options = {"ending": PATIENT, **options}
        runtime = Runtime(self.settings, store or self.store(), engines, simulated=True, **options)
        runtime.subscribe(self.events.append)
        self.runtimes.append(runtime)
        return runtime

    async def run_until_idle(self, **options: Any) -> Runtime:
        """A runtime that worked until nothing was left, and is stopped."""
        runtime = self.runtime(**options)
        await runtime.start()
        await self.idle(runtime)
        await runtime.stop("nothing is left to do")
        return runtime

    async def idle(self, runtime: Runtime) -> None:
        """Wait until nothing is left that a runtime may do."""
        await asyncio.wait_for(runtime.until_idle(), 60)

    def told(self, *names: str) -> list[Event]:
        """The events of these names, in order."""
        return [event for event in self.events if event_name(event) in names]

    async def until(self, true: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
        """Wait for a predicate; fail with words when it does not come true."""
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                pytest.fail(f"{what}: not within {seconds:g} s; the last events were {self.events[-8:]}")
            await asyncio.sleep(0.01)


# A test that ends a runtime is about what is left behind; how many seconds git takes on a busy machine is not.
PATIENT = EndBounds(good_order_s=30.0, last_moments_s=10.0)
SHORT_POLL = {"interval_s": 0.2, "max_interval_s": 1.0, "engine_backoff_s": 0.05}


def settings_for(address: str, overrides: Mapping[str, Any] | None = None) -> Settings:
    """The built-in settings with short waits, every engine at this address."""
    tree: dict[str, Any] = {
        "engines": {"ollama": {"address": address, "slots": 3, "connect_timeout_s": 20.0}},
        "policy": {"poll": SHORT_POLL},
    }
    for section, values in (overrides or {}).items():
        tree[section] = {**tree.get(section, {}), **values}
    return load(use_user_file=False, overrides=tree)


@pytest_asyncio.fixture
async def make_world(tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Make a world: `await make_world(rows, scripts, speed=0, overrides={...})`."""
    worlds: list[World] = []

    async def make(
        rows: list[dict[str, Any]],
        scripts: tuple[Script, ...] | None = None,
        *,
        speed: float = 0,
        overrides: Mapping[str, Any] | None = None,
    ) -> World:
        chosen = tuple(script(item["id"]) for item in rows) if scripts is None else scripts
        server = SimulatedOllama(chosen, speed=speed)
        await server.up()
        hub = make_hub(tmp_path / f"hub{len(worlds)}", rows)
        world = World(hub, server, settings_for(server.address, overrides))
        worlds.append(world)
        return world

    yield make
    for world in worlds:
        for runtime in world.runtimes:
            await runtime.stop("the test is over")
        for engine in world.engines:
            await engine.aclose()
        await world.server.down()


@pytest.fixture
def a_row() -> Callable[..., dict[str, Any]]:
    """Make a row of a board: `a_row("w-1", "Fix it", status="closed")`."""
    return row


@pytest.fixture
def a_script() -> Callable[..., Script]:
    """Make a script: `a_script("w-1")`, or with steps of its own."""
    return script
