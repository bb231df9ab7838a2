"""A simulated server whose models answer the questions of `models check`, and the command asked about it."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from b4tui.demo.catalog import MODELS
from b4tui.demo.script import Call, Script, Step
from b4tui.demo.server import SimulatedOllama
from tests.cli.conftest import Program
from tests.commands import Answer

NAME = "qwen3:8b"
OLD = next(model for model in MODELS if model.name == NAME)
NEW = OLD.made_anew()
KEPT = f"b4tui-kept/{NAME}"
RIGHT = {
    "instruction": Step(say="NORTH STREAM LANTERN"),
    "json": Step(say='{"host": "atlas-2", "down": true, "waiting": 14}'),
    "call": Step(calls=(Call(tool="read", path="docs/setup.md"),)),
    "summary": Step(say="Ice closes the harbour of Vestby to large ships every winter."),
    "function": Step(say="def mean(numbers):\n    return sum(numbers) / len(numbers) if numbers else 0.0"),
    "unknown": Step(say="UNKNOWN"),
}


def answers(model: str = "", **changes: Step) -> list[Script]:
    """A model that answers everything right, but for the changes; with `model` only that one's changes."""
    steps = changes if model else RIGHT | changes
    return [Script(bead=f"check-{name}", model=model, steps=(step,)) for name, step in steps.items()]


@pytest.fixture
def b4tui(b4tui_here: Program) -> Program:
    """There are many of these tests, and what a process adds is tested with other commands."""
    return b4tui_here


Asked = Callable[..., Awaitable[Answer]]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[SimulatedOllama]:
    """Every model of it answers right; the kept one says a thing or two in other words."""
    kept = answers(KEPT, summary=Step(say="Ice shuts the harbour of Vestby each winter."), call=Step(say="I cannot."))
    async with SimulatedOllama([*answers(), *kept], speed=math.inf) as running:
        yield running


@pytest.fixture
def models(b4tui: Program, server: SimulatedOllama) -> Asked:
    """`b4tui models ARGUMENTS` about that server."""

    async def ask(*arguments: str, **environment: str) -> Answer:
        environment = {"OLLAMA_HOST": server.address, **environment}
        return await asyncio.to_thread(b4tui, "models", *arguments, **environment)

    return ask


async def until(true: Callable[[], bool], what: str, seconds: float = 60.0) -> None:
    """Wait for a predicate; fail with words when it does not come true."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen within {seconds:g} s")
        await asyncio.sleep(0.02)


def row(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The one model of this name in a list."""
    (found,) = [model for engine in document["engines"] for model in engine["models"] if model["name"] == name]
    assert isinstance(found, dict)
    return found
