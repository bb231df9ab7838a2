"""The wheel is whole: installed into a fresh environment with what it asks for, it runs from any folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = out.glob("*.whl")
    return built


def test_it_holds_styles_settings_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "b4tui/config.toml" in names
    assert any(name.startswith("b4tui/styles/") and name.endswith(".tcss") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "tools/"))]


def asked_for(name: str, extras: tuple[str, ...] = (), known: dict[str, Distribution] | None = None) -> set[str]:
    """The top-level files and folders of all that a distribution asks for, as it is installed here."""
    known = {} if known is None else known
    if name in known:
        return set()
    known[name] = distribution(name)
    files: set[str] = set()
    for wanted in map(Requirement, known[name].requires or ()):
        if wanted.marker is None or any(wanted.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            files |= asked_for(wanted.name, tuple(wanted.extras), known)
            files |= {file.parts[0] for file in known[wanted.name].files or () if file.parts[0] != ".."}
    return files - {"__pycache__"}


def test_installed_into_a_fresh_environment_it_runs_the_demo_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    """What it asks for is lent by this environment, and nothing else: no registry has to answer, and none is asked."""
    home = tmp_path / "environment"
    venv.create(home)
    install = [sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install", "--quiet", "--no-compile"]
    subprocess.run([*install, "--no-index", "--no-deps", wheel], check=True, capture_output=True, timeout=110)
    (packages,) = home.glob("lib/python*/site-packages")
    here = Path(str(distribution("textual").locate_file("")))
    for name in asked_for("b4tui"):
        (packages / name).symlink_to(here / name)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    answer = subprocess.run(
        [home / "bin" / "b4tui", "demo", "--headless", "--json", "--speed", "1000"],
        cwd=elsewhere,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    events = [json.loads(line) for line in answer.stdout.splitlines()]
    assert events[0]["event"] == "runtime_started"
    assert events[0]["simulated"] is True
    assert sum(event["event"] == "bead_closed" for event in events) >= 15
    assert list(elsewhere.iterdir()) == []
