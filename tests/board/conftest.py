"""What the board's tests share: a half of a Dolt hub, with a real program that stands in for bd."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from b4tui.board.classic import ClassicStore
from b4tui.board.discover import open_hub
from b4tui.board.dolt import DoltStore
from b4tui.board.model import BoardState, Hub, HubKind
from b4tui.board.reader import state_of


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
    """Wait until something is so, and fail when it has not come true after a minute."""

    def wait(true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not true():
            assert time.monotonic() < deadline, "it did not come true in a minute"
            time.sleep(0.01)

    return wait


@dataclass(frozen=True)
class ClassicHub:
    """A classic hub in a real git repository."""

    root: Path

    @property
    def file(self) -> Path:
        return self.root / ".beads/issues.jsonl"

    def store(self, **options: Any) -> ClassicStore:
        return ClassicStore(open_hub(self.root), **options)

    def put(self, data: bytes) -> None:
        """Make this the board, and commit it."""
        self.file.write_bytes(data)
        self.git("add", ".beads")
        self.git("commit", "-qm", "Board: given")

    def git(self, *arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True).stdout

    def committed(self) -> bytes:
        """The board as the log has it."""
        command = ["git", "show", "HEAD:.beads/issues.jsonl"]
        return subprocess.run(command, cwd=self.root, check=True, capture_output=True).stdout

    def subjects(self) -> list[str]:
        return self.git("log", "--format=%s").splitlines()


@pytest.fixture
def classic_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClassicHub:
    """An empty classic hub; git knows the user as Human."""
    (tmp_path / "gitconfig").write_text(
        "[user]\n\tname = Human\n\temail = human@example.com\n[init]\n\tdefaultBranch = main\n"
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in [name for name in os.environ if name.startswith(("GIT_AUTHOR", "GIT_COMMITTER"))]:
        monkeypatch.delenv(name)
    root = tmp_path / "hub"
    (root / ".beads").mkdir(parents=True)
    (root / ".beads/config.yaml").write_text("issue-prefix: hub\n")
    hub = ClassicHub(root)
    hub.git("init", "-q")
    hub.file.touch()
    hub.git("add", ".beads")
    hub.git("commit", "-qm", "Hub: begin")
    return hub


SHARED_BOARDS = Path(__file__).parents[2].parent / "shared/data/beads"


@pytest.fixture(scope="session")
def boards() -> Path:
    """The folder of real boards and golden answers of the real bd."""
    if not SHARED_BOARDS.is_dir():
        pytest.skip("the real boards (../shared/data/beads) are not on this machine")
    return SHARED_BOARDS


@pytest.fixture(scope="session")
def board_of() -> Callable[..., BoardState]:
    """Makes a board of rows (objects), bytes or a file; `kind` says whose rules hold."""

    def make(content: list[dict[str, Any]] | bytes | Path, kind: HubKind = HubKind.CLASSIC) -> BoardState:
        if isinstance(content, Path):
            content = content.read_bytes()
        elif isinstance(content, list):
            content = b"".join(json.dumps(row).encode() + b"\n" for row in content)
        return state_of(Hub(Path("hub"), Path("hub/.beads"), kind, Path("hub/.beads/issues.jsonl")), content)

    return make


@pytest.fixture
def dolt_hub(stand_in: StandIn) -> Hub:
    return Hub(stand_in.root, stand_in.beads_dir, HubKind.DOLT, None)


@pytest.fixture
def dolt_store(stand_in: StandIn, dolt_hub: Hub) -> DoltStore:
    stand_in.plan(list=[{"out": [{"id": "x-1", "title": "T"}, {"id": "x-2", "title": "T"}]}])
    return DoltStore(dolt_hub, environ=stand_in.environ, patience_s=20, clock=lambda: 1_800_000_000.0)
