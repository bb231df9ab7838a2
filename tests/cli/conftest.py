"""The program as its user runs it: a real process in a real folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Program = Callable[..., Answer]


@pytest.fixture
def b4tui(tmp_path: Path) -> Program:
    """Run `b4tui ARGUMENTS` in a folder (default: tmp_path), with a home of its own and no settings of this user."""

    def run(*arguments: str, cwd: Path = tmp_path, stdin: str | None = None, **environment: str) -> Answer:
        home = tmp_path / "home"
        home.mkdir(exist_ok=True)
        clean = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
        answer = subprocess.run(
            [sys.executable, "-m", "b4tui", *arguments],
            cwd=cwd,
            env=clean | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return Answer(answer.returncode, answer.stdout, answer.stderr)

    return run


@pytest.fixture
def hub(b4tui: Program, tmp_path: Path) -> Path:
    """A fresh hub."""
    path = tmp_path / "hub"
    assert b4tui("init", str(path), "--prefix", "x").code == 0
    return path
