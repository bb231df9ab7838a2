"""What the tests of agents share: sandboxes of this machine, a scripted engine, a hub, and a run ready to go."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from b4tui.agents.bubblewrap import Bubblewrap
from b4tui.agents.confined import Confined
from b4tui.agents.landlock import Landlock
from b4tui.agents.loop import Assignment, work
from b4tui.agents.outcome import Outcome
from b4tui.agents.profiles import AgentProfile
from b4tui.agents.sandbox import NoSandbox, Sandbox, prove
from b4tui.agents.tools import REGISTRY
from b4tui.agents.tools.base import Result, Workbench
from b4tui.agents.tools.calling import carry_out
from b4tui.agents.workfolder import WorkFolder
from b4tui.board.discover import open_hub
from b4tui.board.model import Bead, NewBead
from b4tui.board.store import BoardStore
from b4tui.board.stores import open_store
from b4tui.config import LimitsConfig, RoleConfig
from b4tui.engines.types import ChatRequest, Done, StreamEvent, ToolCall
from b4tui.events import Event, now

ALL_TOOLS = tuple(REGISTRY)


class ScriptedEngine:
    """Plays one list of stream events per question, keeps the questions, and knows whether a stream is open."""

    def __init__(self) -> None:
        self.answers: list[Sequence[StreamEvent | Callable[[], Any]]] = []
        self.requests: list[ChatRequest] = []
        self.open_streams = 0

    def calls(self, *calls: tuple[str, dict[str, Any]]) -> None:
        """The next answer makes these calls."""
        made = [ToolCall(f"c{len(self.answers)}-{index}", name, args) for index, (name, args) in enumerate(calls)]
        self.answers.append([*made, Done("stop")])

    async def chat(self, request: ChatRequest) -> AsyncGenerator[StreamEvent, None]:
        self.requests.append(request)
        self.open_streams += 1
        try:
            for item in self.answers[len(self.requests) - 1]:
                if callable(item):
                    await item()
                else:
                    yield item
        finally:
            self.open_streams -= 1


@dataclass
class World:
    """A run ready to go: change `assignment`, script `engine`, then `await run()`."""

    assignment: Assignment
    engine: ScriptedEngine
    store: BoardStore
    events: list[Event] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.assignment.folder.path

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def limit(self, **limits: Any) -> None:
        self.assignment = replace(self.assignment, limits=LimitsConfig(**limits))

    def role(self, **role: Any) -> None:
        profile = self.assignment.profile
        self.assignment = replace(self.assignment, profile=replace(profile, role=profile.role.model_copy(update=role)))

    async def run(self) -> Outcome:
        return await work(self.assignment, self.events.append)


@cache
def _proven(found: Sandbox) -> str:
    return prove(found)


def _sandboxes() -> dict[str, Sandbox | str]:
    older = Landlock.find()
    return {
        "bubblewrap": Bubblewrap.find(),
        "landlock": Landlock.find(),
        "landlock without scopes": older if isinstance(older, str) else Landlock(min(older.abi, 5)),
    }


@pytest.fixture(params=["bubblewrap", "landlock", "landlock without scopes"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """Every sandbox that this machine can offer."""
    found = _sandboxes()[request.param]
    if isinstance(found, str):
        pytest.skip(f"{request.param}: {found}")
    if failed := _proven(found):
        pytest.skip(f"{request.param} does not work on this machine: {failed}")
    return found


@pytest.fixture
def any_sandbox() -> Sandbox:
    """The first sandbox that works here."""
    for found in _sandboxes().values():
        if not isinstance(found, str) and not _proven(found):
            return found
    pytest.skip("no sandbox works on this machine")


@pytest.fixture
def hub(tmp_path: Path) -> Path:
    """A classic hub in a git repository."""
    root = tmp_path / "hub"
    (root / ".beads").mkdir(parents=True)
    (root / ".beads" / "issues.jsonl").touch()
    for command in (
        ["git", "init", "-q"],
        ["git", "config", "user.name", "tester"],
        ["git", "config", "user.email", "tester@example.invalid"],
        ["git", "add", "-A"],
        ["git", "commit", "-q", "-m", "a hub"],
    ):
        subprocess.run(command, cwd=root, check=True)
    return root


@pytest.fixture
def store(hub: Path) -> BoardStore:
    return open_store(open_hub(hub))


@pytest.fixture
def bead(store: BoardStore) -> Bead:
    return store.create(NewBead(title="Write a script", description="It prints hello."), "tester")


@pytest.fixture
def world(tmp_path: Path, store: BoardStore, bead: Bead) -> World:
    engine = ScriptedEngine()
    profile = AgentProfile(
        key="codemonkey",
        name="CodeMonkey",
        capabilities=("code_generation", "code_review"),
        tools=ALL_TOOLS,
        role_name="workhorse",
        role=RoleConfig(model="tiny"),
        workspace=tmp_path / "agents" / "codemonkey",
    )
    assignment = Assignment(
        run="run-1",
        bead=bead,
        profile=profile,
        chat=engine.chat,
        board=store,
        folder=WorkFolder.open(tmp_path / "state" / "work", bead.id),
        sandbox=NoSandbox("none was asked for"),
        limits=LimitsConfig(),
    )
    return World(assignment, engine, store)


@pytest.fixture
def bench(tmp_path: Path, world: World) -> Workbench:
    return Workbench(
        files=Confined(world.folder),
        sandbox=world.assignment.sandbox,
        board=world.store,
        bead=world.assignment.bead,
        actor="codemonkey",
        tools=ALL_TOOLS,
        limits=LimitsConfig(),
        output_chars=4000,
        clock=now,
        seconds_left=lambda: 60.0,
    )


@pytest.fixture
def call(bench: Workbench) -> Callable[..., Result]:
    """Call a tool as a model does: `call("read", path="a.txt")`."""

    def made(name: str, **arguments: Any) -> Result:
        return asyncio.run(carry_out(ToolCall("c1", name, arguments), REGISTRY, bench))

    return made
