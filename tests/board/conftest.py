"""What the board's tests share: a half of a Dolt hub, with a real program that stands in for bd."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class StandIn:
    """A program that does what its plan says, and the hub it is called for (see bd_stand_in.py)."""

    program: Path
    root: Path

    @property
    def beads_dir(self) -> Path:
        return self.root / ".beads"

    @property
    def manifest(self) -> Path:
        return self.beads_dir / "embeddeddolt/x/.dolt/noms/manifest"

    @property
    def environ(self) -> dict[str, str]:
        return {**os.environ, "BD_BIN": str(self.program)}

    def plan(self, **steps: list[dict[str, Any]]) -> None:
        """Set what the verbs do; `update__claim` stands for `update --claim`, other verbs keep their step."""
        path = self.program.parent / "plan.json"
        now = json.loads(path.read_text()) if path.exists() else {}
        path.write_text(json.dumps({**now, **{verb.replace("__", " --"): todo for verb, todo in steps.items()}}))

    def calls(self, verb: str = "") -> list[dict[str, Any]]:
        """The calls so far, in order."""
        log = self.program.parent / "calls.jsonl"
        found = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [call for call in found if verb in ("", call["verb"])]


@pytest.fixture
def stand_in(tmp_path: Path) -> StandIn:
    """A fresh stand-in whose `version` is 1.0.5 and whose `list` is empty."""
    here = tmp_path / "bin"
    here.mkdir()
    program = here / "bd"
    script = (Path(__file__).parent / "bd_stand_in.py").read_text()
    program.write_text(f"#!{sys.executable} -IS\n{script}")
    program.chmod(0o755)
    made = StandIn(program, tmp_path / "hub")
    made.manifest.parent.mkdir(parents=True)
    made.manifest.write_text("5:__DOLT__:one")
    (here / "manifest-path").write_text(str(made.manifest))
    metadata = {"database": "dolt", "backend": "dolt", "dolt_mode": "embedded", "dolt_database": "x"}
    (made.beads_dir / "metadata.json").write_text(json.dumps(metadata))
    made.plan(version=[{"out": {"version": "1.0.5"}}], list=[{"out": []}])
    return made


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Wait until something is so, and fail when it has not come true after ten seconds."""

    def wait(true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not true():
            assert time.monotonic() < deadline, "it did not come true in ten seconds"
            time.sleep(0.01)

    return wait
