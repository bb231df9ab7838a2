"""The program as its user runs it: a real process in a real folder."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from tests.commands import Answer, run_here

Program = Callable[..., Answer]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A home of its own, and no settings of this user."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}


@pytest.fixture
def b4tui(tmp_path: Path, environment: dict[str, str]) -> Program:
    """Run `b4tui ARGUMENTS` in a folder (default: tmp_path) and wait for its end."""

    def run(*arguments: str, cwd: Path = tmp_path, stdin: str | None = None, **more: str) -> Answer:
        answer = subprocess.run(
            [sys.executable, "-m", "b4tui", *arguments],
            cwd=cwd,
            env=environment | more,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Answer(answer.returncode, answer.stdout, answer.stderr)

    return run


@pytest.fixture
def b4tui_here(tmp_path: Path, environment: dict[str, str]) -> Program:
    """Run `b4tui ARGUMENTS` in this process, in a folder (default: tmp_path)."""

    def run(*arguments: str, cwd: Path = tmp_path, stdin: str | None = None, **more: str) -> Answer:
        return run_here(arguments, cwd, environment | more, stdin)

    return run


def _hear_interrupts() -> None:
    """Tests that a shell started in the background, or with nohup, inherit that these are ignored."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


Starter = Callable[..., Awaitable[asyncio.subprocess.Process]]


@pytest_asyncio.fixture
async def start(environment: dict[str, str]) -> AsyncIterator[Starter]:
    """Start `b4tui ARGUMENTS` in a folder, with pipes, and go on; whatever still runs at the end is killed."""
    started: list[asyncio.subprocess.Process] = []

    async def begin(*arguments: str, cwd: Path, **more: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "b4tui", *arguments)
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=cwd,
            env=environment | more,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=pipe,
            stderr=pipe,
            preexec_fn=_hear_interrupts,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
def hub(b4tui_here: Program, tmp_path: Path) -> Path:
    """A fresh hub."""
    path = tmp_path / "hub"
    assert b4tui_here("init", str(path), "--prefix", "x").code == 0
    return path
